import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.config import build
from model.errors import ConfigError
from training.config import load_config
from training.sweep.space import Range, Space, Trial, Variant, load_space, trials

SWEEPS = sorted(Path("training/sweeps").glob("*.toml"))


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_every_sweep_of_the_repository_has_trials_that_its_config_allows(path: Path) -> None:
    space = load_space(path)
    configs = [load_config(path.parent / space.config, trial.overrides) for trial in trials(space)]
    assert len({repr(config) for config in configs}) == len(configs)


def test_each_variant_is_tried_with_each_combination() -> None:
    space = Space(
        "x.toml", variant=(Variant("a"), Variant("b", ("joint=true",))), grid={"fit.epochs": (1, 2), "network.cell": ("gru", "lstm")}
    )
    found = trials(space)
    assert len(found) == len({trial.name for trial in found}) == 8
    assert found[-1] == Trial("b, epochs 2, cell lstm", ("joint=true", "fit.epochs=2", 'network.cell="lstm"'))
    assert trials(Space("x.toml")) == [Trial("as it is", ())]


@given(st.floats(1e-4, 10), st.floats(0.1, 10), st.booleans(), st.booleans(), st.integers(0, 99))
def test_draws_lie_in_their_range_and_are_the_same_again(low: float, wide: float, log: bool, whole: bool, seed: int) -> None:
    space = Space("x.toml", ranges={"fit.x": Range(low, low + wide, log, whole)}, grid={"y": (1, 2)}, draws=5, draw_seed=seed)
    found = trials(space)
    assert found == trials(space)
    assert len(found) == 5
    for trial in found:
        drawn, chosen = sorted(trial.overrides)
        value = tomllib.loads("v = " + drawn.partition("=")[2])["v"]
        assert low - 0.5 * whole - 0.006 * low <= value <= low + wide + 0.5 * whole + 0.006 * (low + wide)
        assert chosen in ("y=1", "y=2")


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({}, "x.config is missing"),
        ({"config": "c", "seeds": 0}, "seeds = 0 is not allowed: use 1 or more"),
        ({"config": "c", "minutes": -1}, "minutes = -1.0 is not allowed: use 0 or more"),
        ({"config": "c", "ranges": {"a": {"low": 1, "high": 2}}}, "draws = 0 is not allowed: use 1 or more where there are ranges"),
        ({"config": "c", "draws": 1, "ranges": {"a": {"low": 2, "high": 2}}}, "low = 2.0 is not allowed: use less than high"),
        ({"config": "c", "draws": 1, "ranges": {"a": {"low": 0, "high": 2, "log": True}}}, "low = 0.0 is not allowed: use above 0"),
        ({"config": "c", "grid": {"a": []}}, "grid.a = () is not allowed: use at least one value"),
        ({"config": "c", "variant": [{"name": "a"}, {"name": "a"}]}, "variant.name = 'a' is not allowed: use each name once"),
        ({"config": "c", "trials": 3}, "x.trials is not a setting"),
    ],
)
def test_a_sweep_that_makes_no_sense_is_refused_by_key_and_value(given_: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        build(Space, given_, "x")
    assert message in str(error.value)


def test_files_that_are_not_there_or_not_toml_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not there; name a file such as"):
        load_space(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("= 3")
    with pytest.raises(ConfigError, match="is not TOML"):
        load_space(tmp_path / "bad.toml")
