"""The shipped reader on the phrases of the resolver's tables, which its grammar was not written for."""

from pathlib import Path

import pytest

from model.values.reader import Reader
from model.values.resolve import resolve
from model.values.value import Understood
from tests.model.values.test_phrases import AMOUNTS, CONTEXT, DATES, MOMENTS, STRETCHES, TIMES, UNASKED, rows, shown

RIGHT = 0.97  # of the phrases of the tables
REFUSED = ["somewhere cheap", "подешевле", "friday banana", "300 bananas", "October2x", "qwrtp", "31 февраля", "per person"]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader.load(Path("model/readers/values"))


def test_the_tables_are_read_and_hardly_anything_is_wrong_in_silence(reader: Reader) -> None:
    table = [
        row for row in rows(DATES, STRETCHES, TIMES, MOMENTS, AMOUNTS, UNASKED) if row[0] != "with years on both sides"
    ]  # describes one
    readings = reader.read_batch([(row[0], None if row[2] == "None" else row[2]) for row in table])
    right, wrong = 0, []
    for (phrase, _, kind, value, *_), reading in zip(table, readings, strict=True):
        found = resolve(reading.symbols, None if kind == "None" else kind, CONTEXT)
        if not reading.doubt and isinstance(found, Understood):
            right += shown(found.value) == value
            wrong += [] if shown(found.value) == value else [(phrase, reading.symbols, shown(found.value), value)]
    assert len(wrong) <= 0.01 * len(table), wrong
    assert right >= RIGHT * len(table)


@pytest.mark.parametrize("phrase", REFUSED)
def test_what_has_no_value_gets_none(reader: Reader, phrase: str) -> None:
    for kind, reading in zip(
        ("date", "money", "number"), reader.read_batch([(phrase, kind) for kind in ("date", "money", "number")]), strict=True
    ):
        assert reading.doubt or not isinstance(resolve(reading.symbols, kind, CONTEXT), Understood), (kind, reading)


@pytest.mark.parametrize(
    ("phrase", "kind", "value"),
    [
        ("novmber 2nd", "date", "2026-11-02"),
        ("втрого ноября", "date", "2026-11-02"),
        ("hlaf past seven in the evning", "time", "19:30"),
        ("полвосьмого вечра", "time", "19:30"),
        ("October2", "date", "2027-10-02"),
        ("Next  FRIDAY!", "date", "2026-10-30"),
    ],
)
def test_slips_lost_spaces_and_case_do_not_change_a_value(reader: Reader, phrase: str, kind: str, value: str) -> None:
    (reading,) = reader.read_batch([(phrase, kind)])
    found = resolve(reading.symbols, kind, CONTEXT)
    assert isinstance(found, Understood)
    assert (reading.doubt, shown(found.value)) == ("", value)
