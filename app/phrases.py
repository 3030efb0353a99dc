"""Phrases to what they amount to: a reader of symbols, a resolver and a gazetteer, in any thread."""

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, cast

from app.errors import ServiceError, StartupError, annotation_failed
from app.recent import Recent
from app.reference import Occasion, Watched
from app.settings import OFF, SHIPPED_READER, Settings
from model.values.letters import plain
from model.values.places import SHIPPED, Gazetteer, read_gazetteer
from model.values.reader import Reader, Reading
from model.values.resolve import resolve
from model.values.symbols import UNKNOWN
from model.values.value import Context, NotUnderstood, Understood, Value

logger = logging.getLogger(__name__)

NAME = "values"  # of the reader in metrics and messages, where models have theirs
DECIMALS = 4  # of a confidence: a batch's neighbours change the seventh
SAYS_NOTHING = NotUnderstood("says_nothing", "nothing in it says a value")
DOUBTS = {
    "empty": "there is nothing in it that can be read",
    "too_long": "it is too long for a value",
    "low_confidence": "its likeliest reading is not sure enough",
    "digits": "not every digit of it is accounted for",
    "words": "not every word of it is accounted for",
}
TIMELESS = frozenset(("number", "duration", "money", "place"))  # they amount to the same whenever they are said


class Phrase(NamedTuple):
    """A text that says one value; ``kind``: one of model.values.value.KINDS, None where it is not known."""

    text: str
    kind: str | None = None


class Meaning:
    """What a slot means. ``value``: None where it is not understood, and where the slot means its words, ``is_text``.

    ``value_json``, ``alternatives_json``: the same as they are answered, made once, because a meaning is kept and answered often.
    """

    __slots__ = ("alternatives", "alternatives_json", "is_text", "value", "value_json")

    def __init__(self, value: Value | None = None, alternatives: tuple[Value, ...] = (), *, is_text: bool = False) -> None:
        """Nothing changes it."""
        self.value = value
        self.alternatives = alternatives
        self.is_text = is_text
        self.value_json = None if value is None else value.as_json()
        self.alternatives_json = [other.as_json() for other in alternatives]


class Found(NamedTuple):
    """What a phrase amounts to.

    ``confidence``: the probability of its reading; None where a place was looked up and nothing read. ``meaning``: what a slot of these
    words means, None where they are not understood. ``by_clock``: it hangs on the time of the day at which it was said.
    """

    outcome: Understood | NotUnderstood
    confidence: float | None
    meaning: Meaning | None
    by_clock: bool = False


Outcome = Found | ServiceError


class SymbolReader(Protocol):
    """What is asked of ``model.values.reader.Reader``."""

    def read_batch(self, phrases: Sequence[tuple[str, str | None]]) -> list[Reading]:
        """One reading for each, in order."""


class Known:
    """What phrases amounted to lately, by their words, their kind and as much of the occasion as they hang on. For one thread."""

    def __init__(self, most: int) -> None:
        """``most``: phrases that are kept."""
        self._found: Recent[tuple[str, str | None, str], Found] = Recent(most)

    def get(self, phrase: Phrase, occasion: Occasion) -> Found | None:
        """What ``phrase`` amounts to; None where that is not known."""
        text, kind = phrase
        if kind in TIMELESS:
            return self._found.get((text, kind, ""))
        return self._found.get((text, kind, occasion.day)) or self._found.get((text, kind, occasion.second))

    def put(self, phrase: Phrase, occasion: Occasion, outcome: Outcome) -> None:
        """Keep an outcome; a failure is not kept, it may pass."""
        if isinstance(outcome, Found):
            text, kind = phrase
            moment = "" if kind in TIMELESS else occasion.second if outcome.by_clock else occasion.day
            self._found.put((text, kind, moment), outcome)


