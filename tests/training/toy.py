"""A toy corpus in which only the verb tells the role, and a config small enough to learn it in a second."""

import itertools
import json
from pathlib import Path

VERBS = {"arrive in": "destination", "leave": "origin", "fly to": "destination", "depart from": "origin"}
CITIES = ("Oslo", "Porto", "Tuzla", "Gdansk", "Taipei", "New York")
ENDINGS = ("", " please", " on 3 May")


def toy_records() -> list[dict[str, object]]:
    """Every verb with every city and ending."""
    records: list[dict[str, object]] = []
    for (verb, role), city, ending in itertools.product(VERBS.items(), CITIES, ENDINGS):
        start = len(f"I want to {verb} ")
        spans = [{"start": start, "end": start + len(city), "label": role}]
        text = f"I want to {verb} {city}{ending}"
        if ending.endswith("May"):
            spans.append({"start": len(text) - 5, "end": len(text), "label": "date"})
        records.append({"text": text, "spans": spans, "intent": "go" if role == "destination" else "quit", "source": "toy/1"})
    return records


CONFIG = """
name = "toy"
version = "1.0.0"
samples = ["I want to leave Oslo"]
[features]
ngram_buckets = 64
[network]
word_dim = 12
ngram_dim = 8
hidden = 12
attention_dim = 8
input_dropout = 0.1
state_dropout = 0.1
[fit]
epochs = 14
patience = 14
batch_words = 40
learning_rate = 2e-2
warmup_steps = 5
ema_decay = 0.9
threads = 1
[[train]]
path = "train.jsonl"
[[valid]]
path = "valid.jsonl"
"""


def write_toy(folder: Path) -> Path:
    """``toy.toml``, ``train.jsonl`` and ``valid.jsonl`` in ``folder``; returns the config's path."""
    records = toy_records()
    for name, part in (("train", records[::2] + records[1::4]), ("valid", records[3::4])):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in part), encoding="utf-8")
    (folder / "toy.toml").write_text(CONFIG, encoding="utf-8")
    return folder / "toy.toml"
