from pathlib import Path
from typing import IO

import pytest

from training.files import replace_file


def test_a_file_is_replaced_whole_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "scores.json"
    for contents in (b"old", b"new and longer"):
        replace_file(path, lambda stream, contents=contents: stream.write(contents))
        assert path.read_bytes() == contents
    assert [file.name for file in path.parent.iterdir()] == ["scores.json"]


def test_a_write_that_fails_halfway_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    path.write_bytes(b"old")

    def half(stream: IO[bytes]) -> None:
        stream.write(b"ne")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        replace_file(path, half)
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["scores.json"]
