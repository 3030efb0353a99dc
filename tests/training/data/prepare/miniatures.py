"""A made-up miniature of every publisher's files, and the records that it must give."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.training.data.marking import marked


@dataclass(frozen=True)
class Miniature:
    """``files``: path to contents; ``expected``: file to records or lines, in order."""

    files: dict[str, str]
    expected: dict[str, list[dict[str, object] | str]]
    dropped: dict[str, int] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        for name, contents in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(contents.encode())
        return folder


def rec(text: str, intent: str | None, source: str, lang: str = "en", **more: object) -> dict[str, object]:
    plain, spans = marked(text)
    for span in spans:
        span.pop("slot_full")
    return {"text": plain, "spans": spans, "intent": intent, "lang": lang, "source": source, **more}


def _turn(speaker: str, text: str, *frames: dict[str, object]) -> dict[str, object]:
    return {"speaker": speaker, "utterance": text, "frames": list(frames)}


def _frame(service: str, intent: str, acts: Sequence[object] | None = (), **more: object) -> dict[str, object]:
    actions = {} if acts is None else {"actions": list(acts)}
    state = {"active_intent": intent, "requested_slots": more.get("asks", [])}
    return {"service": service, "slots": more.get("slots", []), **actions, "state": state}


def _said(act: str, slot: str, *values: str) -> dict[str, object]:
    return {"act": act, "slot": slot, "values": list(values), "canonical_values": [value.lower() for value in values]}


ULM = [{"slot": "to_location", "start": 9, "exclusive_end": 12}]
BUS = _turn("USER", "A bus to Ulm.", _frame("Buses_1", "FindBus", [_said("INFORM", "to_location", "Ulm")], slots=ULM))
BANK = _turn("USER", "What do I own?", _frame("Banks_1", "CheckBalance", [_said("REQUEST", "balance")], asks=["balance"]))
PAY, PLAY = _frame("Buses_1", "BuyTicket", [_said("SELECT", "")]), _frame("Music_1", "PlaySong", [_said("INFORM", "genre", "Jazz")])
BOTH = _turn("USER", "Pay it, then play jazz", PAY, PLAY)
DONE = _turn("USER", "That is all", _frame("Buses_1", "NONE", [_said("GOODBYE", "")]))
OLD = _turn("USER", "A bus to Ulm.", _frame("Buses_1", "FindBus", None, slots=ULM))
WHEN = _turn("SYSTEM", "On which day?", {"service": "Buses_1", "slots": [], "actions": []})
MUCH = _turn("SYSTEM", "Ten crowns.", {"service": "Banks_1", "slots": [], "actions": []})
SGD = {
    "train/dialogues_001.json": json.dumps([{"dialogue_id": "1_00000", "turns": [BUS, WHEN, BOTH, BANK, MUCH, DONE]}]),
    "train/dialogues_037.json": json.dumps([{"dialogue_id": "37_00000", "turns": [OLD]}]),
    "dev/dialogues_001.json": json.dumps([{"dialogue_id": "1_00007", "turns": [BUS]}]),
}
ULM_SPAN = {"start": 9, "end": 12, "label": "to_location", "slot_full": "Buses_1/to_location"}
TO_ULM = ["INFORM", "to_location", ["Ulm"], ["ulm"]]


def _bus(source: str, **more: object) -> dict[str, object]:
    made = rec("A bus to Ulm.", "FindBus", f"sgd/{source}", service="Buses_1", **more)
    return {**made, "spans": [ULM_SPAN]}


def _tags(name: str) -> Miniature:
    parts = {"train": ("fly to  new york\nstop\n", "O O B-toloc I-toloc\nO\n"), "valid": ("from oslo \n", "O B-fromloc \n")}
    files = {f"{part}/{file}": text for part, pair in parts.items() for file, text in zip(("seq.in", "seq.out"), pair, strict=True)}
    return Miniature(
        files | {"train/label": "flight\nend\n", "valid/label": "flight\n"},
        {
            "train.jsonl": [rec("fly to [new york](toloc)", "flight", f"{name}/train/0"), rec("stop", "end", f"{name}/train/1")],
            "valid.jsonl": [rec("from [oslo](fromloc)", "flight", f"{name}/valid/0")],
        },
    )


def _nlupp(domain: str) -> Miniature:
    monday = {"text": "monday", "span": [5, 11], "value": {"day": 21}}
    any_day = {"text": "on monday", "span": [2, 11], "values": [{"day": 21}, {"day": 28}]}
    folds = {
        "0": [{"text": "yes", "intents": ["affirm"]}, {"text": "I am there"}],
        "16": [{"text": "b on monday", "intents": ["back", "change"], "slots": {"date": monday, "period": any_day}}],
    }
    nested = [{"start": 2, "end": 11, "label": "period"}, {"start": 5, "end": 11, "label": "date"}]
    values = {"date": {"day": 21}, "period": None}
    held = rec("b on monday", "back+change", f"nlupp/{domain}/fold16/0", intents=["back", "change"], overlap=True, values=values)
    return Miniature(
        {f"{domain}/fold{number}.json": json.dumps(fold) for number, fold in folds.items()},
        {
            "train.jsonl": [
                rec("yes", "affirm", f"nlupp/{domain}/fold0/0", intents=["affirm"]),
                rec("I am there", None, f"nlupp/{domain}/fold0/1", intents=[]),
            ],
            "valid.jsonl": [{**held, "spans": nested}],
        },
    )


def _massive(lang: str, locale: str, words: Sequence[str]) -> Miniature:
    rows = [
        {"id": str(number), "partition": part, "intent": "alarm_set", "utt": "", "annot_utt": text}
        for number, (part, text) in enumerate(zip(("train", "test", "dev", "train"), words, strict=True))
    ]
    shown = [text.replace("[time : ", "[").replace("]", "](time)") for text in words]
    return Miniature(
        {f"{locale}.jsonl": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)},
        {
            "train.jsonl": [rec(shown[number], "alarm_set", f"massive/{lang}/train/{number}", lang) for number in (0, 3)],
            "valid.jsonl": [rec(shown[2], "alarm_set", f"massive/{lang}/dev/2", lang)],
        },
        {"the test part": 1},
    )


def _asked(text: str, labels: Sequence[tuple[str, int, int]] = (), asked: Sequence[str] = ()) -> dict[str, object]:
    placed = [{"slot": slot, "valueSpan": ({"startIndex": start} if start else {}) | {"endIndex": end}} for slot, start, end in labels]
    context = {"context": {"requestedSlots": list(asked)}} if asked else {}
    return {"userInput": {"text": text}} | context | ({"labels": placed} if placed else {})


RESTAURANTS = [
    _asked("9 of us", [("people", 0, 1)], ["people"]),
    _asked("in an hour", [("time", 0, 10), ("date", 0, 10)]),
    _asked("at  six please", [("time", 3, 8)]),
    _asked("Terrace 15"),
    _asked("terrace 15"),
    _asked("hm", [("time", 1, 9)]),
]
IN_AN_HOUR = [{"start": 0, "end": 10, "label": "time"}, {"start": 0, "end": 10, "label": "date"}]

SNIPS_PIECES = {
    "PlayMusic": [
        [(" play ", ""), ("Nena", "artist"), (" now ", "")],
        [("Stop it.", "")],
        [("stop it", "")],
        [("Never again!", "")],
        [("loud", "")],
    ],
    "RateBook": [[("Give ", ""), ("é", "name"), (" five", "")]],
}
SNIPS_FILES = {
    f"{intent}/train_{intent}_full.json": json.dumps(
        {intent: [{"data": [{"text": text} | ({"entity": label} if label else {}) for text, label in pieces]} for pieces in texts]},
        ensure_ascii=False,
    )
    for intent, texts in SNIPS_PIECES.items()
}

HWU = "answerid;scenario;intent;answer_annotation;answer_from_anno;answer_from_user\n"
TSV = "\t".join(("conversationId", "turnNumber", "sentenceNumber", "utteranceId", "utterance", "slot-labels", "intent")) + "\n"

MINIATURES: dict[str, Miniature] = {
    "sgd": Miniature(
        SGD,
        {
            "train.jsonl.gz": [
                _bus("train/Buses_1/1_00000/0", acts=[TO_ULM]),
                rec(
                    "Pay it, then play jazz",
                    "PlaySong",
                    "sgd/train/Buses_1+Music_1/1_00000/2",
                    service=["Buses_1", "Music_1"],
                    acts=[["SELECT", "", [], []], ["INFORM", "genre", ["Jazz"], ["jazz"]]],
                ),
                rec("That is all", None, "sgd/train/Buses_1/1_00000/5", service="Buses_1", acts=[["GOODBYE", "", [], []]]),
                _bus("train/Buses_1/37_00000/0", rev="0168cd3"),
            ],
            "system_train.jsonl.gz": [{"text": "On which day?", "lang": "en", "source": "sgd/train/Buses_1/1_00000/1"}],
            "valid.jsonl.gz": [_bus("dev/Buses_1/1_00007/0", acts=[TO_ULM])],
        },
    ),
    "sgd_other": Miniature(
        SGD,
        {
            "train.jsonl.gz": [
                rec(
                    "What do I own?",
                    "CheckBalance",
                    "sgd/train/Banks_1/1_00000/3",
                    service="Banks_1",
                    acts=[["REQUEST", "balance", [], []]],
                    asks=["balance"],
                )
            ],
            "system_train.jsonl.gz": [{"text": "Ten crowns.", "lang": "en", "source": "sgd/train/Banks_1/1_00000/4"}],
        },
    ),
    "cod_ru": Miniature(
        {"ru_dev.json": json.dumps([{"dialogue_id": "2_1", "turns": [{**DONE, "utterance": "Это всё"}, WHEN]}], ensure_ascii=False)},
        {
            "valid.jsonl": [
                rec("Это всё", None, "cod/ru_dev/Buses_1/2_1/0", "ru", service="Buses_1", acts=[["GOODBYE", "", [], []]]),
            ],
            "system_valid.jsonl": [{"text": "On which day?", "lang": "ru", "source": "cod/ru_dev/Buses_1/2_1/1"}],
        },
    ),
    "restaurants8k": Miniature(
        {"train_0.json": json.dumps(RESTAURANTS)},
        {
            "train.jsonl": [
                rec("[9](people) of us", None, "restaurants8k/train_0/0", requested=["people"]),
                {**rec("in an hour", None, "restaurants8k/train_0/1", overlap=True), "spans": IN_AN_HOUR},
                rec("at  [six](time) please", None, "restaurants8k/train_0/2"),
            ],
            "valid.jsonl": [rec("Terrace 15", None, "restaurants8k/train_0/3"), rec("terrace 15", None, "restaurants8k/train_0/4")],
        },
        {"a span that is empty or outside the text": 1},
    ),
    "nlupp_hotels": _nlupp("hotels"),
    "nlupp_banking": _nlupp("banking"),
    "multidogo_airline_sentence": Miniature(
        {
            "train.tsv": TSV
            + "c1\t0\t0\t<CONV>c1<TURN>0\tfly to new york may 3\tO O to to day day\tbook<div>other\n"
            + 'c1\t1\t0\t<CONV>c1<TURN>1\t\tO\tother\nc1\t2\t0\t<CONV>c1<TURN>2\t"to \nulm"\tO O to\tbook\n',
            "dev.tsv": TSV + "c2\t0\t0\t<CONV>c2<TURN>0\thello\tO\tgreeting\n",
        },
        {
            "train.jsonl": [
                rec("fly to [new york](to) [may 3](day)", "book+other", "multidogo/airline/sentence/<CONV>c1<TURN>0"),
            ],
            "valid.jsonl": [rec("hello", "greeting", "multidogo/airline/sentence/<CONV>c2<TURN>0")],
        },
        {"no text": 1, "a line break in the text: not as many labels as tokens": 1},
    ),
    "clinc150": Miniature(
        {
            "data_full.json": json.dumps(
                {"oos_val": [["ben nevis", "oos"]], "val": [["a cab", "uber"]], "train": [["late", "alert"]], "oos_train": [["how", "oos"]]}
            )
        },
        {
            "train.jsonl": [rec("late", "alert", "clinc150/train/0"), rec("how", "oos", "clinc150/oos_train/0")],
            "valid.jsonl": [rec("a cab", "uber", "clinc150/val/0"), rec("ben nevis", "oos", "clinc150/oos_val/0")],
        },
    ),
    "snips_raw": Miniature(
        SNIPS_FILES | {"valid/seq.in": "stop it \n", "test/seq.in": "never again\n"},
        {
            "train.jsonl": [
                rec("play [Nena](artist) now", "PlayMusic", "snips_raw/train/PlayMusic/0"),
                rec("stop it", "PlayMusic", "snips_raw/train/PlayMusic/2"),
                rec("loud", "PlayMusic", "snips_raw/train/PlayMusic/4"),
                rec("Give [é](name) five", "RateBook", "snips_raw/train/RateBook/0"),
            ],
        },
        {"stands in the validation part of snips": 1, "stands in the test part of snips": 1},
    ),
    "chatbot_transport": Miniature(
        {
            "ChatbotCorpus.json": json.dumps(
                {
                    "sentences": [
                        {"text": "when?", "intent": "Departure", "entities": [], "training": False},
                        {
                            "text": "from kiel to bad ulm?",
                            "intent": "Connection",
                            "entities": [{"entity": "Dest", "start": 3, "stop": 4, "text": "bad ulm"}],
                            "training": True,
                        },
                    ]
                }
            )
        },
        {"train.jsonl": [rec("from kiel to [bad ulm](Dest)?", "Connection", "chatbot/1")]},
        {"the test part": 1},
    ),
    "massive_en": _massive("en", "en-US", ("ring at [time : nine]", "ring", "wake us", "ring [time : now] or [time : never]")),
    "massive_ru": _massive("ru", "ru-RU", ("звони в [time : девять]", "звони", "буди нас", "[time : сейчас] звони")),
    "hwu64": Miniature(
        {
            "en-US.jsonl": '{"partition": "test", "utt": "stop the bell"}\n{"partition": "train", "utt": "ring at nine"}\n',
            "alarm_set.csv": HWU + '12;alarm;set;"ring at [time : nine]";"";""\n13;alarm;set;"Stop the bell.";"";""\n',
            "alarm_query.csv": HWU + '9;alarm;query;"is [person : ann\'s] bell on";"";""\n',
        },
        {
            "train.jsonl": [
                rec("is [ann's](person) bell on", "alarm_query", "hwu64/kfold1/train/9"),
                rec("ring at [nine](time)", "alarm_set", "hwu64/kfold1/train/12"),
            ]
        },
        {"stands in the test part of MASSIVE": 1},
    ),
    "gazetteer": Miniature(
        {
            "world-cities.csv": 'name,country,subcountry,geonameid\n"Here, There",Nowhere,,1\n',
            "cities/AA.json": json.dumps(
                [
                    {
                        "id": 1,
                        "name": "Here",
                        "country_code": "AA",
                        "latitude": "1.0",
                        "longitude": "2.0",
                        "native": "Hier",
                        "translations": {"ru": "Здесь", "de": "Hier"},
                        "population": 9,
                        "type": "city",
                        "wikiDataId": "Q0",
                    },
                    {"name": "There", "country_code": "AA", "latitude": "3", "longitude": "4", "native": None, "population": None},
                ]
            ),
        },
        {
            "world-cities.csv": ["name,country,subcountry,geonameid\n", '"Here, There",Nowhere,,1\n'],
            "cities_dr5hn.jsonl.gz": [
                {
                    "name": "Here",
                    "cc": "AA",
                    "lat": "1.0",
                    "lon": "2.0",
                    "native": "Hier",
                    "ru": "Здесь",
                    "population": 9,
                    "type": "city",
                    "wikidata": "Q0",
                },
                {"name": "There", "cc": "AA", "lat": "3", "lon": "4"},
            ],
        },
    ),
    "snips": _tags("snips"),
    "atis": _tags("atis"),
}
