"""Examples once more, as people also type and say them: typos, no case and no punctuation, other values, fillers."""

import dataclasses
import random
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

import regex

from model.labels import Annotation, Slot, spans_of_slots
from model.text import tokenize
from training.data.records import Example
from training.data_config import AugmentConfig

_MISTYPED = 1 / 3  # of the words of a text with typos
_SHORTEST = 4  # letters; a shorter word with an edit is often another word
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю")
_FILLERS = {
    "latin": ("uh", "um", "er", "well", "like", "you know", "so", "ok", "please", "hmm"),
    "cyrillic": ("ну", "эм", "эээ", "так", "вот", "короче", "типа", "значит", "это самое", "слушай"),
}
_LONGEST_VALUE = 6  # words
_CYRILLIC = regex.compile(r"\p{Cyrillic}")
_WORD = regex.compile(r"\p{L}+")


@dataclasses.dataclass(frozen=True, slots=True)
class _Piece:
    """A token with what stands in front of it, and the slot that it belongs to, by its place among the slots."""

    gap: str
    text: str
    slot: int | None


Change = Callable[[list[_Piece], Example, random.Random], list[_Piece]]


def augment(examples: Sequence[Example], config: AugmentConfig, seed: int) -> Iterator[Example]:
    """A changed copy of so many examples as the config's shares ask for; which ones and how depends on ``seed`` and their places.

    Spans keep their words, labels and borders; a copy that would not is left out.
    """
    values = _values(examples) if config.values else {}
    changes: list[tuple[float, Change]] = [
        (config.typos, _with_typos),
        (config.plain, _plain),
        (config.fillers, _with_fillers),
        (config.values, lambda pieces, example, rng: _with_values(pieces, example, rng, values)),
    ]
    for index, example in enumerate(examples):
        rng = random.Random(seed * 1_000_033 + index)
        for share, change in changes:
            if rng.random() < share and (changed := _changed(example, change, rng)):
                yield changed


def rewritten(examples: Iterable[Example], kind: str, seed: int) -> Iterator[Example]:
    """Every example as ``kind`` of KINDS writes it, or as it is where that cannot be."""
    for index, example in enumerate(examples):
        yield _changed(example, KINDS[kind], random.Random(seed * 1_000_033 + index)) or example


def _changed(example: Example, change: Change, rng: random.Random) -> Example | None:
    """The example with its pieces changed; None where nothing changed or the words would be read otherwise."""
    annotation = example.annotation
    labels = [slot.name for slot in annotation.slots]
    pieces = change(_pieces(annotation), example, rng)
    text = ""
    borders: dict[int, list[int]] = defaultdict(list)
    for piece in pieces:
        text += piece.gap
        if piece.slot is not None:
            borders[piece.slot] += [len(text), len(text) + len(piece.text)]
        text += piece.text
    tokens = tokenize(text)
    if text == annotation.text or not tokens:
        return None
    if [token.text for token in tokens] != [token.text for piece in pieces for token in tokenize(piece.text)]:
        return None
    slots = tuple(Slot(labels[number], ends[0], ends[-1]) for number, ends in sorted(borders.items(), key=lambda item: item[1]))
    return dataclasses.replace(example, annotation=Annotation(text, tokens, slots, annotation.intent))


def _pieces(annotation: Annotation) -> list[_Piece]:
    slot_of: dict[int, int] = {}
    for number, span in enumerate(spans_of_slots(annotation.slots, annotation.tokens)):
        slot_of |= dict.fromkeys(range(span.start, span.end), number)
    ends = [0, *(token.end for token in annotation.tokens)]
    return [
        _Piece(annotation.text[end : token.start], token.text, slot_of.get(index))
        for index, (token, end) in enumerate(zip(annotation.tokens, ends, strict=False))
    ]


