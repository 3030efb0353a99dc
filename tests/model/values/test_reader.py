"""The reader on a tiny graph: the same in any batch, in doubt where something is not accounted for, its artefact whole."""

import dataclasses
from pathlib import Path

import pytest

from model.errors import ArtifactChanged, ArtifactMissing, ArtifactVersion, ReplayError
from model.values.letters import LONGEST, digits_of, plain
from model.values.reader import DOUBTS, Reader
from model.values.reader_artifact import read_reader, write_reader
from model.values.symbols import ALPHABET, copied
from tests.tiny import write_tiny_artifact
from tests.tiny_reader import PHRASES, tiny_reader

FILES = ["README.md", "config.json", "forms.txt", "graph.onnx", "manifest.json", "quiet.txt", "samples.json", "scores.json"]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(tiny_reader())


def test_a_phrase_is_read_the_same_in_any_batch(reader: Reader) -> None:
    together = reader.read_batch(PHRASES * 3)
    for place, phrase in enumerate(PHRASES * 3):
        alone = reader.read_batch([phrase])[0]
        assert (alone.symbols, alone.doubt) == (together[place].symbols, together[place].doubt)
        assert alone.confidence == pytest.approx(together[place].confidence, abs=1e-6)


def test_a_reading_is_a_probability_of_symbols_of_the_alphabet(reader: Reader) -> None:
    for reading in reader.read_batch(PHRASES):
        assert set(reading.symbols) <= set(ALPHABET)
        assert 0 < reading.confidence <= 1
        assert reading.doubt in ("", *DOUBTS)


def test_lost_and_invented_digits_are_doubted(reader: Reader) -> None:
    for (text, _), reading in zip(PHRASES, reader.read_batch(PHRASES), strict=True):
        if copied(reading.symbols) != digits_of(plain(text)):
            assert reading.doubt == "digits"
            assert not reading.covered
            break
    else:
        pytest.fail("the tiny reader copies every digit")


def test_what_is_no_phrase_is_refused_and_harms_no_neighbour(reader: Reader) -> None:
    readings = reader.read_batch([("", "date"), PHRASES[0], ("x" * (LONGEST + 1), "date"), (" \n", None)])
    assert [reading.doubt for reading in readings if not reading.symbols and not reading.confidence] == ["empty", "too_long", "empty"]
    assert readings[1].symbols == reader.read_batch(PHRASES[:1])[0].symbols
    assert reader.read_batch([]) == []


def test_below_its_threshold_no_reading_is_trusted() -> None:
    assert all(reading.doubt for reading in Reader(tiny_reader(threshold=1.0)).read_batch(PHRASES))


def test_another_kind_is_an_error(reader: Reader) -> None:
    with pytest.raises(KeyError):
        reader.read_batch([("oslo", "place")])


def test_reading_gives_what_was_written(tmp_path: Path) -> None:
    written = tiny_reader()
    sha256 = write_reader(written, tmp_path / "tiny")
    assert read_reader(tmp_path / "tiny") == dataclasses.replace(written, sha256=sha256)
    assert sorted(file.name for file in (tmp_path / "tiny").iterdir()) == FILES
    assert Reader.load(tmp_path / "tiny").read_batch(PHRASES) == Reader(written).read_batch(PHRASES)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_or_changed_file_is_named(tmp_path: Path, name: str) -> None:
    write_reader(tiny_reader(), tmp_path / "tiny")
    file = tmp_path / "tiny" / name
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(ArtifactChanged, match=name):
        Reader.load(tmp_path / "tiny")
    file.unlink()
    with pytest.raises(ArtifactMissing, match=name):
        Reader.load(tmp_path / "tiny")


def test_a_tagger_is_no_reader(tmp_path: Path) -> None:
    with pytest.raises(ArtifactVersion, match="slotline-artifact"):
        Reader.load(write_tiny_artifact(tmp_path / "tiny"))


def test_samples_that_are_read_otherwise_are_refused(tmp_path: Path) -> None:
    write_reader(dataclasses.replace(tiny_reader(seed=2), samples=tiny_reader(seed=1).samples), tmp_path / "tiny")
    with pytest.raises(ReplayError, match="half past seven"):
        Reader.load(tmp_path / "tiny")
