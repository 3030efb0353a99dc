"""Every setting of the service: one table for environment variables, flags and their help."""

import argparse
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_PREFIX = "SLOTLINE_"
SHIPPED_MODELS = Path(str(files("model"))) / "artifacts"


class Settings(BaseSettings):
    """A flag goes before its environment variable, the variable before the default."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, extra="ignore", frozen=True, validate_default=True)

    host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 for every interface")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 takes a free one and prints it")
    models: Path = Field(SHIPPED_MODELS, description="directory of artefact directories, or one artefact directory")
    default_model: str | None = Field(None, description="model of requests that name none; default: the only one loaded, or 'booking'")
    threads: int = Field(1, ge=1, le=256, description="threads of onnxruntime for one batch")
    max_body_bytes: int = Field(1_048_576, ge=1_024, description="largest request body, bytes")
    max_characters: int = Field(2_000, ge=1, description="longest text, characters")
    max_batch_items: int = Field(128, ge=1, description="most items of one batch request")
    max_waiting_items: int = Field(2_048, ge=1, description="most utterances that may wait for a model; above it: 503")
    max_waiting_words: int = Field(32_768, ge=1, description="most words that may wait for a model; above it: 503")
    max_batch_rows: int = Field(64, ge=1, description="most utterances that go through a model at once")
    max_batch_cells: int = Field(1_024, ge=1, description="most words, padding included, that go through a model at once")
    deadline_s: float = Field(5.0, gt=0, description="seconds until a request that still waits is answered 504")
    body_timeout_s: float = Field(10.0, gt=0, description="seconds for a request's body to arrive")
    ready_window_s: float = Field(10.0, gt=0, description="seconds for which a finished forward pass counts as proof of readiness")
    drain_s: float = Field(1.0, ge=0, description="seconds between SIGTERM (ready turns 503) and the end of listening")
    stop_timeout_s: int = Field(25, ge=1, description="seconds that requests in flight have to finish once listening has ended")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least severe message that is logged")

    max_connections: int = Field(4_096, ge=1, description="most open connections; one more is answered 503 and closed")
    head_timeout_s: float = Field(10.0, gt=0, description="seconds for the head of a request to arrive; above it: 408")
    keep_alive_s: float = Field(75.0, gt=0, description="seconds that a connection may idle; more than a load balancer before it keeps one")
    answer_timeout_s: float = Field(30.0, gt=0, description="seconds for a client to fetch its answer; above it its connection is cut")

    @model_validator(mode="after")
    def _queue_takes_a_batch(self) -> Self:
        if self.max_waiting_items < self.max_batch_items:
            raise ValueError(
                f"max_waiting_items ({self.max_waiting_items}) is less than max_batch_items ({self.max_batch_items}): "
                "a full batch request would never be admitted; raise the first or lower the second"
            )
        return self


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


def _explain(entry: dict[str, object]) -> str:
    location = entry["loc"]
    name = str(location[0]) if isinstance(location, tuple) and location else ""
    if not name:
        return str(entry["msg"])
    return f"--{name.replace('_', '-')} / {ENV_PREFIX}{name.upper()} = {entry['input']!r}: {entry['msg']}"
