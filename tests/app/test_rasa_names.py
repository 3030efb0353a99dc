from pathlib import Path

import pytest

from app.errors import StartupError
from app.main import create_app
from app.rasa_names import AS_THEY_ARE, Entity, read_names
from app.settings import Settings, parse_arguments
from tests.fakes import FakeTagger

NAMES = """
[entities]
origin = {entity = "place", role = "departure"}
destination = {entity = "place"}
people = "party_size"

[intents]
greet = "say_hello"
"""


def write(tmp_path: Path, text: str | bytes) -> Path:
    file = tmp_path / "names.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_a_file_names_entities_roles_and_intents_and_leaves_the_others_alone(tmp_path: Path) -> None:
    names = read_names(write(tmp_path, NAMES))
    assert names.entity("origin") == Entity("place", "departure")
    assert names.entity("destination") == Entity("place", None)
    assert names.entity("people") == Entity("party_size", None)
    assert names.entity("price") == Entity("price", None)
    assert (names.intent("greet"), names.intent("affirm")) == ("say_hello", "affirm")
    assert read_names(write(tmp_path, "")) == AS_THEY_ARE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("origin = 1", "'origin' is none of the tables"),
        ("[roles]", "'roles' is none of the tables"),
        ("entities = 3", "'entities' is none of the tables"),
        ("[entities]\norigin = 3", "[entities] origin is neither a name nor"),
        ('[entities]\norigin = {role = "from"}', "[entities] origin is neither a name nor"),
        ('[entities]\norigin = {entity = "place", rule = "from"}', "[entities] origin is neither a name nor"),
        ('[entities]\norigin = {entity = "place", role = 3}', "[entities] origin = 3 is no name"),
        ('[entities]\norigin = " "', "[entities] origin = ' ' is no name"),
        ("[intents]\ngreet = []", "[intents] greet = [] is no name"),
        ("[entities", "is no TOML"),
        (b"\xff", "is no TOML"),
    ],
)
def test_a_wrong_entry_ends_the_start_and_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | bytes, said: str
) -> None:
    file = write(tmp_path, text)
    with pytest.raises(SystemExit):
        parse_arguments(["--rasa-names", str(file)])
    printed = capsys.readouterr().err
    assert said in printed
    assert "--rasa-names" in printed
    assert str(file) in printed


def test_a_file_that_cannot_be_read_ends_the_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(["--rasa-names", str(tmp_path / "none.toml")])
    assert "cannot be read" in capsys.readouterr().err


def test_names_of_what_no_model_has_end_the_start(tmp_path: Path) -> None:
    file = write(tmp_path, '[entities]\norigen = "place"\n[intents]\ngreat = "hello"')
    with pytest.raises(StartupError, match="names great, origen, which no loaded model has"):
        create_app(Settings(rasa_names=file), [FakeTagger()])
