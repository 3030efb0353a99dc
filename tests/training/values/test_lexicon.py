"""Rules without a network, and the values of public sets as keys."""

from datetime import datetime

import pytest

from model.values.letters import plain
from model.values.value import context_in
from training.values import duckling, recognizers
from training.values.answers import days_from, duration, key_of
from training.values.evaluate import CONTEXT, edit_distance, with_typo
from training.values.examples import examples
from training.values.external import Gold
from training.values.lexicon import lexicon


@pytest.mark.parametrize(
    ("phrase", "kind", "key"),
    [
        ("quarter to eight in the evening", "time", ("time", "19:45")),
        ("полвосьмого вечера", "time", ("time", "19:30")),
        ("2nd of November", "date", ("date", "2026-11-02")),
        ("со 2 по 5 ноября", "date_range", ("dates", "2026-11-02", "2026-11-05")),
        ("two adults and a child", "number", ("number", 3.0)),
        ("under 300 dollars", "money", ("moneys", None, (300.0, "USD"))),
        ("a week", "duration", ("duration", 0.0, 604800.0)),
    ],
)
def test_words_of_the_grammar_are_read_without_a_network(phrase: str, kind: str, key: tuple[object, ...]) -> None:
    found = lexicon().understood(phrase, kind, CONTEXT)
    assert found is not None
    assert key_of(found[1].value) == key


@pytest.mark.parametrize("phrase", ["banana", "november banana", "2nd of Novembr"])
def test_what_is_in_no_grammar_is_not(phrase: str) -> None:
    assert lexicon().understood(phrase, "date", CONTEXT) is None


def test_of_several_readings_the_one_with_the_right_value_is_found() -> None:
    gold = Gold("ten to eight", "time", "en", "toy", CONTEXT, frozenset({("time", "07:50")}))
    phrases = [phrase for phrase in examples([gold]) if phrase.symbols == ("n10", "TO", "n8")]
    refused = Gold("every fridai", "date", "en", "toy", CONTEXT, frozenset())
    assert len(phrases) + len(examples([refused])) >= 1  # which of them is validated on, a hash says
    said = lexicon().said_of(plain(gold.text), gold.kind, gold.context, gold.right)
    assert [each.symbol for each in said or ()] == ["n10", "TO", "n8"]


@pytest.mark.parametrize(
    ("dimension", "expected", "text", "wanted"),
    [
        ("Time", "datetime (2013, 2, 18, 0, 0, 0) Day", "x", ("date", ("date", "2013-02-18"))),
        ("Time", "datetime (2013, 2, 12, 20, 15, 0) Minute", "x", ("time", ("time", "20:15"))),
        ("Time", "datetime (2013, 3, 1, 0, 0, 0) Month", "x", ("date_range", ("dates", "2013-03-01", "2013-03-31"))),
        ("Time", "datetimeInterval ((2013, 7, 13, 0, 0, 0), (2013, 7, 16, 0, 0, 0)) Day", "x",
         ("date_range", ("dates", "2013-07-13", "2013-07-15"))),
        ("Duration", "DurationData 2 Week", "x", ("duration", ("duration", 0.0, 1209600.0))),
        ("Numeral", "NumeralValue 33", "x", ("number", ("number", 33.0))),
        ("AmountOfMoney", "simple Dollar 10", "x", ("money", ("money", (10.0, "USD")))),
        ("AmountOfMoney", "under EUR 7.5", "x", ("money", ("moneys", None, (7.5, "EUR")))),
    ],
)  # fmt: skip
def test_ducklings_values_are_keys(dimension: str, expected: str, text: str, wanted: tuple[str, tuple[object, ...]]) -> None:
    kind, keys = duckling.answer(dimension, expected, text) or ("", frozenset())
    assert (kind, wanted[1] in keys) == (wanted[0], True)


def test_values_that_we_do_not_have_must_be_refused_or_are_left_out() -> None:
    assert duckling.answer("Distance", "simple Mile 3", "3 miles") == ("number", frozenset())
    assert duckling.answer("Time", None, "no time") == ("date", frozenset())
    assert duckling.answer("Time", "datetime (2013, 2, 12, 18, 0, 0) Hour", "8pm GMT") == ("time", frozenset())
    assert duckling.answer("Time", "datetimeHoliday (2013, 12, 25, 0, 0, 0) Day", "xmas") is None


def test_recognizers_values_are_keys() -> None:
    entry = {"timex": "XXXX-11-02", "type": "date", "value": "2026-11-02"}
    assert recognizers.answer({"Text": "x", "TypeName": "datetimeV2.date", "Resolution": {"values": [entry]}}) == (
        "date",
        frozenset({("date", "2026-11-02")}),
    )
    span = {"Timex": "x", "FutureResolution": {"startTime": "09:00:00", "endTime": "17:30:00"}}
    assert recognizers.answer({"Text": "x", "Type": "timerange", "Value": span}) == ("time_range", frozenset({("times", "09:00", "17:30")}))
    money = {"Text": "x", "TypeName": "currency", "Resolution": {"value": "5", "unit": "Euro"}}
    assert recognizers.answer(money) == ("money", frozenset({("money", (5.0, "EUR"))}))
    assert recognizers.answer({"Text": "every day", "TypeName": "datetimeV2.set", "Resolution": {}}) == ("date", frozenset())


def test_durations_and_stretches_are_counted_out() -> None:
    assert duration("P1Y2M") == (14.0, 0.0)
    assert duration("P1WT1H30M") == (0.0, 7 * 86400 + 5400.0)
    assert days_from(datetime(2026, 2, 1).date(), "month") == ("dates", "2026-02-01", "2026-02-28")
    with pytest.raises(ValueError, match="no duration"):
        duration("P")


def test_a_typo_is_in_a_long_word_and_edits_are_counted() -> None:
    import random

    assert with_typo("7 pm", random.Random(1)) == ""
    typed = with_typo("next friday", random.Random(1))
    assert edit_distance(list("next friday"), list(typed)) in (1, 2)
    assert edit_distance(["a", "b"], ["b"]) == 1
    assert context_in("UTC", CONTEXT.reference).order == "mdy"
