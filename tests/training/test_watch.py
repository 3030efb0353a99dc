"""What a run says of itself: to a person on a terminal, in a pipe, and to a program."""

import io
import json
import math
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from tests.training.toy import write_toy
from training.__main__ import main
from training.cli.terminal import EpochTable, StepBars
from training.cli.watch import JsonLines, Lasts, Terminal, tell
from training.values.loop import ReaderEpoch

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOURS = re.compile(r"\x1b\[[0-9;]*3[0-7][0-9;]*m")
PAGE = Path("docs/training.md").read_text(encoding="utf-8")
LISTED = PAGE.partition("`event`:")[2].partition("An error is")[0]
EVENTS = {row[0]: set(re.findall(r"`(\w+)`", row[1])) for row in re.findall(r"^\| `(\w+)` \| (.*) \|$", LISTED, re.M)}


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    return ["train", str(write_toy(tmp_path)), "--data", str(tmp_path), "--out", str(tmp_path / "toy"), "--set", "fit.epochs=3"]


def on_terminal(command: list[str], **environment: str) -> str:
    """What the command writes to a terminal of 120 columns."""
    ours, theirs = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "CI")}
    running = subprocess.Popen(
        [sys.executable, "-m", "training", *command],
        stdout=theirs,
        stderr=theirs,
        stdin=subprocess.DEVNULL,
        env={**inherited, "TERM": "xterm-256color", "COLUMNS": "120", **environment},
    )
    os.close(theirs)
    written = bytearray()
    try:
        while chunk := os.read(ours, 65536):
            written += chunk
    except OSError:  # the other end is closed: it has ended
        pass
    finally:
        os.close(ours)
        running.kill()  # in vain once it has ended
        running.wait(20)
    return written.decode()


def test_a_person_sees_bars_with_rate_and_time_left_and_a_coloured_table(command: list[str]) -> None:
    shown = on_terminal(command)
    plain = ESCAPES.sub("", shown).replace("\r", "\n")
    assert re.search(r"epoch 1/3 .* 0/13", plain)
    assert re.search(r"run .* \d/3", plain)
    assert re.search(r"^ *epoch +loss +gradient +clipped +slot F1 +intent +sentence +seconds", plain, re.M)
    assert re.search(r"1/3\* ", plain)
    assert COLOURS.search(shown)


def test_no_color_takes_the_colours_away_on_a_terminal_too(command: list[str]) -> None:
    shown = on_terminal(command, NO_COLOR="1")
    assert "slot F1" in shown
    assert not COLOURS.search(shown)


def test_in_a_pipe_there_are_plain_rows_and_no_bars(command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-m", "training", *command], capture_output=True, text=True, timeout=55, check=True)
    assert done.stdout.strip() == command[5]
    assert "\x1b" not in done.stderr
    assert "steps/s" not in done.stderr
    rows = [line.split() for line in done.stderr.splitlines() if re.match(r" *\d/3", line)]
    assert [row[0].rstrip("*") for row in rows] == ["1/3", "2/3", "3/3"]


def test_quiet_prints_the_directory_alone(command: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--quiet"]) == 0
    assert capfd.readouterr() == (f"{command[5]}\n", "")


def test_json_tells_what_the_page_says_one_object_a_line(command: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pretraining = ["--set", "pretrain.epochs=1", "--set", "pretrain.texts=[{path='train.jsonl'}]"]
    assert main([*command, *pretraining, "--json"]) == 0
    out, err = capfd.readouterr()
    assert err == ""
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["event"] for event in events] == ["corpus", "pretrained", "epoch", "epoch", "epoch", "scores", "artifact"]
    assert {event["event"] for event in events} == set(EVENTS)
    for event in events:
        assert set(event) - {"event"} == EVENTS[event["event"]]
    assert events[2]["best"] is True
    assert events[-2]["scores"] == json.loads((tmp_path / "toy" / "scores.json").read_text())["all"]
    assert Path(events[-1]["path"]).is_dir()
    assert Path(events[-1]["report"]).is_file()


def test_an_error_is_a_line_on_standard_error_also_with_json(command: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--json", "--set", "fit.epochs=0"]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("error: ")


def test_a_reader_of_values_is_watched_in_the_same_ways(capfd: pytest.CaptureFixture[str]) -> None:
    written, epoch = io.StringIO(), ReaderEpoch(2, 0.5, 1.25, 3.0)
    JsonLines(Lasts(34)).reader_epoch(epoch)
    told = json.loads(capfd.readouterr().out)
    assert told == {"event": "epoch", "epoch": 2, "epochs": 34, "loss": 0.5, "gradient_norm": 1.25, "seconds": 3.0}
    assert told.keys() - {"event"} <= EVENTS["epoch"]
    watch = Terminal(Console(file=written, width=80), Lasts(34))
    watch.step(1, 2)
    watch.reader_epoch(epoch)
    watch.close()
    rows = [line.split() for line in written.getvalue().splitlines() if line.strip()]
    assert rows == [["epoch", "loss", "gradient", "seconds"], ["2/34", "0.5000", "1.25", "3.0"]]


def test_a_number_that_is_none_is_null(capfd: pytest.CaptureFixture[str]) -> None:
    tell("epoch", loss=math.nan, of=[1.5, math.nan])
    assert json.loads(capfd.readouterr().out) == {"event": "epoch", "loss": None, "of": [1.5, None]}


def test_other_columns_get_another_head() -> None:
    written = io.StringIO()
    table = EpochTable(Console(file=written, width=40))
    for row in ({"epoch": "1/2", "loss": "0.5"}, {"epoch": "2/2", "loss": "0.25"}, {"pre-training": "1"}):
        table.row(row)
    lines = [line.split() for line in written.getvalue().splitlines()]
    assert lines == [["epoch", "loss"], ["1/2", "0.5"], ["2/2", "0.25"], ["pre-training"], ["1"]]


def test_bars_say_the_rate_and_the_time_left() -> None:
    written, clock = io.StringIO(), [0.0]
    console = Console(file=written, width=100)
    bars = StepBars(console, 4, 1)
    bars._bars.get_time = lambda: clock[0]
    for _ in range(3):
        clock[0] += 1
        bars.step(10 * int(clock[0]), 100)
    bars.close()
    console.print(bars._bars.get_renderable())
    epoch, run = (line for line in written.getvalue().splitlines() if "━" in line)
    assert re.search(r"epoch 1/4 .* 30/100 10\.0 steps/s 0:00:07", epoch)
    assert re.search(r"run .* 0/4 +0:00:3[78]", run)


def test_the_run_has_a_bar_only_once_it_is_known_which_epoch_it_is() -> None:
    written = io.StringIO()
    bars = StepBars(Console(file=written, force_terminal=True, width=100), 4, 0)
    bars.step(1, 2)
    assert [task.description for task in bars._bars.tasks] == ["epoch"]
    bars.end(3)
    bars.step(1, 2)
    assert {task.description: task.completed for task in bars._bars.tasks} == {"epoch 3/4": 1, "run": 2.5}
    bars.close()
