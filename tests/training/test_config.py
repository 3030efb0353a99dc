from pathlib import Path

import pytest

from model.errors import ConfigError
from tests.training.toy import write_toy
from training.cli.values import is_reader_config
from training.config import load_config

CONFIGS = [path for path in sorted(Path("training/configs").glob("*.toml")) if not is_reader_config(path)]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_config_of_the_repository_is_read_and_named_after_its_file(path: Path) -> None:
    assert load_config(path).name == path.stem


def test_overrides_reach_nested_settings(tmp_path: Path) -> None:
    config = load_config(
        write_toy(tmp_path), ["fit.epochs=3", "network.direction=forward", "features.ngram_sizes=[2, 3]", "languages=['en', 'ru']"]
    )
    assert (config.fit.epochs, config.network.direction, config.features.ngram_sizes) == (3, "forward", (2, 3))
    assert config.languages == ("en", "ru")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("network.hidden=0", "hidden = 0 is not allowed: use 1 to 4096"),
        ("network.window=-1", "window = -1 is not allowed: use 0 to 10"),
        ("network.direction='up'", "direction = 'up' is not allowed: use one of forward, both"),
        ("network.layers=0", "layers = 0 is not allowed: use 1 to 4096"),
        ("network.cell='lstn'", "cell = 'lstn' is not allowed: use one of feedforward, elman, jordan, irnn, gru, lstm"),
        ("network.activation='gelu'", "activation = 'gelu' is not allowed: use one of tanh, sigmoid, relu"),
        ("network={cell='gru', activation='relu'}", "activation = 'relu' is not allowed: use none with gru, whose activations are fixed"),
        ("network.input_dropout=1.0", "input_dropout = 1.0 is not allowed"),
        ("fit.precision='fp8'", "precision = 'fp8' is not allowed: use one of fp32, bf16"),
        ("features.word_encoders=['bytes']", "word_encoders = 'bytes' is not allowed"),
        ("features.ngram_sizes=[3, 3]", "ngram_sizes"),
        ("train=[{path='/etc/passwd'}]", "use a path inside the data directory"),
        ("train=[]", "use at least one entry"),
        ("fit.epochs=true", "epochs = True is not allowed: use a value of type int"),
        ("fit=3", "fit = 3 is not allowed: use a table"),
        ("seed=-1", "seed = -1 is not allowed"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_by_name(tmp_path: Path, override: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        load_config(write_toy(tmp_path), [override])
    assert message in str(error.value)


def test_a_missing_setting_is_named(tmp_path: Path) -> None:
    path = tmp_path / "short.toml"
    path.write_text('name = "x"\n')
    with pytest.raises(ConfigError, match=r"short.toml.version is missing"):
        load_config(path)


def test_files_that_are_not_there_or_not_toml_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not there"):
        load_config(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("= 3")
    with pytest.raises(ConfigError, match="is not TOML"):
        load_config(tmp_path / "bad.toml")
