"""Records that a format can carry whole, drawn at random; and a file of each format written by hand, in words of our own."""

from collections.abc import Sequence

from hypothesis import strategies as st

from model.text import tokenize
from training.data.records import Record

# Words with what is nasty in some format: marks, colons, quotes, hashes, other scripts, signs of two UTF-16 units.
WORDS = [
    "to",
    "Oslo",
    "Ulan",
    "from",
    "7:30",
    "x]",
    "(b",
    "{c}",
    "#",
    "#tag",
    "- d",
    '"e"',
    "o'clock",
    "Омск",
    "é",
    "😀",
    "👩🏽‍🚒",
    "&",
    ":",
    "no",
    "|",
]
LABELS = ["city", "place.to", "O-ring", "a:b", "дата"]
INTENTS = ["book", "no", "faq/ask", "7", "отмена"]
PLAIN = ["to", "Oslo", "Ulan", "from", "7", "Омск", "😀", "please"]


@st.composite
def utterance(draw: st.DrawFn, *, words: Sequence[str] = WORDS, beside: Sequence[str] = ()) -> Record:
    """Some words with one or two spaces between, and spans on word borders that do not overlap.

    ``beside``: which further fields of an utterance ("lang", "id") and of a span ("value", "role", "group", "entity") it may have.
    """
    said = draw(st.lists(st.sampled_from(list(words)), min_size=1, max_size=8))
    text = "".join(word + draw(st.sampled_from([" ", " ", "  "])) for word in said[:-1]) + said[-1]
    tokens = tokenize(text)
    borders = sorted(draw(st.sets(st.integers(0, len(tokens)), max_size=4)))
    spans = []
    for start, end in zip(borders[::2], borders[1::2], strict=False):
        span: Record = {"start": tokens[start].start, "end": tokens[end - 1].end, **draw(labelled(beside))}
        if span.get("value") == text[span["start"] : span["end"]]:
            del span["value"]  # what is the same needs no saying
        spans.append(span)
    record: Record = {"text": text, "spans": spans, "intent": draw(st.sampled_from(INTENTS))}
    if "lang" in beside:
        record["lang"] = "en"
    if "id" in beside:
        record["id"] = draw(st.sampled_from(["a7", "8"]))
    return record


@st.composite
def labelled(draw: st.DrawFn, beside: Sequence[str]) -> Record:
    """The name of a span and what stands beside it."""
    span: Record = {"label": draw(st.sampled_from(LABELS))}
    if "role" in beside and draw(st.booleans()):
        role = draw(st.sampled_from(["from", "to"]))
        span = {"label": f"place.{role}", "entity": "place", "role": role}
    elif "kind" in beside and draw(st.booleans()):
        span["entity"] = "place"
    for name in ("group", "value"):
        if name in beside and draw(st.booleans()):
            span[name] = draw(st.sampled_from(["1", "New York"]))
    return span


CITIES: Record = {"entity": "city", "entries": [{"value": "Oslo", "phrases": []}, {"value": "Ulan Bator", "phrases": []}]}
NAMED: Record = {"entity": "city", "entries": [{"value": "Oslo", "phrases": ["Christiania"]}, {"value": "Cork", "phrases": []}]}
STRICT: Record = {**NAMED, "automatically_extensible": False}
SYNONYM: Record = {"entity": None, "entries": [{"value": "New York", "phrases": ["NYC", "the big apple"]}]}
PATTERN: Record = {"regex": "code", "patterns": ["[A-Z]{6}", "- \\d"]}

