"""What the words of a phrase can say: forms, slips of them and of no other, forms of several words, and quiet words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.values.spelling import SURE, Spelling, distance_within, is_slip

FORMS = [
    *("W1 = monday", "W3 = wednesday", "T0 = today", "M6 = june", "M7 = july", "n8 = eight", "u_n = night", "BY = by", "AFTER = after"),
    *("T2 = day after tomorrow", "FROM = on or after", "BY = on or before", "HALF = пол", "o8 = восьмого", "UNK = every", "MIN = +"),
]
SPELLING = Spelling(FORMS, ["the", "of", "please"])
SINGLE = {"monday": "W1", "wednesday": "W3", "today": "T0", "july": "M7", "eight": "n8"}


@pytest.mark.parametrize("said", [[("monday", ("W1",))], [("the", ()), ("july", ("M7",))], [("полвосьмого", ("HALF", "o8"))], []])
def test_forms_say_what_they_say(said: list[tuple[str, tuple[str, ...]]]) -> None:
    assert SPELLING.accounts_for(said)


@given(st.sampled_from(sorted(SINGLE)), st.sampled_from(sorted(set(SINGLE.values()))))
def test_a_form_says_nothing_but_its_own_symbol(word: str, symbol: str) -> None:
    assert SPELLING.accounts_for([(word, (symbol,))]) == (SINGLE[word] == symbol)


@given(st.text(alphabet="бгджзклмнпрст", min_size=1, max_size=12), st.sampled_from(["W1", "M7", "T2", "BY"]))
def test_letters_that_are_near_to_no_form_say_nothing_and_are_not_silent(word: str, symbol: str) -> None:
    assert not SPELLING.accounts_for([(word, (symbol,))])
    assert not SPELLING.accounts_for([(word, ())])


@pytest.mark.parametrize(
    ("word", "symbols", "accounted"),
    [
        ("wednsday", ("W3",), True),
        ("wdnsday", ("W3",), True),  # two slips, in a long word
        ("weekdays", ("W3",), False),
        ("juny", ("M6",), False),  # one letter from july too
        ("полвосьмго", ("HALF", "o8"), True),
        ("mondayplease", ("W1",), True),
        ("every", (), False),
        ("evry", ("UNK",), True),  # refused by the resolver
        ("+", ("MIN",), True),
        ("+", (), False),
        ("teh", (), True),
        ("plaese", (), True),
        ("cat", (), False),
    ],
)
def test_a_slip_of_a_form_says_its_symbol_if_it_is_near_to_no_other(word: str, symbols: tuple[str, ...], accounted: bool) -> None:
    assert SPELLING.accounts_for([(word, symbols)]) is accounted


@pytest.mark.parametrize(("word", "symbol"), [("moday", "W1"), ("ight", "n8")])
def test_what_may_be_a_slip_of_a_form_of_another_kind_needs_a_sure_reading(word: str, symbol: str) -> None:
    assert SPELLING.accounts_for([(word, (symbol,))], SURE)
    assert not SPELLING.accounts_for([(word, (symbol,))], SURE - 0.01)


@pytest.mark.parametrize("spoken", range(3))
def test_one_word_of_a_form_of_several_speaks_for_all(spoken: int) -> None:
    for words in (("day", "after", "tomorrow"), ("day", "aftr", "tomorow")):
        assert SPELLING.accounts_for([(word, ("T2",) if place == spoken else ()) for place, word in enumerate(words)])


@pytest.mark.parametrize(
    "said",
    [
        [("day", ()), ("after", ()), ("tomorrow", ())],
        [("day", ()), ("monday", ("W1",))],
        [("on", ("BY",)), ("or", ()), ("atfer", ())],  # BY is said by "on or before" only
        [("on", ("BY",)), ("monday", ("W1",))],
    ],
)
def test_a_form_of_several_words_must_be_whole_and_say_its_own_symbol(said: list[tuple[str, tuple[str, ...]]]) -> None:
    assert not SPELLING.accounts_for(said)


@given(st.text(alphabet="abc", min_size=3, max_size=6), st.text(alphabet="abc", min_size=3, max_size=6))
def test_a_slip_is_symmetric_and_at_most_one_edit(first: str, second: str) -> None:
    assert is_slip(first, second) == is_slip(second, first)
    if is_slip(first, second):
        assert first != second
        assert distance_within(first, second) <= 1


@given(st.text(alphabet="abc", max_size=4), st.text(alphabet="abc", min_size=1, max_size=5), st.text(alphabet="abc", max_size=4))
def test_a_part_of_a_word_is_no_edit_away_from_it(front: str, form: str, behind: str) -> None:
    assert distance_within(form, front + form + behind) == 0
    assert distance_within(form, "") == len(form)
