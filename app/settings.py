"""Every setting of the service: one table for environment variables, flags and their help."""

import argparse
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.access.hosts import AllowedHosts
from app.access.keys import KeyRing, read_keys, refuse_shared
from app.access.origins import AllowedOrigins
from app.access.proxies import TrustedProxies
from app.cores import available_cores
from app.rasa_names import AS_THEY_ARE, RasaNames, read_names

ENV_PREFIX = "SLOTLINE_"
SHIPPED_MODELS = Path(str(files("model"))) / "artifacts"
SHIPPED_READER = Path(str(files("model"))) / "readers" / "values"
OFF: Literal["off"] = "off"


class Settings(BaseSettings):
    """A flag goes before its environment variable, the variable before the default."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        extra="ignore",
        frozen=True,
        validate_default=True,
        hide_input_in_errors=True,  # somebody may have put a key where its hash belongs
    )

    host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 for every interface")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 takes a free one and prints it")
    models: Path = Field(SHIPPED_MODELS, description="directory of artefact directories, or one artefact directory")
    default_model: str | None = Field(None, description="model of requests that name none; default: the only one loaded, or 'booking'")
    values: Literal["off"] | Path | None = Field(
        None, description="artefact directory of the reader of values, or `off`: slots mean their words; default: the shipped one"
    )
    gazetteer: Path | None = Field(
        None, description="CSV file of places in the form of `model/values/places.csv`; of one name they go before the shipped ones"
    )
    values_cache: int = Field(8_192, ge=0, description="phrases whose values are kept, for the same ones come again and again; 0: none")
    threads: int = Field(
        1, ge=0, le=256, description="threads of onnxruntime for one batch; 0: a worker's share of the cores that the container may use"
    )
    max_body_bytes: int = Field(1_048_576, ge=1_024, description="largest request body, bytes")
    max_characters: int = Field(2_000, ge=1, description="longest text, characters")
    max_batch_items: int = Field(128, ge=1, description="most items of one batch request")
    max_waiting_items: int = Field(2_048, ge=1, description="most utterances that may wait for a model; above it: 503")
    max_waiting_words: int = Field(32_768, ge=1, description="most words that may wait for a model; above it: 503")
    max_wait_s: float = Field(0.5, gt=0, description="seconds that an utterance may be expected to wait for a model; above it: 503")
    max_batch_rows: int = Field(64, ge=1, description="most utterances that go through a model at once")
    max_batch_cells: int = Field(1_024, ge=1, description="most words, padding included, that go through a model at once")
    batch_timeout_s: float = Field(
        5.0, gt=0, description="seconds after which a batch that has not come back counts as hung: not ready, 503"
    )
    deadline_s: float = Field(5.0, gt=0, description="seconds until a request that still waits is answered 504")
    body_timeout_s: float = Field(10.0, gt=0, description="seconds for a request's body to arrive")
    ready_window_s: float = Field(10.0, gt=0, description="seconds for which a finished forward pass counts as proof of readiness")
    drain_s: float = Field(1.0, ge=0, description="seconds between SIGTERM (ready turns 503) and the end of listening")
    stop_timeout_s: int = Field(25, ge=1, description="seconds that requests in flight have to finish once listening has ended")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least severe message that is logged")
    log_format: Literal["text", "json"] = Field("text", description="text for people, json for machines; the container image sets json")
    access_log: Literal["off", "failures", "all"] = Field(
        "failures", description="which requests are logged; failures: those answered 5xx, but for the 503 of an overload"
    )
    log_utterances: bool = Field(False, description="log what users wrote: bodies in the access log, messages of exceptions; for debugging")
    tracing: bool = Field(
        False, description="send OpenTelemetry spans (needs slotline[otel]); OTEL_EXPORTER_OTLP_ENDPOINT switches it on as well"
    )

    api_keys: SecretStr | None = Field(
        None, description="keys of the API as name:digest, separated by commas or spaces; `python -m app.access NAME` makes one"
    )
    api_keys_file: Path | None = Field(None, description="file with more of them; with neither, the API is open to everyone")
    admin_keys: SecretStr | None = Field(None, description="keys of /v1/admin/, in the form of api_keys; they open nothing else")
    admin_keys_file: Path | None = Field(None, description="file with more of them; with neither, /v1/admin/ is off")
    metrics_need_key: bool = Field(False, description="whether /metrics asks for an API key; health never does")
    rate_limit: float | None = Field(
        None,
        ge=0.001,
        le=1e6,
        allow_inf_nan=False,
        description="requests per second of one API key, or of one address while there are no keys; a batch counts as one request. "
        "Worker processes do not share their counts, so each takes its part of this limit. Default: no limit",
    )
    rate_burst: int | None = Field(
        None, ge=1, le=1_000_000, description="requests that may come at once within the rate limit; default: those of one second"
    )
    cors_origins: str | None = Field(
        None, description="web pages that may call the API, as https://shop.example.com, separated by commas or spaces; * for all"
    )
    cors_credentials: bool = Field(False, description="whether their browsers may send cookies, for a proxy that asks for them; not with *")
    allowed_hosts: str = Field(
        "*",
        description="host names that the service answers to, such as api.example.com and *.example.com, separated by commas or spaces; "
        "health and metrics answer to any",
    )
    trusted_proxies: str | None = Field(
        None, description="addresses and networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed"
    )

    rasa_door: bool = Field(True, description="whether /model/parse, /status and /version answer as Rasa Open Source does")
    rasa_names: Path | None = Field(
        None, description="TOML file: which entity, in which role, each slot is at Rasa's door, and what intents are called there"
    )
    inference_door: bool = Field(True, description="whether /v2 answers by the Open Inference Protocol, as Triton and KServe do")

    workers: int = Field(1, ge=1, le=256, description="processes that serve; more than one are watched by a supervisor")
    worker_timeout_s: float = Field(10.0, gt=0, description="seconds without a sign of life after which a worker process is replaced")

    max_connections: int = Field(4_096, ge=1, description="most open connections; one more is answered 503 and closed")
    head_timeout_s: float = Field(10.0, gt=0, description="seconds for the head of a request to arrive; above it: 408")
    keep_alive_s: float = Field(75.0, gt=0, description="seconds that a connection may idle; more than a load balancer before it keeps one")
    answer_timeout_s: float = Field(30.0, gt=0, description="seconds for a client to fetch its answer; above it its connection is cut")

    max_streams: int = Field(1_024, ge=1, description="most open streams (`/v1/stream`) of one process; one more is closed with 1013")
    stream_message_bytes: int = Field(65_536, ge=1_024, description="largest message of a stream, bytes; above it: closed with 1009")
    stream_idle_s: float = Field(300.0, gt=0, description="seconds without a message after which a stream is closed with 4408")
    stream_ping_s: float = Field(
        20.0, gt=0, description="how often a stream's client is pinged, and seconds that it may take to answer; above it: closed with 1011"
    )

    @model_validator(mode="after")
    def _queue_takes_a_batch(self) -> Self:
        if self.max_waiting_items < self.max_batch_items:
            raise ValueError(
                f"max_waiting_items ({self.max_waiting_items}) is less than max_batch_items ({self.max_batch_items}): "
                "a full batch request would never be admitted; raise the first or lower the second"
            )
        return self

    @model_validator(mode="after")
    def _access_is_well_formed(self) -> Self:
        api_keys = self.read_api_keys()
        refuse_shared(api_keys, self.read_admin_keys())
        if self.metrics_need_key and not api_keys:
            raise ValueError("metrics_need_key: there is no API key that would open /metrics; set api_keys too")
        AllowedOrigins(self.cors_origins, credentials=self.cors_credentials)
        AllowedHosts(self.allowed_hosts)
        TrustedProxies(self.trusted_proxies)
        return self

    @field_validator("rasa_names")
    @classmethod
    def _names_are_well_formed(cls, file: Path | None) -> Path | None:
        if file is not None:
            read_names(file)
        return file

    @model_validator(mode="after")
    def _threads_follow_the_quota(self) -> Self:
        if self.threads == 0:
            # The settings are frozen for everyone else.
            self.__dict__["threads"] = max(1, available_cores() // self.workers)
        return self

    def read_api_keys(self) -> KeyRing:
        """The API's keys, also those of the file. Raises ValueError."""
        return read_keys("api_keys", _revealed(self.api_keys), self.api_keys_file)

    def read_rasa_names(self) -> RasaNames:
        """What slots and intents are called at Rasa's door. Raises ValueError."""
        return AS_THEY_ARE if self.rasa_names is None else read_names(self.rasa_names)

    def read_admin_keys(self) -> KeyRing:
        """The keys of the administration, also those of the file. Raises ValueError."""
        return read_keys("admin_keys", _revealed(self.admin_keys), self.admin_keys_file)


def parse_arguments(arguments: Sequence[str]) -> Settings:
    """Settings from the command line, the environment and the defaults. Exits with status 2 and a message if one is wrong."""
    parser = _parser()
    given = {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        parser.error("; ".join(_explain(dict(entry)) for entry in error.errors(include_url=False)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m app", description="Serve the models of a directory.", allow_abbrev=False)
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f", default {field.default}"
        help_text = f"{field.description} [{ENV_PREFIX}{name.upper()}{default}]"
        parser.add_argument(f"--{name.replace('_', '-')}", dest=name, metavar="VALUE", help=help_text.replace("%", "%%"))
    return parser


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _explain(entry: dict[str, object]) -> str:
    location = entry["loc"]
    name = str(location[0]) if isinstance(location, tuple) and location else ""
    if not name:
        return str(entry["msg"])
    return f"--{name.replace('_', '-')} / {ENV_PREFIX}{name.upper()} = {entry['input']!r}: {entry['msg']}"