def _with_typos(pieces: list[_Piece], _: Example, rng: random.Random) -> list[_Piece]:
    return [
        dataclasses.replace(piece, text=mistype(piece.text, rng))
        if len(piece.text) >= _SHORTEST and _WORD.fullmatch(piece.text) and rng.random() < _MISTYPED
        else piece
        for piece in pieces
    ]


def mistype(word: str, rng: random.Random) -> str:
    """One edit, never of the first letter: a swap, a letter lost, doubled or missed for its neighbour on the keyboard."""
    place = rng.randrange(1, len(word))
    kind = rng.choice(("swap", "lose", "double", "miss", "miss"))
    if kind == "swap" and place + 1 < len(word):
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    if kind == "double":
        return word[:place] + word[place] + word[place:]
    row = next((row for row in _ROWS if word[place].lower() in row), "")
    if kind == "miss" and row:
        at = row.index(word[place].lower())
        return word[:place] + rng.choice(row[max(0, at - 1) : at] + row[at + 1 : at + 2]) + word[place + 1 :]
    return word[:place] + word[place + 1 :]


def _plain(pieces: list[_Piece], _: Example, __: random.Random) -> list[_Piece]:
    """As speech recognition writes: lower case, no punctuation outside of spans, no space doubled."""
    kept = [piece for piece in pieces if piece.slot is not None or not _is_punctuation(piece.text)]
    return [dataclasses.replace(piece, gap=piece.gap if index else "", text=piece.text.lower()) for index, piece in enumerate(kept)]


def _upper(pieces: list[_Piece], _: Example, __: random.Random) -> list[_Piece]:
    return [dataclasses.replace(piece, text=piece.text.upper()) for piece in pieces]


def _lower(pieces: list[_Piece], _: Example, __: random.Random) -> list[_Piece]:
    return [dataclasses.replace(piece, text=piece.text.lower()) for piece in pieces]


def _is_punctuation(text: str) -> bool:
    return all(unicodedata.category(letter) in ("Po", "Ps", "Pe", "Pi", "Pf") for letter in text)


def _with_fillers(pieces: list[_Piece], example: Example, rng: random.Random) -> list[_Piece]:
    fillers = _FILLERS["cyrillic" if _CYRILLIC.search(example.annotation.text) else "latin"]
    places = [
        index
        for index, piece in enumerate(pieces)
        if piece.gap and not (index and piece.slot is not None and pieces[index - 1].slot == piece.slot)
    ]
    if not places:
        return pieces
    place = rng.choice(places)
    return [*pieces[:place], _Piece(" ", rng.choice(fillers), None), *pieces[place:]]


_Values = dict[tuple[str, bool], list[str]]


def _values(examples: Sequence[Example]) -> _Values:
    """Values by slot and alphabet, each once."""
    found: dict[tuple[str, bool], dict[str, None]] = defaultdict(dict)
    for example in examples:
        for slot in example.annotation.slots:
            value = example.annotation.text[slot.start : slot.end]
            if len(value.split()) <= _LONGEST_VALUE:
                found[slot.name, bool(_CYRILLIC.search(value))][value] = None
    return {key: list(values) for key, values in found.items()}


def _with_values(pieces: list[_Piece], example: Example, rng: random.Random, values: _Values) -> list[_Piece]:
    """One slot has a value that another example gives the same slot."""
    slots = example.annotation.slots
    if not slots:
        return pieces
    number = rng.randrange(len(slots))
    own = example.annotation.text[slots[number].start : slots[number].end]
    other = rng.choice(values.get((slots[number].name, bool(_CYRILLIC.search(own))), [own]))
    first = next(index for index, piece in enumerate(pieces) if piece.slot == number)
    rest = [piece for index, piece in enumerate(pieces) if piece.slot != number or index == first]
    return [dataclasses.replace(piece, text=other) if piece.slot == number else piece for piece in rest]


KINDS: dict[str, Change] = {"lower": _lower, "upper": _upper, "plain": _plain, "typos": _with_typos}
