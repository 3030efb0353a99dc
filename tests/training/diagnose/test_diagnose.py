import json
import math
import random
from pathlib import Path

import pytest
import torch

from model.errors import ConfigError
from tests.training.diagnose.test_jacobians import batch_of, network_of
from tests.training.toy import write_toy
from training.__main__ import main
from training.diagnose.jacobians import named_cells, norms_by_lag
from training.diagnose.kinds import kind_of
from training.diagnose.longlag import ROLES, LagBudget, learn, utterance
from training.diagnose.recorder import GradientRecorder, group_of
from training.diagnose.surface import OneUnit, RecurrencePlane, descend, grid
from training.diagnose.verdict import EXPLODING, HEALTHY, VANISHING, judge


@pytest.mark.parametrize(
    ("name", "scale", "verdict"),
    [("elman", 0.05, VANISHING), ("elman-relu", 20.0, EXPLODING), ("irnn", 1.0, HEALTHY), ("jordan", 0.01, VANISHING)],
)
def test_constructed_networks_get_the_verdict_that_they_are_built_for(name: str, scale: float, verdict: str) -> None:
    network = network_of(name, scale=scale)
    for cell in named_cells(network).values():
        with torch.no_grad():
            cell.b_ih.fill_(1.0)
    kind = kind_of(name)
    found = judge(norms_by_lag(network, [batch_of(6)]), lag=5, cell=kind.cell, activation=kind.activation)
    assert found.kind == verdict
    assert found.reasons
    assert found.advice


def test_a_recorder_has_the_norm_of_every_group_of_every_step() -> None:
    network, recorder = network_of("lstm"), GradientRecorder(clip_norm=0.5)
    norms = []
    for step in (1, 2, 3):
        network.zero_grad()
        (network(batch_of(4).word_ids_BT, batch_of(4).ngram_ids_BTK).tags_BTC.square().sum() * step).backward()
        norms.append(math.sqrt(sum(float(p.grad.square().sum()) for p in network.parameters() if p.grad is not None)))
        recorder(step, network, norms[-1])
    history = recorder.history()
    assert history.norms == pytest.approx(norms)
    joined = [math.sqrt(sum(group[step] ** 2 for group in history.groups.values())) for step in range(3)]
    assert joined == pytest.approx(norms, rel=1e-5)
    assert [step for step, _ in history.clipped] == [step for step, norm in zip((1, 2, 3), norms, strict=True) if norm > 0.5]
    json.dumps(history.to_dict())


def test_every_parameter_has_a_group() -> None:
    groups = {group_of(name) for cell in ("jordan", "lstm") for name, _ in network_of(cell, direction="both").named_parameters()}
    assert groups == {
        *("embeddings", "slot head", "intent head"),
        *(f"layer0.{way} {part}" for way in ("forward", "backward") for part in ("w_ih", "w_hh", "biases")),
    }


def test_a_surface_has_the_loss_of_the_solution_in_its_middle_and_leaves_the_network_alone() -> None:
    network = network_of("elman")
    before = {name: parameter.clone() for name, parameter in network.named_parameters()}
    plane = RecurrencePlane(network, [batch_of(4)], intent_weight=0.5, seed=1)
    middle = plane.loss(0.0, 0.0)
    assert grid(plane, (-0.5, 0.0, 0.5), (0.0,))[0][1] == middle
    nearby = (plane.loss(1e-3, 0.0) - plane.loss(-1e-3, 0.0)) / 2e-3
    assert plane.gradient(0.0, 0.0)[0] == pytest.approx(nearby, rel=0.05, abs=1e-4)
    assert all(torch.equal(parameter, before[name]) for name, parameter in network.named_parameters())


def test_clipping_bounds_every_step_of_a_descent() -> None:
    walk = descend(OneUnit(), (6.1, -2.75), rate=0.8, steps=20, clip_norm=0.05)
    lengths = [math.dist(one, other) for one, other in zip(walk.points, walk.points[1:], strict=False)]
    assert max(lengths) <= 0.8 * 0.05 * (1 + 1e-9)
    assert walk.clippings > 0


def test_only_the_first_word_tells_the_role_of_the_last() -> None:
    example = utterance(5, "from", random.Random(1))
    assert len(example.annotation.tokens) == 6
    assert (example.annotation.tokens[0].text, example.annotation.slots[0].name) == ("from", ROLES["from"])


def test_a_short_lag_is_learned_and_a_jordan_network_guesses() -> None:
    budget = LagBudget(passes=10, examples=320, hidden=16)
    assert learn(kind_of("gru"), 2, 1, budget).accuracy > 0.95
    assert learn(kind_of("jordan"), 4, 1, budget).accuracy < 0.8


@pytest.mark.parametrize("name", ["lstn", "gru-relu", "elman-gelu", "feedforward"])
def test_a_network_that_is_not_there_is_refused_by_name(name: str) -> None:
    with pytest.raises(ConfigError, match="is not allowed"):
        kind_of(name)


def test_the_command_writes_a_page_the_plots_and_the_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.diagnose.run._SIDE", 4)
    monkeypatch.setattr("training.diagnose.run._STEPS", 5)
    config = write_toy(tmp_path)
    command = ["diagnose", str(config), "--data", str(tmp_path), "--out", str(tmp_path / "out"), "--quiet"]
    assert main([*command, "--cells", "elman", "lstm", "--epochs", "1"]) == 0
    said = capsys.readouterr().out
    assert "elman, fresh: " in said
    assert "lstm, trained: " in said
    names = {path.name for path in (tmp_path / "out").iterdir()}
    plots = {f"{cell}-{what}.png" for cell in ("elman", "lstm") for what in ("norms", "training", "surface")}
    assert names == {"diagnose.html", "diagnose.json", "one-unit.png", *plots}
    figures = json.loads((tmp_path / "out" / "diagnose.json").read_text())
    assert [each["network"] for each in figures["networks"]] == ["elman", "lstm"]
    assert main(["train", str(config), "--data", str(tmp_path), "--out", str(tmp_path / "net"), "--quiet", "--set", "fit.epochs=1"]) == 0
    assert main([*command, "--artifact", str(tmp_path / "net")]) == 0
    assert "net, trained: " in capsys.readouterr().out


def test_a_training_run_can_record_its_gradients_and_gives_the_same_artefact(tmp_path: Path) -> None:
    config = write_toy(tmp_path)
    for out, flags in (("plain", []), ("watched", ["--diagnose"])):
        command = ["train", str(config), "--data", str(tmp_path), "--out", str(tmp_path / out), "--quiet", "--set", "fit.epochs=2", *flags]
        assert main(command) == 0
    assert (tmp_path / "plain" / "manifest.json").read_bytes() == (tmp_path / "watched" / "manifest.json").read_bytes()
    recorded = json.loads((tmp_path / "watched.gradients.json").read_text())
    assert len(recorded["norms"]) == recorded["steps"] > 0
    assert {path.name for path in tmp_path.glob("*.gradients.*")} == {"watched.gradients.json", "watched.gradients.png"}
