"""SNIPS in its own spelling (Coucke et al. 2018): a JSON file an intent, each text in pieces, a piece with an ``entity`` or without.

>>> {"PlayMusic": [{"data": [{"text": "play "}, {"text": "Nena", "entity": "artist"}, {"text": " now "}]}]}
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

from training.data.prepare.forms import Item, item, letters, mark, record
from training.data.prepare.raw import parse_json, read_text
from training.data.records import Dropped, Record

INTENTS = ("AddToPlaylist", "BookRestaurant", "GetWeather", "PlayMusic", "RateBook", "SearchCreativeWork", "SearchScreeningEvent")
TAKEN = ("valid/seq.in", "test/seq.in")
NAMES = (*TAKEN, *(f"{intent}/train_{intent}_full.json" for intent in INTENTS))


def convert(folder: Path, files: Iterable[str]) -> Iterator[Item]:
    """All utterances but those that SlotGated's split of the same set (source ``snips``) holds out.

    One copy is left out for each utterance of its validation part, every copy of one of its test part.
    """
    held_out: dict[str, Counter[str]] = {}
    for file in files:
        if file in TAKEN:
            held_out[file] = Counter(map(letters, read_text(folder / file).splitlines()))
            continue
        intent = PurePath(file).parent.name
        for number, given in enumerate(parse_json(read_text(folder / file, otherwise="latin-1"), folder / file)[intent]):
            text, spans = _joined(given["data"])
            if reason := _held_out(_mended(text), held_out):
                yield Dropped(reason)
            else:
                yield item("train", record(text, spans, intent, f"snips_raw/train/{intent}/{number}"))


def _joined(pieces: list[dict[str, str]]) -> tuple[str, list[Record]]:
    text, spans = "", []
    for piece in pieces:
        if "entity" in piece:
            spans.append(mark(len(text), len(text) + len(piece["text"]), piece["entity"]))
        text += piece["text"]
    lead = len(text) - len(text.lstrip())
    return text.strip(), [{**span, "start": max(span["start"] - lead, 0), "end": span["end"] - lead} for span in spans]


def _mended(text: str) -> str:
    """UTF-8 that was read as Latin-1, for a file that is broken UTF-8, read aright; the record keeps what the file says."""
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def _held_out(text: str, held_out: dict[str, Counter[str]]) -> str:
    valid, test = (held_out.get(file, Counter()) for file in TAKEN)
    key = letters(text)
    if valid[key] > 0:
        valid[key] -= 1
        return "stands in the validation part of snips"
    return "stands in the test part of snips" if test[key] else ""
