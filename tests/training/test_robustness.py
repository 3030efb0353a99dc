import dataclasses

import pytest

from model.labels import Intent
from model.tagger import Tagger
from tests.training.toy import write_toy
from training.__main__ import main
from training.config import load_config
from training.data.augment import KINDS, rewritten
from training.data.corpus import load_corpus
from training.data.records import Example
from training.robustness import bearings, scope


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tagger, list[Example]]:
    folder = tmp_path_factory.mktemp("toy")
    config = write_toy(folder)
    assert main(["train", str(config), "--data", str(folder), "--out", str(folder / "out"), "--quiet"]) == 0
    return Tagger.load(folder / "out"), load_corpus(load_config(config), folder)[1].examples


def test_case_and_punctuation_change_nothing_for_a_tagger_that_folds_them(toy: tuple[Tagger, list[Example]]) -> None:
    found = {one.kind: one for one in bearings(*toy)}
    assert set(found) == {"as it was", *KINDS}
    assert (found["as it was"].slot_f1, found["as it was"].same) == (1.0, 1.0)
    for kind in ("lower", "upper", "plain"):
        assert (found[kind].slot_f1, found[kind].same) == (1.0, 1.0)
    assert found["typos"].slot_f1 < 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_rewritten_text_keeps_its_labels_in_order(toy: tuple[Tagger, list[Example]], kind: str) -> None:
    examples = toy[1]
    texts = list(rewritten(examples, kind, 1))
    assert [[s.name for s in e.annotation.slots] for e in texts] == [[s.name for s in e.annotation.slots] for e in examples]
    assert any(one.annotation.text != other.annotation.text for one, other in zip(texts, examples, strict=True))


def test_scope_is_measured_only_where_there_is_such_an_intent(toy: tuple[Tagger, list[Example]]) -> None:
    tagger, examples = toy
    assert scope(tagger, examples) is None
    outside = [dataclasses.replace(e, annotation=e.annotation._replace(intent=Intent("out_of_scope"))) for e in examples[:3]]
    assert scope(tagger, [*examples, *outside]) is None
