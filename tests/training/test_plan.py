import json
from pathlib import Path

import pytest

from model.artifact import read_artifact
from model.directory import MANIFEST
from model.tagger import Tagger
from tests.training.toy import toy_records, write_toy
from training.__main__ import main
from training.config import load_config
from training.data.corpus import load_corpus
from training.plan import plan

NAMES = "features.word_encoders=['vocabulary', 'letter_ngrams', 'gazetteer']"


def test_intents_carry_the_slots_that_stand_beside_them(tmp_path: Path) -> None:
    config = write_toy(tmp_path)
    for joint, expected in (("false", ()), ("true", (("date", "destination"), ("date", "origin")))):
        loaded = load_config(config, [f"joint={joint}"])
        assert plan(loaded, load_corpus(loaded, tmp_path)[0].examples).scheme.carried == expected


def test_a_tagger_with_names_and_joint_answers_is_trained_served_and_the_same_again(tmp_path: Path) -> None:
    config = write_toy(tmp_path)
    command = [
        "train",
        str(config),
        "--data",
        str(tmp_path),
        "--quiet",
        "--set",
        NAMES,
        "--set",
        "joint=true",
        "--set",
        "augment.values=0.5",
    ]
    for out in ("one", "again"):
        assert main([*command, "--out", str(tmp_path / out)]) == 0
    assert (tmp_path / "one" / MANIFEST).read_bytes() == (tmp_path / "again" / MANIFEST).read_bytes()
    artifact = read_artifact(tmp_path / "one")
    assert artifact.gazetteer is not None
    assert artifact.gazetteer.lists == artifact.labels.slots
    tagger = Tagger.load(tmp_path / "one")
    tagger.replay()
    records = toy_records()
    together = tagger.annotate_batch([tagger.prepare(str(record["text"])) for record in records])
    for record, annotation in zip(records, together, strict=True):
        assert [{"start": s.start, "end": s.end, "label": s.name} for s in annotation.slots] == record["spans"]
        alone = tagger.annotate(str(record["text"]))
        assert alone.label_probabilities_TL is not None
        assert annotation.label_probabilities_TL is not None
        assert abs(alone.label_probabilities_TL - annotation.label_probabilities_TL).max() <= 1e-6


@pytest.mark.parametrize(("invent", "invented"), [("true", True), ("false", False)])
def test_contexts_are_invented_only_where_that_is_asked_for(tmp_path: Path, invent: str, invented: bool) -> None:
    config = write_toy(tmp_path)
    record = {"text": "Oslo", "spans": [{"start": 0, "end": 4, "label": "origin"}], "requested": ["origin"]}
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(each) + "\n" for each in [*toy_records(), record]))
    overrides = ["features.context=['expected_slots']", "slots=['date', 'destination', 'origin']", f"invent_context={invent}"]
    source = "train=[{path='train.jsonl', convert='requested', dialogue=1.0}]"
    examples = load_corpus(load_config(config, [*overrides, source]), tmp_path)[0].examples
    assert examples[-1].asked == ("origin",)
    assert any(example.asked for example in examples[:-1]) == invented
