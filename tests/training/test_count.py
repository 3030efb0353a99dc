import json
from pathlib import Path

import pytest

from tests.training.toy import toy_records, write_toy
from training.__main__ import main


def test_count_says_what_a_run_would_use_and_what_it_leaves_out_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write_toy(tmp_path)
    nested = {"text": "a b", "spans": [{"start": 0, "end": 3, "label": "x"}, {"start": 2, "end": 3, "label": "x"}], "overlap": True}
    (tmp_path / "valid.jsonl").write_text("".join(json.dumps(record) + "\n" for record in (nested, {"text": ""}, toy_records()[0])))
    assert main(["count", str(config), "--data", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    trained = len((tmp_path / "train.jsonl").read_text().splitlines())
    assert printed.out.splitlines() == [
        f"{trained:7d}  train  train.jsonl",
        "      2  valid  valid.jsonl",
        "      1  valid, left out  valid.jsonl: a span inside another one",
    ]
    assert printed.err == "bad record: valid.jsonl:2: text = '' is no utterance\n"


def test_count_names_a_missing_data_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write_toy(tmp_path)
    (tmp_path / "valid.jsonl").unlink()
    assert main(["count", str(config), "--data", str(tmp_path)]) == 1
    assert "valid.jsonl is not there" in capsys.readouterr().err
