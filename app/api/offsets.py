"""Offsets in the caller's unit: what a character counts in UTF-16 or UTF-8."""

from itertools import accumulate
from typing import Literal

Unit = Literal["codepoint", "utf16", "utf8"]


def offset_table(text: str, unit: Unit) -> list[int] | None:
    """The offset in ``unit`` of each code point of ``text`` and of its end; None where both are the same.

    >>> offset_table("a😀b", "utf16")
    [0, 1, 3, 4]
    """
    if unit == "codepoint" or text.isascii():
        return None
    if unit == "utf8":
        return [0, *accumulate(len(character.encode("utf-8", "surrogatepass")) for character in text)]
    return [0, *accumulate(2 if character > "\uffff" else 1 for character in text)]
