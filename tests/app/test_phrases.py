import itertools
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import ServiceError
from app.phrases import TIMELESS, Found, Known, Outcome, Phrase, PhraseReader
from app.reference import Occasion, Watched, occasion_of
from model.values.reader import Reader
from model.values.value import KINDS, Context
from tests.fake_readers import GAZETTEER, SAYS, ErrorReader, FakeReader, phrase_reader
from tests.tiny_reader import tiny_reader

MOMENT = datetime.fromisoformat("2026-10-20T10:00:00+08:00")
TINY = Reader(tiny_reader())
PHRASES = st.builds(
    Phrase, st.sampled_from([*SAYS, "MONDAY", "Oslo", "Osl", "Heathrow", "nonsense", "2 y"]), st.sampled_from([None, *KINDS])
)
OCCASIONS = st.builds(
    occasion_of,
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda moment: moment.replace(tzinfo=MOMENT.tzinfo)),
    st.sampled_from([None, "Asia/Taipei", "America/New_York"]),
    st.sampled_from(["future", "past", "nearest"]),
)


def occasion(moment: datetime = MOMENT, policy: str = "future") -> Occasion:
    return occasion_of(moment, "Asia/Taipei", policy)


def read(reader: PhraseReader, *phrases: Phrase) -> list[Outcome]:
    return reader.read([(phrase, occasion().context) for phrase in phrases])


def meant(outcome: Outcome) -> object:
    """An outcome for comparison."""
    if isinstance(outcome, ServiceError):
        return outcome.code
    return outcome.outcome, outcome.confidence, outcome.by_clock


@given(st.lists(st.tuples(PHRASES, OCCASIONS), max_size=12), st.integers(1, 4), st.integers(0, 5))
def test_what_a_phrase_amounts_to_hangs_neither_on_its_company_nor_on_what_is_kept(
    asked: list[tuple[Phrase, Occasion]], rows: int, keep: int
) -> None:
    keeping = PhraseReader(TINY, GAZETTEER, rows, keep)
    alone = [PhraseReader(TINY, GAZETTEER).read([(phrase, said.context)])[0] for phrase, said in asked]
    for _ in range(2):
        together = keeping.read([(phrase, said.context) for phrase, said in asked])
        assert [meant(outcome) for outcome in together] == [meant(outcome) for outcome in alone]


@given(st.lists(st.tuples(PHRASES, OCCASIONS), max_size=20), st.integers(0, 8))
def test_what_is_known_is_what_would_be_read(asked: list[tuple[Phrase, Occasion]], most: int) -> None:
    known, reader = Known(most), phrase_reader()
    for phrase, said in asked:
        (fresh,) = reader.read([(phrase, said.context)])
        kept = known.get(phrase, said)
        assert kept is None or meant(kept) == meant(fresh)
        known.put(phrase, said, fresh)


def test_the_spellings_of_a_phrase_are_read_once() -> None:
    fake = FakeReader()
    read(phrase_reader(fake, keep=9), Phrase("November 2nd", "date"), Phrase(" november  2ND", "date"), Phrase("November 2nd", "time"))
    assert [len(batch) for batch in fake.batches] == [2]  # as a date and as a time


def test_a_failure_is_not_kept_and_harms_no_other() -> None:
    fake = ErrorReader()
    reader, known = phrase_reader(fake, keep=9), Known(9)
    failed, good = read(reader, Phrase("poison", "date"), Phrase("Monday", "date"))
    assert isinstance(failed, ServiceError)
    assert isinstance(good, Found)
    known.put(Phrase("poison", "date"), occasion(), failed)
    assert known.get(Phrase("poison", "date"), occasion()) is None


def test_only_what_the_clock_decides_is_read_anew_within_a_day() -> None:
    known, later = Known(99), occasion(MOMENT + timedelta(minutes=5))
    phrases = [Phrase("Monday", "date"), Phrase("7", "time"), Phrase("now", "time"), Phrase("now", "date"), Phrase("two", "number")]
    for phrase, outcome in zip(phrases, read(phrase_reader(), *phrases), strict=True):
        known.put(phrase, occasion(), outcome)
    assert [known.get(phrase, later) is not None for phrase in phrases] == [True, True, False, True, True]
    tomorrow = occasion(MOMENT + timedelta(days=1))
    assert [known.get(phrase, tomorrow) is not None for phrase in phrases] == [False] * 4 + [True]


def test_fractions_of_a_second_and_other_policies() -> None:
    assert occasion(MOMENT.replace(microsecond=7)).second == occasion().second
    assert occasion().reference.text != occasion(MOMENT.replace(microsecond=7)).reference.text  # which is echoed
    assert occasion(policy="past").day != occasion().day
    assert occasion_of(MOMENT, None, "future").day != occasion().day


@pytest.mark.parametrize("kind", sorted(TIMELESS))
def test_timeless_kinds_amount_to_the_same_on_any_occasion(kind: str) -> None:
    reader = phrase_reader()
    contexts = [
        occasion(MOMENT + timedelta(days=days, hours=days), policy).context
        for days, policy in itertools.product((0, 99), ("future", "past"))
    ]
    for text in (*SAYS, "Oslo", "nonsense"):
        found = [meant(outcome) for outcome in reader.read([(Phrase(text, kind), context) for context in contexts])]
        assert found == found[:1] * len(found)


def test_a_watched_context_has_all_that_a_context_has() -> None:
    context = occasion().context
    watched = Watched(context)
    public = [name for name in dir(Context) if name[0] != "_"]
    assert {name: getattr(watched, name) for name in public if name != "reference"} == {
        name: getattr(context, name) for name in public if name != "reference"
    }
    assert not watched.by_clock
    assert watched.reference == context.reference
    assert watched.by_clock
