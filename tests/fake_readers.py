"""Readers of values without a graph, named by their behaviour; they answer as ``model.values.reader.Reader`` does."""

import threading
from collections.abc import Sequence

from app.phrases import PhraseReader
from model.values.places import read_gazetteer
from model.values.reader import Reading

SAYS = {
    "November 2nd": ("M11", "2", "TH"),
    "half seven": ("HALF", "n7"),
    "half past seven in the evening": ("HALF", "PAST", "n7", "EVE"),
    "me and my wife": ("PER", "+", "PER"),
    "300 dollars": ("3", "0a", "0b", "$"),
    "30 February": ("3", "0a", "M2"),
    "7": ("7",),
    "two": ("n2",),
    "Monday": ("W1",),
    "tomorrow": ("T1",),
    "evening": ("EVE",),
    "now": ("NOW",),
    "$5": ("$", "5"),
    "9 May": ("9", "M5"),
    "07/08": ("0", "7a", "/", "0", "8a"),
    "07.08": ("0", "7a", ".", "0", "8a"),
    "второго ноября": ("o2", "M11"),
    "полвосьмого вечера": ("HALF", "o8", "EVE"),
    "полторы тысячи рублей": ("n1.5", "x_k", "RUB"),
    "с 3 по 24 февраля": ("FROM", "3", "..", "2", "4a", "M2"),
}


GAZETTEER = read_gazetteer()


class FakeReader:
    """Reads the phrases of SAYS and doubts all others."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def read_batch(self, phrases: Sequence[tuple[str, str | None]]) -> list[Reading]:
        self.batches.append([text for text, _ in phrases])
        return [self._reading(text) for text, _ in phrases]

    def _reading(self, text: str) -> Reading:
        if text in SAYS:
            return Reading(SAYS[text], 0.99, "")
        return Reading(("UNK",), 0.42, "words") if text.isalpha() else Reading(("2", "UNK"), 0.42, "digits")


class UnsureReader(FakeReader):
    """Reads likewise, but is not sure enough of anything."""

    def read_batch(self, phrases: Sequence[tuple[str, str | None]]) -> list[Reading]:
        return [reading._replace(confidence=0.3, doubt="low_confidence") for reading in super().read_batch(phrases)]


class SlowReader(FakeReader):
    """Answers nothing until ``release`` is set; ``entered`` tells that a batch is in it."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Event()
        self.release = threading.Event()

    def read_batch(self, phrases: Sequence[tuple[str, str | None]]) -> list[Reading]:
        self.entered.set()
        if not self.release.wait(timeout=20):
            raise RuntimeError("nobody released the slow reader")
        return super().read_batch(phrases)


class ErrorReader(FakeReader):
    """Fails on phrases that say ``poison``."""

    def read_batch(self, phrases: Sequence[tuple[str, str | None]]) -> list[Reading]:
        if any("poison" in text for text, _ in phrases):
            raise ValueError("the graph refuses this text")
        return super().read_batch(phrases)


class DyingReader(FakeReader):
    """Takes its thread with it on a phrase that says ``die``; ``release`` lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Event()
        self.release = threading.Event()

    def read_batch(self, phrases: Sequence[tuple[str, str | None]]) -> list[Reading]:
        if any("die" in text for text, _ in phrases):
            self.entered.set()
            self.release.wait(timeout=20)
            raise SystemExit("the thread ends here")
        return super().read_batch(phrases)


def phrase_reader(reader: FakeReader | None = None, rows: int = 64, keep: int = 0) -> PhraseReader:
    """A fake reader with the shipped gazetteer."""
    return PhraseReader(reader or FakeReader(), GAZETTEER, rows, keep)
