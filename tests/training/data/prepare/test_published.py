"""The publishers' own files against the records that the shipped model learned from; both lie outside the repository.

SLOTLINE_DATA names a data folder that has the publishers' files, or samples of them, in its folder ``raw``.
"""

import gzip
import json
import os
import re
import shutil
from pathlib import Path

import pytest

from training.data.prepare.forms import letters
from training.data.prepare.write import prepare

DATA = Path(os.environ.get("SLOTLINE_DATA", ""))
pytestmark = pytest.mark.skipif("SLOTLINE_DATA" not in os.environ, reason="SLOTLINE_DATA does not say where the data are")

EVERY = r""
# Set: its folder under raw, and the pattern of the sources that the sample there holds.
SAMPLES: dict[str, tuple[str, str]] = {
    "sgd": ("sgd", r"sgd/train/[^/]+/[36]_"),
    "sgd_other": ("sgd", r"sgd/train/[^/]+/[36]_"),
    "restaurants8k": ("restaurants8k", EVERY),
    "nlupp_hotels": ("nlupp", r"nlupp/hotels/fold0/"),
    "multidogo_airline_sentence": ("multidogo", EVERY),
    "clinc150": ("clinc150", EVERY),
    "chatbot_transport": ("chatbot_transport", EVERY),
    "massive_en": ("massive", r"massive/en/\w+/([12]?\d{1,3}|3[0-6]\d\d|37[0-6]\d|377[0-2])$"),
    "snips": ("snips", EVERY),
    "atis": ("atis", EVERY),
}


def _lines(file: Path) -> list[str]:
    contents = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    return contents.decode().splitlines(keepends=True)


def _as_published(folder: Path, out: Path) -> Path:
    """The files under the names and with the sentences that the samples have lost."""
    shutil.copytree(folder, out, copy_function=shutil.copyfile)
    for path in (out, *out.rglob("*")):
        path.chmod(0o755)
    if (out / "airline_sentence_dev.tsv").exists():
        (out / "airline_sentence_dev.tsv").rename(out / "dev.tsv")
    corpus = out / "ChatbotCorpus.json"
    if corpus.exists():
        sentences = json.loads(corpus.read_text())["sentences"]
        tested = [{**sentences[0], "training": False}] * (206 - len(sentences))
        corpus.write_text(json.dumps({"sentences": tested + sentences}))
    return out


def _prepared(name: str, folder: str, tmp_path: Path) -> dict[str, list[str]]:
    prepare(name, _as_published(DATA / "raw" / folder, tmp_path / "raw"), tmp_path / "out", partial=True)
    return {file.name: _lines(file) for file in sorted((tmp_path / "out" / name).iterdir())}


def _source(line: str) -> str:
    return str(json.loads(line)["source"])


@pytest.mark.parametrize("name", SAMPLES)
def test_published_files_give_the_records_that_the_shipped_model_learned_from(name: str, tmp_path: Path) -> None:
    folder, held = SAMPLES[name]
    for file, lines in _prepared(name, folder, tmp_path).items():
        ours = _lines(DATA / name / file)
        assert lines == (ours if held == EVERY else [line for line in ours if re.match(held, _source(line))])
        print(f"{name}/{file}: {len(lines)} of {len(ours)} records, all equal")


def test_published_hwu64_gives_our_records_and_those_that_only_the_test_part_of_massive_takes_out(tmp_path: Path) -> None:
    (lines,) = _prepared("hwu64", "hwu64", tmp_path).values()
    ours = [line for line in _lines(DATA / "hwu64" / "train.jsonl") if json.loads(line)["intent"].startswith("alarm_")]
    assert [line for line in lines if line in set(ours)] == ours
    print(f"hwu64: {len(ours)} of {len(ours)} records of three intents equal, {len(lines) - len(ours)} beside them")
    massive = {letters(json.loads(line)["text"]) for part in ("train", "valid") for line in _lines(DATA / f"massive_en/{part}.jsonl")}
    assert [line for line in set(lines) - set(ours) if letters(json.loads(line)["text"]) in massive] == []


def test_the_published_table_of_cities_is_taken_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    shutil.copyfile(DATA / "gazetteer/world-cities.csv", tmp_path / "raw/world-cities.csv")
    prepare("gazetteer", tmp_path / "raw", tmp_path / "out", partial=True)
    assert (tmp_path / "out/gazetteer/world-cities.csv").read_bytes() == (DATA / "gazetteer/world-cities.csv").read_bytes()
