import json
from pathlib import Path

import pytest

from model.errors import ConfigError
from model.tagger import Tagger
from tests.training.toy import toy_records, write_toy
from training.__main__ import main
from training.minimal_pairs import PairScore, count_pairs, read_pairs


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    write_toy(folder)
    _write(folder / "toy.pairs.jsonl", [_line(record, number // 2) for number, record in enumerate(toy_records())])
    command = ["train", str(folder / "toy.toml"), "--data", str(folder), "--out", str(folder / "toy"), "--quiet"]
    assert main([*command, "--set", "minimal_pairs=toy.pairs.jsonl"]) == 0
    return folder / "toy"


def _line(record: dict[str, object], pair: int, language: str = "en") -> dict[str, object]:
    return {**record, "lang": language, "pair": pair}


def _write(path: Path, lines: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_the_card_counts_the_pairs_beside_the_config(trained: Path) -> None:
    utterances = len(toy_records())
    pairs = (utterances + 1) // 2
    assert f"| en | {utterances} | {utterances} | {pairs} | {pairs} |" in (trained / "README.md").read_text(encoding="utf-8")


def test_a_pair_is_right_only_if_both_are_and_languages_not_read_do_not_count(trained: Path, tmp_path: Path) -> None:
    right, other = toy_records()[:2]
    wrong = {**other, "spans": []}
    lines = [_line(right, 1), _line(wrong, 1), _line(right, 2), _line(right, 3, "ru")]
    assert count_pairs(Tagger.load(trained), read_pairs(_write(tmp_path / "p.jsonl", lines))) == [PairScore("en", 3, 2, 2, 1)]


@pytest.mark.parametrize("line", ["{", "[]", '{"text": "x", "spans": [{}], "lang": "en", "pair": 1}', '{"text": "x"}'])
def test_a_line_that_is_no_utterance_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"p\.jsonl:1 is no utterance of a pair"):
        read_pairs(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="minimal_pairs names a file beside the config"):
        read_pairs(tmp_path / "none.jsonl")
