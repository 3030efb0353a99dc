"""Training examples as hasty people would have typed or said them: other values, spoken numbers, fillers, typing errors, no capitals.

Easy data augmentation (Wei & Zou 2019) for sequences: an utterance is cut at its spans, so that what changes a piece changes no label.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import regex

from model.errors import LabelError
from model.labels import Annotation, Intent, Slot, spans_of_slots
from model.text import tokenize
from training.config import AugmentConfig
from training.data.records import Example

_CYRILLIC = regex.compile(r"\p{Cyrillic}")
_PUNCTUATION = regex.compile(r"(?<!\d)[,;:!?]|[,;:!?](?!\d)|\.+(?=\s|$)|…")
_WORD = regex.compile(r"(?<![\w'’])\p{L}{4,}(?![\w'’])")
_NUMBER = regex.compile(r"(?<![\w.:,/$€£-])(\d{1,2})(?::(\d\d))?(?=[ap]m\b|[^\w.:,/$€£%-]|[.,](?!\d)|$)")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю")
_FILLERS = {
    "en": ("uh", "um", "er", "like", "you know", "well", "so", "hmm", "I mean"),
    "ru": ("ну", "эээ", "э", "как бы", "короче", "это", "так", "вот", "ммм", "значит"),
}
_UNITS = {
    "en": tuple(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
        nineteen""".split()  # noqa: SIM905
    ),
    "ru": tuple(
        """ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать пятнадцать
        шестнадцать семнадцать восемнадцать девятнадцать""".split()  # noqa: SIM905
    ),
}
_TENS = {"en": ("twenty", "thirty", "forty", "fifty"), "ru": ("двадцать", "тридцать", "сорок", "пятьдесят")}
# In Russian a spoken number is inflected, so only those are spoken that stand where the dictionary form is right.
_UNINFLECTED = regex.compile(r"(?i)(?:^|\b(?:в|на|часов)) ?$")
_UNINFLECTED_LABELS = frozenset({"rooms", "time", "departure_time", "arrival_time", "return_time", "pickup_time", "dropoff_time"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an utterance: one span with its ``label``, or what stands between two of them, ``label`` empty."""

    text: str
    label: str = ""


Place = tuple[str, str, str, str]
Values = Mapping[Place, Sequence[str]]
Change = Callable[[list[Piece], random.Random, Intent | None], list[Piece]]


def augment(examples: Sequence[Example], config: AugmentConfig, *, seed: int) -> list[Example]:
    """The examples in order, the configured shares of them altered; the same for the same seed.

    Every span keeps its label and stays on its words, or on the value in their place. An alteration that would move a span off
    the word borders is not made.
    """
    shares = {name: share for name, share in config.shares().items() if share}
    if not shares:
        return list(examples)
    changes = _changes(_values(examples) if "values" in shares else {})
    return [_altered(example, shares, changes, random.Random(f"{seed}/{index}")) for index, example in enumerate(examples)]


def _changes(values: Values) -> dict[str, Change]:
    """The options in the order in which they are made."""
    return {
        "values": lambda pieces, rng, intent: substitute_values(pieces, values, rng, intent),
        "numbers": lambda pieces, *_: speak_numbers(pieces),
        "fillers": lambda pieces, rng, _: add_filler(pieces, rng),
        "typos": lambda pieces, rng, _: mistype(pieces, rng),
        "case": lambda pieces, *_: drop_case(pieces),
    }


def _altered(example: Example, shares: Mapping[str, float], changes: Mapping[str, Change], rng: random.Random) -> Example:
    chosen = [change for name, change in changes.items() if rng.random() < shares.get(name, 0)]
    if not chosen:
        return example
    pieces = cut(example.annotation)
    for change in chosen:
        pieces = change(pieces, rng, example.annotation.intent)
    return joined(pieces, example)


def cut(annotation: Annotation) -> list[Piece]:
    """An utterance in pieces, its spans and what stands around them; joined they are its text."""
    pieces, behind = [], 0
    for slot in annotation.slots:
        pieces += [Piece(annotation.text[behind : slot.start]), Piece(annotation.text[slot.start : slot.end], slot.name)]
        behind = slot.end
    return [*pieces, Piece(annotation.text[behind:])]


def joined(pieces: Iterable[Piece], example: Example) -> Example:
    """The example with the text and spans of the pieces, or as it is where a span would not fall on word borders."""
    text, slots = "", []
    for piece in pieces:
        if piece.label:
            slots.append(Slot(piece.label, len(text), len(text) + len(piece.text)))
        text += piece.text
    tokens = tokenize(text)
    try:
        spans_of_slots(slots, tokens)
    except LabelError:
        return example
    return Example(Annotation(text, tokens, tuple(slots), example.annotation.intent), example.source, example.annotated)


def _values(examples: Iterable[Example]) -> Values:
    """What stands in spans, by intent, label, the word in front and, in Russian, the last letter: "в Москву" is no "в Москве"."""
    found: dict[Place, dict[str, None]] = defaultdict(dict)
    for example in examples:
        pieces = cut(example.annotation)
        for before, piece in zip(pieces[::2], pieces[1::2], strict=False):
            found[_place(before, piece, example.annotation.intent)][piece.text] = None
    return {key: tuple(values) for key, values in found.items() if len(values) > 1}


def _place(before: Piece, piece: Piece, intent: Intent | None) -> Place:
    words = before.text.split()
    ending = piece.text[-1] if _CYRILLIC.match(piece.text[-1]) else ""
    return intent.name if intent else "", piece.label, words[-1].casefold() if words else "", ending


def substitute_values(pieces: list[Piece], values: Values, rng: random.Random, intent: Intent | None) -> list[Piece]:
    """Every second span with another value that was seen in such a place; lower case where the utterance has no capitals."""
    lower = not any(letter.isupper() for piece in pieces for letter in piece.text)
    changed = list(pieces)
    for index in range(1, len(pieces), 2):
        known = values.get(_place(pieces[index - 1], pieces[index], intent))
        if known and rng.random() < 0.5:
            value = rng.choice(known)
            changed[index] = Piece(value.lower() if lower else value, pieces[index].label)
    return changed


def speak_numbers(pieces: list[Piece]) -> list[Piece]:
    """Numbers and clock times in words: "7:30 pm" as "seven thirty pm", "в 19:30" as "в девятнадцать тридцать"."""
    language = _language(pieces)
    changed = list(pieces)
    for index, piece in enumerate(pieces):
        before = pieces[index - 1].text if index else ""
        sayable = language == "en" or (piece.label in _UNINFLECTED_LABELS and _UNINFLECTED.search(before))
        if sayable and piece.label != "trip_number":
            changed[index] = Piece(_NUMBER.sub(lambda match: _spoken(match, language), piece.text), piece.label)
    return changed


def _spoken(match: regex.Match[str], language: str) -> str:
    whole, minutes = int(match[1]), match[2]
    if whole > 59 or (minutes and int(minutes) > 59):
        return match[0]
    words = _in_words(whole, language)
    if minutes and minutes != "00":
        words += f" {_in_words(int(minutes), language)}"
    return words + (" " if match.string[match.end() : match.end() + 1].isalpha() else "")


def _in_words(number: int, language: str) -> str:
    """A number below 60 in words.

    >>> _in_words(25, "en"), _in_words(7, "ru")
    ('twenty five', 'семь')
    """
    if number < 20:
        return _UNITS[language][number]
    unit = f" {_UNITS[language][number % 10]}" if number % 10 else ""
    return _TENS[language][number // 10 - 2] + unit


def add_filler(pieces: list[Piece], rng: random.Random) -> list[Piece]:
    """One filler between two words outside of the spans, or at the beginning."""
    filler = rng.choice(_FILLERS[_language(pieces)]) + rng.choice((" ", " ", ", "))
    places = [(index, match.end()) for index, piece in enumerate(pieces) if not piece.label for match in regex.finditer(r"\s+", piece.text)]
    index, place = rng.choice([*places, (0, 0)])
    text = pieces[index].text
    return [*pieces[:index], Piece(text[:place] + filler + text[place:]), *pieces[index + 1 :]]


def mistype(pieces: list[Piece], rng: random.Random) -> list[Piece]:
    """One word of four letters or more, of a long utterance two, with a typing error."""
    changed = list(pieces)
    for _ in range(1 if sum(len(piece.text) for piece in pieces) < 50 else 2):
        words = [(index, match.span()) for index, piece in enumerate(changed) for match in _WORD.finditer(piece.text)]
        if not words:
            break
        index, (start, end) = rng.choice(words)
        text = changed[index].text
        changed[index] = Piece(text[:start] + _slip(text[start:end], rng) + text[end:], changed[index].label)
    return changed


def _slip(word: str, rng: random.Random) -> str:
    """A word with a letter's neighbour on the keyboard, two letters swapped, one left out or one doubled; never the first letter."""
    place = rng.randrange(1, len(word) - 1)
    kind = rng.choice(("neighbour", "swap", "drop", "double"))
    if kind == "swap":
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == "drop":
        return word[:place] + word[place + 1 :]
    if kind == "double":
        return word[:place] + word[place] + word[place:]
    return word[:place] + _neighbour(word[place], rng) + word[place + 1 :]


def _neighbour(letter: str, rng: random.Random) -> str:
    for row in _ROWS:
        place = row.find(letter.lower())
        if place >= 0:
            return rng.choice(row[max(0, place - 1) : place] + row[place + 1 : place + 2])
    return letter


def drop_case(pieces: list[Piece]) -> list[Piece]:
    """No capitals, and no punctuation outside of the spans: as speech recognition writes."""
    plain = [
        Piece(piece.text.lower(), piece.label) if piece.label else Piece(regex.sub(r"\s+", " ", _PUNCTUATION.sub(" ", piece.text.lower())))
        for piece in pieces
    ]
    if not "".join(piece.text for piece in plain).strip():
        return pieces
    plain[0] = Piece(plain[0].text.lstrip())
    return [*plain[:-1], Piece(plain[-1].text.rstrip())]


def _language(pieces: Iterable[Piece]) -> str:
    return "ru" if any(_CYRILLIC.search(piece.text) for piece in pieces) else "en"
