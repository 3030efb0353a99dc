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

NAMES = "features.word_encoders=['vocabulary', 'letter_ngrams', 'names']"


def test_intents_carry_the_slots_that_stand_beside_them(tmp_path: Path) -> None:
    config = write_toy(tmp_path)
    for joint, expected in (("false", ()), ("true", (("date", "destination"), ("date", "origin")))):
        loaded = load_config(config, [f"joint={joint}"])
        assert plan(loaded, load_corpus(loaded, tmp_path)[0].examples).scheme.carried == expected


def test_what_followed_what_is_counted_from_the_first_word_on(tmp_path: Path) -> None:
    config = load_config(write_toy(tmp_path), ["follow_weight=0.2"])
    examples = load_corpus(config, tmp_path)[0].examples
    scheme = plan(config, examples).scheme
    times = {(before, tag): count for before, tag, count in scheme.followed}
    assert scheme.follow_weight == 0.2
    assert times[len(scheme.tags), 0] == len(examples)
    assert sum(times.values()) == sum(len(example.annotation.tokens) for example in examples)
    dates = sum(slot.name == "date" for example in examples for slot in example.annotation.slots)
    assert times[1, 2] == dates  # 3 May: B-date, I-date
    assert plan(load_config(tmp_path / "toy.toml"), examples).scheme.followed == ()


def _train(folder: Path, out: str, *settings: str) -> Path:
    flags = [flag for setting in (NAMES, "joint=true", "follow_weight=0.2", *settings) for flag in ("--set", setting)]
    command = ["train", str(folder / "toy.toml"), "--data", str(folder), "--out", str(folder / out), "--quiet"]
    assert main([*command, *flags]) == 0
    return folder / out


def test_with_names_and_joint_answers_the_same_seed_gives_the_same_artefact(tmp_path: Path) -> None:
    write_toy(tmp_path)
    one, again = (_train(tmp_path, out, "fit.epochs=2", "augment.values=0.5", "fit.agreement=0.5") for out in ("one", "again"))
    assert (one / MANIFEST).read_bytes() == (again / MANIFEST).read_bytes()


def test_a_tagger_with_names_and_joint_answers_is_trained_and_served(tmp_path: Path) -> None:
    write_toy(tmp_path)
    _train(tmp_path, "one")
    artifact = read_artifact(tmp_path / "one")
    assert artifact.names is not None
    assert artifact.names.lists == artifact.labels.slots
    assert f" Names: {len(artifact.names.phrases)} in 3 lists. " in artifact.card
    tagger = Tagger.load(tmp_path / "one")
    tagger.replay()
    records = toy_records()
    right = 0
    together = tagger.annotate_batch([tagger.prepare(str(record["text"])) for record in records])
    for record, annotation in zip(records, together, strict=True):
        right += [{"start": s.start, "end": s.end, "label": s.name} for s in annotation.slots] == record["spans"]
        alone = tagger.annotate(str(record["text"]))
        assert alone.label_probabilities_TL is not None
        assert annotation.label_probabilities_TL is not None
        assert abs(alone.label_probabilities_TL - annotation.label_probabilities_TL).max() <= 1e-6
    assert right >= 0.8 * len(records)


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
