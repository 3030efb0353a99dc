import json
import logging
import os
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.access_log import MOST_BODY_BYTES, AccessLog
from app.logs import JsonFormatter, TextFormatter, _Formatter, announce
from app.settings import Settings
from tests.app.serving import serving
from tests.fakes import ErrorTagger

SECRET = "a table in Zanzibar"


def record(message: str = "something happened", *arguments: Any, **fields: Any) -> logging.LogRecord:
    return logging.getLogger("app.test").makeRecord("app.test", logging.INFO, __file__, 1, message, arguments, None, extra=fields)


def failed(error: BaseException) -> logging.LogRecord:
    try:
        raise error
    except BaseException:
        return logging.getLogger("app.test").makeRecord("app.test", logging.ERROR, __file__, 1, "it failed", (), sys.exc_info())


@given(st.text(), st.text())
def test_any_record_is_one_line_of_json(message: str, body: str) -> None:
    line = JsonFormatter(messages=False).format(record("%s", message, body=body))
    assert len(line.splitlines()) == 1
    assert line.isascii()
    entry = json.loads(line)
    assert (entry["message"], entry["body"], entry["level"], entry["logger"]) == (message, body, "info", "app.test")


def test_the_time_is_rfc_3339_in_utc() -> None:
    given = record()
    given.created = datetime(2026, 10, 20, 2, 0, 0, 5000, tzinfo=UTC).timestamp()
    assert json.loads(JsonFormatter(messages=False).format(given))["time"] == "2026-10-20T02:00:00.005Z"


def test_a_field_that_is_not_known_is_left_out() -> None:
    entry = json.loads(JsonFormatter(messages=False).format(record(route="/v1/parse", caller=None)))
    assert entry["route"] == "/v1/parse"
    assert "caller" not in entry
    assert "traceback" not in entry


@pytest.mark.parametrize("formatter", [JsonFormatter, TextFormatter])
def test_an_exception_is_logged_with_its_type_and_place_and_without_its_message(formatter: type[_Formatter]) -> None:
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as cause:
            raise ExceptionGroup(SECRET, [ValueError(SECRET), OSError(SECRET)]) from cause
    except ExceptionGroup as error:
        shown = formatter(messages=False).format(failed(error))
    for name in ("KeyError", "ExceptionGroup", "ValueError", "OSError", "test_logs.py"):
        assert name in shown
    assert "Zanzibar" not in shown
    assert "Zanzibar" in formatter(messages=True).format(failed(ValueError(SECRET)))


def test_an_exception_that_is_its_own_cause_is_logged_once() -> None:
    error, other = ValueError("a"), KeyError("b")
    error.__cause__, other.__cause__ = other, error
    assert JsonFormatter(messages=False).format(failed(error)).count("builtins.ValueError") == 1


def test_what_asyncio_says_of_a_lost_exception_does_not_quote_it() -> None:
    lost = record(f"Task exception was never retrieved\nfuture: <Task exception=ValueError('{SECRET}')>")
    lost.name = "asyncio"
    assert json.loads(JsonFormatter(messages=False).format(lost))["message"] == "Task exception was never retrieved"


def test_text_is_a_line_for_people() -> None:
    line = TextFormatter(messages=False).format(record("hello", status=200, request_id="x"))
    assert line.endswith(f' INFO app.test[{os.getpid()}]: hello request_id="x" status=200')


def access(records: list[logging.LogRecord]) -> list[logging.LogRecord]:
    return [entry for entry in records if entry.name == "app.access"]


@pytest.mark.anyio
@pytest.mark.parametrize(("setting", "statuses"), [("off", []), ("failures", [500]), ("all", [200, 422, 500])])
async def test_requests_are_logged_as_the_setting_says(caplog: pytest.LogCaptureFixture, setting: str, statuses: list[int]) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(ErrorTagger(), access_log=setting) as client:
        for text in ("from Oslo", " ", "poison"):
            await client.post("/v1/parse", json={"text": text}, headers={"X-Request-ID": "mine"})
    lines = access(caplog.records)
    assert [entry.status for entry in lines] == statuses
    for entry in lines:
        assert (entry.request_id, entry.route, entry.client) == ("mine", "/v1/parse", "127.0.0.1")
        assert entry.getMessage() == "POST /v1/parse"
        assert entry.duration_ms > 0
        assert not hasattr(entry, "body")


@pytest.mark.anyio
async def test_a_request_of_an_unknown_path_is_logged_without_the_path(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(access_log="all") as client:
        await client.get("/Zanzibar?text=Zanzibar")
    assert [entry.route for entry in access(caplog.records)] == ["(none)"]
    assert "Zanzibar" not in "".join(entry.getMessage() for entry in access(caplog.records))


@pytest.mark.anyio
async def test_bodies_are_logged_only_where_utterances_are_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(access_log="all", log_utterances=True) as client:
        await client.post("/v1/parse", json={"text": "from Zanzibar"})
        await client.post("/v1/parse", content=b"x" * 50_000, headers={"Content-Type": "application/json"})
    first, second = access(caplog.records)
    assert json.loads(first.body) == {"text": "from Zanzibar"}
    assert second.body == "x" * MOST_BODY_BYTES


def test_an_overload_has_no_lines_but_where_all_requests_have(caplog: pytest.LogCaptureFixture) -> None:
    scope = {"type": "http", "method": "POST", "exchange": SimpleNamespace(request_id="x"), "caller": "shop"}
    AccessLog(Settings(access_log="failures")).write(scope, "/v1/parse", 503, 0.001)
    assert access(caplog.records) == []
    AccessLog(Settings(access_log="all")).write(scope, "/v1/parse", 503, 0.001)
    (line,) = access(caplog.records)
    assert (line.caller, line.client) == ("shop", None)


def test_an_announcement_stands_as_it_is_where_people_read(capsys: pytest.CaptureFixture[str]) -> None:
    announce("Slotline listens", sys.stdout)
    assert capsys.readouterr().out == "Slotline listens\n"