SPANS = ("value", "role", "group")
CARRIED: dict[str, tuple[st.SearchStrategy[Record], list[Record]]] = {  # the utterances and the other records that a format carries whole
    "jsonl": (utterance(beside=("lang", "id", "kind", *SPANS)), [NAMED, STRICT, SYNONYM, PATTERN]),
    "rasa": (utterance(beside=SPANS).filter(lambda record: "]" not in record["text"]), [SYNONYM, CITIES, PATTERN]),
    "snips": (utterance(beside=("lang", "kind")), [STRICT]),
    "label-studio": (utterance(beside=("lang", "id", "kind", *SPANS)), []),
    "doccano": (utterance(beside=("lang", "id")), []),
    "conll": (utterance(beside=("lang", "id")), []),
    "seq": (utterance(words=PLAIN).map(lambda record: respaced(record)), []),
}


def respaced(record: Record) -> Record:
    """The same with one space between words."""
    text = " ".join(token.text for token in tokenize(record["text"]))
    starts = dict(zip((t.start for t in tokenize(record["text"])), (t.start for t in tokenize(text)), strict=True))
    ends = dict(zip((t.end for t in tokenize(record["text"])), (t.end for t in tokenize(text)), strict=True))
    return {**record, "text": text, "spans": [{**s, "start": starts[s["start"]], "end": ends[s["end"]]} for s in record["spans"]]}


KEYS = [
    "text",
    "spans",
    "intent",
    "start",
    "end",
    "label",
    "labels",
    "entities",
    "cats",
    "data",
    "annotations",
    "result",
    "value",
    "type",
    "choices",
    "intents",
    "utterances",
    "entity",
    "slot_name",
    "language",
    "synonyms",
    "id",
    "entries",
    "phrases",
    "patterns",
    "regex",
    "nlu",
    "examples",
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)
RASA = """\
version: "3.1"
nlu:
- intent: book_trip
  examples: |
    - from [NYC]{"entity": "place", "role": "departure", "value": "New York"} to [Oslo](place)
    - two beds near [the old port](place:harbour)

- intent: no
  examples:
  - text: |
      not at all
    metadata:
      sentiment: sad
- synonym: New York
  examples: |
    - the big apple
- lookup: place
  examples: |
    - Ulan Bator
- regex: code
  examples: |
    - [A-Z]{6}
stories:
- story: not ours
"""
SNIPS = """\
{"language": "en",
 "intents": {"bookTrip": {"utterances": [
   {"data": [{"text": "to "}, {"text": "Oslo", "entity": "city", "slot_name": "destination"}, {"text": " at "},
             {"text": "noon", "entity": "snips/datetime", "slot_name": "when"}]}]}},
 "entities": {"city": {"data": [{"value": "Oslo", "synonyms": ["Christiania"]}], "use_synonyms": true, "automatically_extensible": false,
                       "matching_strictness": 1.0},
              "snips/datetime": {}}}
"""
LABEL_STUDIO = """\
[{"id": 31, "data": {"text": "😀 to Oslo", "lang": "en"}, "annotations": [
   {"id": 1, "was_cancelled": true, "result": []},
   {"id": 2, "was_cancelled": false, "result": [
     {"id": "r1", "type": "labels", "from_name": "label", "to_name": "text",
      "value": {"start": 6, "end": 10, "text": "Oslo", "labels": ["city"]}},
     {"id": "r2", "type": "choices", "from_name": "intent", "to_name": "text", "value": {"choices": ["book_trip"]}}]}]},
 {"id": 32, "data": {"text": "later"}, "annotations": []}]
"""
DOCCANO = """\
{"id": 1, "text": "to Oslo", "label": [[3, 7, "city"]]}
{"id": 2, "text": "to Oslo", "entities": [{"id": 5, "label": "city", "start_offset": 3, "end_offset": 7}], "relations": [], "Comments": []}
{"id": 3, "text": "to Oslo", "entities": [[3, 7, "city"]], "cats": ["book_trip"]}
{"id": 4, "text": "hello", "label": ["greet"]}
"""
CONLL = """\
-DOCSTART- -X- O O

# intent: book_trip
# newdoc = nobody's
to TO O
Ulan NN B-city
Bator NN I-city

# text: Oslo, now
Oslo\tS-city
,\tO
now\tB-date

# O
"""
