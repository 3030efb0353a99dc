"""Every network of the family is trained by the command, served by the service, and answers like any other."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from model.tagger import Tagger
from tests.system.running import Service, running
from tests.training.toy import write_toy
from training.__main__ import main

NETWORKS = {
    "feedforward": ("network.cell=feedforward",),
    "elman": ("network.cell=elman", "network.direction=forward"),
    "elman-sigmoid": ("network.cell=elman", "network.activation=sigmoid"),
    "jordan": ("network.cell=jordan", "network.direction=forward", "network.window=0"),
    "bi-jordan": ("network.cell=jordan", "network.layers=2"),
    "irnn": ("network.cell=irnn",),
    "gru": ("network.cell=gru", "network.layers=2"),
    "lstm": ("network.cell=lstm", "features.word_encoders=['letter_ngrams']"),
    "context": ("features.context=['expected_slots', 'intent']",),
}
TEXTS = ("I want to arrive in Oslo", "leave New York on 3 May please", "?", "Gdansk")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("networks")
    config = write_toy(folder)
    for name, overrides in NETWORKS.items():
        settings = [flag for override in (f"name={name}", "fit.epochs=2", *overrides) for flag in ("--set", override)]
        assert main(["train", str(config), "--data", str(folder), "--out", str(folder / "models" / name), "--quiet", *settings]) == 0
    return folder / "models"


@pytest.fixture(scope="module")
def service(models: Path) -> Iterator[Service]:
    with running(models, "--default-model", "lstm", "--max-wait-s", "30", "--deadline-s", "30") as service:
        yield service


@pytest.mark.parametrize("name", NETWORKS)
def test_a_served_network_answers_what_its_artefact_says(models: Path, service: Service, name: str) -> None:
    tagger = Tagger.load(models / name)
    body = {"model": name, "items": [{"text": text} for text in TEXTS]}
    answered = httpx.post(f"{service.url}/v1/parse/batch", json=body, timeout=20).json()
    assert answered["model"]["name"] == name
    for text, result in zip(TEXTS, answered["results"], strict=True):
        single = tagger.annotate(text)
        assert result["status"] == 200
        assert [(slot["name"], slot["start"], slot["end"]) for slot in result["slots"]] == [(s.name, s.start, s.end) for s in single.slots]
        assert single.intent is not None
        assert result["intent"]["confidence"] == pytest.approx(single.intent.confidence, abs=3e-6)


def test_only_a_network_with_a_context_is_asked_with_one(service: Service) -> None:
    inputs = {model["name"]: model["inputs"] for model in httpx.get(f"{service.url}/v1/models", timeout=20).json()["models"]}
    assert inputs.keys() == NETWORKS.keys()
    assert inputs.pop("context") == ["text", "context.expected_slots", "context.intent"]
    assert set(map(tuple, inputs.values())) == {("text",)}
