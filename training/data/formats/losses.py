"""What a file does not say that its records said: found by reading it again, so that nothing is lost in silence."""

import json
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence

from training.data.records import Record, is_patterns, is_table, utterances

_ABSENT: tuple[object, ...] = (None, [], "", False)


def losses(before: Sequence[Record], after: Sequence[Record]) -> Counter[str]:
    """What ``after`` lacks of ``before``, by kind: "a span's role": 3. What it has besides is no loss."""
    found: Counter[str] = Counter()
    for record, again in _paired(utterances(before), utterances(after)):
        found.update(["an utterance"] if again is None else _differences(record, again))
    had, has = set(_phrases(before)), set(_phrases(after))
    found.update(_lost_phrases(had, has))
    found["a regular expression"] += len(set(_patterns(before)) - set(_patterns(after)))
    found.update(f"{name} of a table" for _, name, _ in set(_options(before)) - set(_options(after)))
    return +found


def _paired(before: Sequence[Record], after: Sequence[Record]) -> Iterator[tuple[Record, Record | None]]:
    """Each utterance with what became of it: the same if it is there, else one of the same text, else one of the same words."""
    left = list(before)
    pairs: list[tuple[Record, Record]] = []
    free = list(after)
    for key in (_whole, _intent_and_text, _text, _words):
        places: dict[str, deque[int]] = defaultdict(deque)
        for place, record in enumerate(free):
            places[key(record)].append(place)
        missing, taken = [], set()
        for record in left:
            if found := places.get(key(record)):
                taken.add(place := found.popleft())
                pairs.append((record, free[place]))
            else:
                missing.append(record)
        left, free = missing, [record for place, record in enumerate(free) if place not in taken]
    yield from pairs
    yield from ((record, None) for record in left)


def _whole(record: Record) -> str:
    return json.dumps(record, sort_keys=True)


def _intent_and_text(record: Record) -> str:
    return f"{record.get('intent')} {record['text']}"


def _text(record: Record) -> str:
    return str(record["text"])


def _words(record: Record) -> str:
    return "".join(str(record["text"]).split())


def _differences(record: Record, again: Record) -> Iterator[str]:
    if record["text"] != again["text"]:
        yield "the spacing of a text"
    for name, value in record.items():
        if name not in ("text", "spans") and value not in _ABSENT and again.get(name) != value:
            yield f"an utterance's {name}"
    yield from _span_differences(record, again)


def _span_differences(record: Record, again: Record) -> Iterator[str]:
    """Spans are compared by the letters before and within them, which spaces do not change."""
    left = [(_place(again, span), span) for span in again.get("spans", ())]
    for span in record.get("spans", ()):
        found = next((pair for pair in left if pair[0] == _place(record, span)), None)
        if found is None:
            yield "a span"
            continue
        left.remove(found)
        for name, value in span.items():
            if name not in ("start", "end", "label") and value not in _ABSENT and found[1].get(name) != value:
                yield f"a span's {name}"


def _place(record: Record, span: Record) -> tuple[int, int, str]:
    before, within = record["text"][: span["start"]], record["text"][span["start"] : span["end"]]
    start = len("".join(before.split()))
    return start, start + len("".join(within.split())), span["label"]


def _phrases(records: Iterable[Record]) -> Iterator[tuple[str | None, str, str]]:
    """(entity, phrase, value) of every table; that a synonym's value means itself goes without saying."""
    for table in filter(is_table, records):
        for entry in table["entries"]:
            own = [] if table["entity"] is None else [entry["value"]]
            yield from ((table["entity"], phrase, entry["value"]) for phrase in (*own, *entry.get("phrases", ())))


def _lost_phrases(had: set[tuple[str | None, str, str]], has: set[tuple[str | None, str, str]]) -> Iterator[str]:
    """A synonym may be carried by its table, or by a table that says it for every slot."""
    listed = {(entity, phrase) for entity, phrase, _ in has}
    for entity, phrase, value in had - has:
        if (entity, phrase) not in listed:
            yield "a synonym" if entity is None else "a phrase of a table"
        elif (None, phrase, value) not in has:
            yield "the value of a phrase"


def _patterns(records: Iterable[Record]) -> Iterator[tuple[str, str]]:
    return ((record["regex"], pattern) for record in filter(is_patterns, records) for pattern in record["patterns"])


def _options(records: Iterable[Record]) -> Iterator[tuple[str | None, str, str]]:
    """(entity, name, value) of what a table says besides its phrases."""
    for table in filter(is_table, records):
        yield from ((table["entity"], name, str(value)) for name, value in table.items() if name not in ("entity", "entries"))
