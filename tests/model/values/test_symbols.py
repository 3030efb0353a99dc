"""The reader's output alphabet."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as some

from model.values.symbols import ALPHABET, CURRENCIES, TABLE, UNKNOWN, copied, spelled


def test_every_symbol_stands_once_without_spaces_and_is_documented() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET) <= 400
    assert [symbol for symbol in TABLE if not all(symbol) or symbol.name != "".join(symbol.name.split())] == []
    assert [symbol for symbol in TABLE if symbol.english == symbol.russian == "-"] == []
    assert {UNKNOWN, *CURRENCIES} <= set(ALPHABET)


@given(some.lists(some.text("0123456789", min_size=1), max_size=4))
def test_copied_digits_are_the_written_ones(groups: Sequence[str]) -> None:
    symbols = [symbol for group in groups for symbol in ("M5", "n1.5", *spelled(group))]
    assert set(symbols) <= set(ALPHABET)
    assert copied(symbols) == "".join(groups)


@given(some.text("0123456789"))
def test_no_group_of_digits_repeats_a_symbol_so_one_frame_a_digit_is_enough(digits: str) -> None:
    assert all(first != second for first, second in pairwise(spelled(digits)))
    assert [symbol for symbol in spelled(digits) if len(symbol) == 1] == list(spelled(digits)[:1])
