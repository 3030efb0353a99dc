import gzip
import json
from pathlib import Path

import pytest

from tests.training.data.prepare.miniatures import MINIATURES
from training.__main__ import main
from training.data.formats.jsonl import read as read_jsonl
from training.data.prepare.raw import RawError
from training.data.prepare.sources import SOURCES, listing
from training.data.prepare.write import Prepared, prepare

HWU = b"answerid;scenario;intent;answer_annotation\n"
names = pytest.mark.parametrize("name", SOURCES)


def _prepared(name: str, folder: Path) -> Prepared:
    MINIATURES[name].write(folder / "raw")
    return prepare(name, folder / "raw", folder / "out", partial=True)


def _lines(file: Path) -> list[str]:
    contents = file.read_bytes()
    return (gzip.decompress(contents) if file.suffix == ".gz" else contents).decode().splitlines(keepends=True)


@names
def test_the_publishers_files_give_exactly_our_records_in_order(name: str, tmp_path: Path) -> None:
    prepared = _prepared(name, tmp_path)
    expected = {
        file: [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) + "\n" for line in lines]
        for file, lines in MINIATURES[name].expected.items()
    }
    assert {file.name: _lines(file) for file in (tmp_path / "out" / name).iterdir()} == expected
    assert dict(prepared.written) == {file: len(lines) for file, lines in expected.items()}
    assert dict(prepared.dropped) == MINIATURES[name].dropped


@names
def test_equal_input_gives_equal_bytes(name: str, tmp_path: Path) -> None:
    for folder in ("one", "other"):
        _prepared(name, tmp_path / folder)
    one, other = ({file.name: file.read_bytes() for file in (tmp_path / folder / "out" / name).iterdir()} for folder in ("one", "other"))
    assert one == other


@names
def test_spans_hold_text_without_spaces_at_their_ends_and_stand_in_order(name: str, tmp_path: Path) -> None:
    _prepared(name, tmp_path)
    for file in (tmp_path / "out" / name).glob("*.jsonl*"):
        for _, record in read_jsonl(file):
            spans = record.get("spans", [])
            assert spans == sorted(spans, key=lambda span: (span["start"], span["end"]))
            for span in spans:
                words = record["text"][span["start"] : span["end"]]
                assert words
                assert words == words.strip()


@names
def test_a_missing_file_is_named_with_the_place_to_have_it_from(name: str, tmp_path: Path) -> None:
    source = SOURCES[name]
    with pytest.raises(RawError) as caught:
        prepare(name, tmp_path, tmp_path / "out")
    assert str(tmp_path / source.files[0]) in str(caught.value)
    assert source.origin in str(caught.value)
    with pytest.raises(RawError, match="none of the files"):
        prepare(name, tmp_path, tmp_path / "out", partial=True)
    assert not (tmp_path / "out").exists()


@names
def test_a_file_in_another_format_is_named_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    raw = MINIATURES[name].write(tmp_path / "raw")
    spoilt = raw / next(iter(MINIATURES[name].files))
    spoilt.write_text('{"surprise": 1}\n')
    with pytest.raises(RawError) as caught:
        prepare(name, raw, tmp_path / "out", partial=True)
    assert str(spoilt.parent) in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "file", "contents", "reason"),
    [
        ("restaurants8k", "train_0.json", b'[\n{"userInput": \n', "train_0.json:3: broken JSON"),
        ("massive_en", "en-US.jsonl", b'\n{"id": \n', "en-US.jsonl:2: broken JSON"),
        ("clinc150", "data_full.json", b"\n\n\xff", "data_full.json:3: not utf-8"),
        ("clinc150", "data_full.json", b"[" * 100_000, "data_full.json:1: broken JSON"),
        ("multidogo_airline_sentence", "dev.tsv", b"utterance\tslot-labels\tintent\tutteranceId\n1\n", "dev.tsv:2: not the 4 columns"),
        ("hwu64", "alarm_set.csv", HWU + b'1;"2\n', "alarm_set.csv:2: unexpected end"),
        ("gazetteer", "world-cities.csv", b"city\nHere\n", "world-cities.csv:1: no column called name"),
        ("atis", "train/label", b"flight\n", "train:2: seq.in, seq.out and label differ"),
    ],
)
def test_broken_contents_are_named_by_file_and_line(name: str, file: str, contents: bytes, reason: str, tmp_path: Path) -> None:
    raw = MINIATURES[name].write(tmp_path / "raw")
    (raw / file).write_bytes(contents)
    with pytest.raises(RawError, match=reason):
        prepare(name, raw, tmp_path / "out", partial=True)


def test_a_file_of_snips_that_is_no_utf8_is_read_as_latin1_and_still_recognised(tmp_path: Path) -> None:
    raw = MINIATURES["snips_raw"].write(tmp_path / "raw")
    texts = (b"play caf\xc3\xa9", b"\xc3\xa9t\xc3\xa9", b"\xed")
    pieces = b", ".join(b'{"data": [{"text": "%b"}]}' % text for text in texts)
    (raw / "PlayMusic/train_PlayMusic_full.json").write_bytes(b'{"PlayMusic": [%b]}' % pieces)
    (raw / "valid/seq.in").write_text("play café\n")
    prepared = prepare("snips_raw", raw, tmp_path / "out", partial=True)
    read = [record["text"] for _, record in read_jsonl(tmp_path / "out/snips_raw/train.jsonl")]
    assert read == ["Ã©tÃ©", "í", "Give é five"]
    assert prepared.dropped["stands in the validation part of snips"] == 1


def test_an_unknown_source_is_answered_with_the_names(tmp_path: Path) -> None:
    with pytest.raises(RawError) as caught:
        prepare("sgx", tmp_path, tmp_path)
    assert "'sgx'" in str(caught.value)
    assert all(name in str(caught.value) for name in SOURCES)


def test_files_are_counted_as_they_are_read(tmp_path: Path) -> None:
    raw = MINIATURES["hwu64"].write(tmp_path / "raw")
    seen: list[tuple[int, int]] = []
    prepare("hwu64", raw, tmp_path / "out", on_file=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_the_command_writes_the_set_and_counts_what_it_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = MINIATURES["hwu64"].write(tmp_path / "raw")
    assert main(["prepare", "hwu64", str(raw), str(tmp_path / "out")]) == 0
    printed = capsys.readouterr()
    assert printed.out == f"      2  {tmp_path / 'out' / 'hwu64' / 'train.jsonl'}\n"
    assert "1 records left out: stands in the test part of MASSIVE" in printed.err
    assert main(["prepare", "hwu65", str(raw), str(tmp_path / "out")]) == 1
    assert "hwu64" in capsys.readouterr().err


def test_the_list_shows_every_set_with_its_licence_and_origin(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["prepare", "--list"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == listing() + "\n"
    for name, source in SOURCES.items():
        assert all(part in listing() for part in (f"{name}: ", source.licence, source.origin, source.attribution))
