from pathlib import Path

import pytest

from app.settings import ENV_PREFIX, Settings, parse_arguments

NAMES = [
    "host",
    "port",
    "models",
    "default_model",
    "threads",
    "max_body_bytes",
    "max_characters",
    "max_batch_items",
    "max_waiting_items",
    "max_waiting_words",
    "max_batch_rows",
    "max_batch_cells",
    "deadline_s",
    "body_timeout_s",
    "ready_window_s",
    "drain_s",
    "stop_timeout_s",
    "log_level",
    "max_connections",
    "head_timeout_s",
    "keep_alive_s",
    "answer_timeout_s",
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
