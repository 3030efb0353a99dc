from pathlib import Path

import pytest
from pydantic import ValidationError

from app.access.keys import entry_of, make_key
from app.settings import ENV_PREFIX, Settings, parse_arguments

NAMES = [
    "host",
    "port",
    "models",
    "default_model",
    "values",
    "gazetteer",
    "values_cache",
    "threads",
    "max_body_bytes",
    "max_characters",
    "max_batch_items",
    "max_waiting_items",
    "max_waiting_words",
    "max_wait_s",
    "max_batch_rows",
    "max_batch_cells",
    "batch_timeout_s",
    "deadline_s",
    "body_timeout_s",
    "ready_window_s",
    "drain_s",
    "stop_timeout_s",
    "log_level",
    "log_format",
    "access_log",
    "log_utterances",
    "tracing",
    "api_keys",
    "api_keys_file",
    "admin_keys",
    "admin_keys_file",
    "metrics_need_key",
    "rate_limit",
    "rate_burst",
    "cors_origins",
    "cors_credentials",
    "allowed_hosts",
    "trusted_proxies",
    "rasa_door",
    "rasa_names",
    "inference_door",
    "workers",
    "worker_timeout_s",
    "max_connections",
    "head_timeout_s",
    "keep_alive_s",
    "answer_timeout_s",
    "max_streams",
    "stream_message_bytes",
    "stream_idle_s",
    "stream_ping_s",
]


def test_the_settings_are_these_and_change_only_on_purpose() -> None:
    assert list(Settings.model_fields) == NAMES


def test_a_flag_goes_before_its_variable_and_the_variable_before_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_arguments([]).port == 8000
    monkeypatch.setenv("SLOTLINE_PORT", "9000")
    assert parse_arguments([]).port == 9000
    assert parse_arguments(["--port", "0", "--models", "x"]).port == 0
    assert parse_arguments(["--models", "x"]).models == Path("x")


@pytest.mark.parametrize(
    "arguments", [["--port", "many"], ["--port", "70000"], ["--drain-s", "-1"], ["--max-waiting-items", "1"], ["--colour", "x"]]
)
def test_a_wrong_value_ends_with_a_message_that_names_it(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_arguments(arguments)
    assert caught.value.code == 2
    assert arguments[0].strip("-").replace("-", "_").split("_")[0] in capsys.readouterr().err


def test_help_names_every_flag_variable_and_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(["--help"])
    shown = "".join(capsys.readouterr().out.split())
    for name, field in Settings.model_fields.items():
        assert f"--{name.replace('_', '-')}" in shown
        assert f"{ENV_PREFIX}{name.upper()}" in shown
        assert field.default is None or "".join(str(field.default).split()) in shown


SECRET = make_key()
GOOD = entry_of("shop", "x")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--api-keys", SECRET], "api_keys: entry 1 "),
        (["--api-keys", f"{GOOD} bot:{SECRET}"], "api_keys: entry 2 "),
        (["--admin-keys", f"{GOOD},{GOOD}"], "admin_keys: two keys are named 'shop'"),
        (["--api-keys", GOOD, "--admin-keys", GOOD], "admin_keys: 'shop' is the API key 'shop' too"),
        (["--api-keys-file", "nowhere/keys"], "api_keys_file: nowhere/keys cannot be read"),
        (["--admin-keys-file", "tests"], "admin_keys_file: tests cannot be read"),
        (["--metrics-need-key", "true"], "metrics_need_key: "),
        (["--cors-origins", "https://a.example.com *", "--cors-credentials", "true"], "cors_origins: '*' with cors_credentials"),
        (["--cors-origins", "a.example.com"], "cors_origins: 'a.example.com'"),
        (["--allowed-hosts", "a/b"], "allowed_hosts: 'a/b'"),
        (["--trusted-proxies", "10.0.0.0/99"], "trusted_proxies: '10.0.0.0/99'"),
        (["--rate-limit", "0"], "SLOTLINE_RATE_LIMIT = '0'"),
        (["--rate-limit", "inf"], "SLOTLINE_RATE_LIMIT = 'inf'"),
        (["--rate-burst", "0"], "SLOTLINE_RATE_BURST = '0'"),
    ],
)
def test_a_wrong_setting_of_access_names_setting_and_entry_but_no_secret(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse_arguments(arguments)
    shown = capsys.readouterr().err
    assert caught.value.code == 2
    assert named in shown
    assert SECRET not in shown
    assert GOOD not in shown


def test_settings_that_are_shown_show_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLOTLINE_API_KEYS", GOOD)
    assert GOOD[5:] not in repr(Settings()) + str(Settings())
    monkeypatch.setenv("SLOTLINE_API_KEYS", SECRET)
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert SECRET not in str(caught.value)


def test_an_empty_list_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API_KEYS", "ADMIN_KEYS", "CORS_ORIGINS", "TRUSTED_PROXIES"):
        monkeypatch.setenv(ENV_PREFIX + name, "")
    assert not parse_arguments([]).read_api_keys()