class PhraseReader:
    """Reader, resolver and gazetteer together. A phrase means the same in any company, and whatever was read before. For one thread."""

    def __init__(self, reader: SymbolReader, gazetteer: Gazetteer, rows: int = 64, keep: int = 0, made_of: str = "") -> None:
        """``rows``: most phrases of one forward pass. ``keep``: phrases whose readings are kept, for phrases come again and again.

        ``made_of``: differs where the files of reader or gazetteer differ.
        """
        self.made_of = made_of
        self._reader = reader
        self.gazetteer = gazetteer
        self._rows = rows
        self._kept: Recent[tuple[str, str | None], Reading] = Recent(keep)

    def read(self, asked: Sequence[tuple[Phrase, Context]]) -> list[Outcome]:
        """One outcome for each; a phrase on which the reader or the resolver fails has AnnotationFailed for its own."""
        readings = self._readings(phrase for phrase, _ in asked if phrase.kind != "place")
        return [self._found(phrase, readings.get(_key(phrase)), context) for phrase, context in asked]

    def _readings(self, phrases: Iterable[Phrase]) -> Mapping[tuple[str, str | None], Reading | ServiceError]:
        """By ``_key``, each read once."""
        wanted = {_key(phrase): phrase for phrase in phrases}
        kept = {key: self._kept.get(key) for key in wanted}
        found: dict[tuple[str, str | None], Reading | ServiceError] = {key: reading for key, reading in kept.items() if reading}
        missing = [key for key in wanted if key not in found]
        for start in range(0, len(missing), self._rows):
            keys = missing[start : start + self._rows]
            for key, reading in zip(keys, self._batch([wanted[key] for key in keys]), strict=True):
                found[key] = reading
                if isinstance(reading, Reading):
                    self._kept.put(key, reading)
        return found

    def _batch(self, phrases: Sequence[Phrase]) -> Sequence[Reading | ServiceError]:
        """Those of a batch that failed are read one by one, so that only the culprit fails."""
        try:
            return self._reader.read_batch(phrases)
        except Exception as error:  # a reader's failure belongs to its phrases, whatever it is
            if len(phrases) == 1:
                return [_failed(error)]
            return [reading for phrase in phrases for reading in self._batch([phrase])]

    def _found(self, phrase: Phrase, reading: Reading | ServiceError | None, context: Context) -> Outcome:
        if isinstance(reading, ServiceError):
            return reading
        try:
            if reading is None:
                return _found(self.gazetteer.find(phrase.text), None)
            watched = Watched(context)
            outcome = _resolved(phrase, reading, cast(Context, watched))
            if phrase.kind is None and isinstance(outcome, NotUnderstood):
                place = self.gazetteer.find(phrase.text)
                if isinstance(place, Understood) and not place.value.approximate:  # nobody asked for a place: no guess at a typo
                    return _found(place, None)
            return _found(outcome, min(1.0, round(reading.confidence, DECIMALS)), watched.by_clock)
        except Exception as error:  # likewise the resolver's
            return _failed(error)


def _found(outcome: Understood | NotUnderstood, confidence: float | None, by_clock: bool = False) -> Found:
    meaning = Meaning(outcome.value, outcome.alternatives) if isinstance(outcome, Understood) else None
    return Found(outcome, confidence, meaning, by_clock)


def _key(phrase: Phrase) -> tuple[str, str | None]:
    """All that a reading depends on."""
    return plain(phrase.text), phrase.kind


def _resolved(phrase: Phrase, reading: Reading, context: Context) -> Understood | NotUnderstood:
    if reading.symbols and set(reading.symbols) == {UNKNOWN}:
        return SAYS_NOTHING
    if reading.doubt:
        return NotUnderstood(reading.doubt, DOUBTS[reading.doubt])
    return resolve(reading.symbols, phrase.kind, context)


def _failed(error: Exception) -> ServiceError:
    logger.error("%s failed on one phrase: %s", NAME, type(error).__name__)  # the message may quote it
    return annotation_failed(NAME)


def load_reader(settings: Settings) -> PhraseReader | None:
    """The reader that the settings name, or the shipped one; None where they say ``off`` or there is neither.

    Raises StartupError for a gazetteer without reader, model.errors.ArtifactError for a reader that cannot be trusted and ConfigError
    for a gazetteer that is none.
    """
    if settings.values == OFF or (settings.values is None and not SHIPPED_READER.is_dir()):
        if settings.gazetteer is not None:
            raise StartupError("--gazetteer: there is no reader of values that would use it; name one with --values")
        return None
    directory = SHIPPED_READER if settings.values is None else settings.values
    places = (*([settings.gazetteer] if settings.gazetteer else ()), SHIPPED)
    reader, gazetteer = Reader.load(directory), read_gazetteer(*places)
    made_of = hashlib.sha256(b"".join([reader.artifact.sha256.encode(), *[path.read_bytes() for path in places]])).hexdigest()
    return PhraseReader(reader, gazetteer, settings.max_batch_rows, settings.values_cache, made_of)
