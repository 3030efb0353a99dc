"""The arithmetic of the benchmark, its texts, its reports and its servers; no figure of speed is judged."""

import json
import math
import time
from itertools import pairwise, repeat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import report
from bench.__main__ import main
from bench.bulk import per_second
from bench.load import Asking, Load, closed_loop
from bench.overload import recovery_s
from bench.peers.run import f1
from bench.report import Goal, Result, Table
from bench.rivals import KINDS
from bench.scaling import fit
from bench.servers import rival, service, wait_until_ready
from bench.serving import refusals
from bench.texts import utterances
from bench.typists import STROKE_S, Stroke, strokes, type_all
from model.text import tokenize

HEAD = {"date": "2026-01-01", "commit": "abc", "machine": {"cores": 2}, "software": {"Python": "3.11"}, "settings": {"seconds": 1}}
HEAD |= {"model": {"name": "tiny", "version": "1.0.0", "sha256": "0" * 64}}


def load_of(*ended: tuple[float, float, int]) -> Load:
    """From (due, latency, status)."""
    due_s, latency_s, status = (np.array(column) for column in zip(*ended, strict=True))
    return Load(due_s, latency_s, np.zeros(len(ended)), status, 1.0, 0.0, 0, 0)


@pytest.mark.parametrize("words", [1, 4, 12, 200])
def test_utterances_are_different_and_have_as_many_words_as_asked(words: int) -> None:
    texts = utterances(50, words)
    assert len(set(texts)) == 50
    assert {len(tokenize(text)) for text in texts} == {words}
    assert texts == utterances(50, words)


def test_ten_thousand_utterances_of_twelve_words_repeat_no_other() -> None:
    assert len(set(utterances(10_000))) == 10_000


@given(st.floats(1, 1e3), st.floats(0.1, 1e3))
def test_a_line_is_found_again(fixed: float, each: float) -> None:
    line = fit([1, 2, 8, 64], [fixed + each * size for size in (1, 2, 8, 64)])
    assert (line.fixed, line.each, line.r2) == pytest.approx((fixed, each, 1), rel=1e-6, abs=1e-6)
    assert line.off < 1e-6


def test_what_is_no_line_says_how_far_off_it_is() -> None:
    line = fit([1, 2, 3], [1, 4, 1])
    assert (line.r2, line.off) == (pytest.approx(0), pytest.approx(1))


def test_steps_are_counted_for_a_while() -> None:
    done: list[int] = []
    began = time.perf_counter()
    rate = per_second(repeat(lambda: done.append(1)), 3, 0.01)
    assert 3 * len(done) / (time.perf_counter() - began) <= rate <= 3 * len(done) / 0.01
    with pytest.raises(ValueError, match="endless"):
        per_second([], 1, 1.0)


def test_recovery_lasts_until_all_is_as_before() -> None:
    calm = [(tenth / 10 + 0.05, 0.001, 200) for tenth in range(40)]
    assert recovery_s(load_of(*calm), 2.0, 0.001) == 0.0
    refused = [(due, latency, 503 if 2.0 <= due < 2.5 else status) for due, latency, status in calm]
    assert recovery_s(load_of(*refused), 2.0, 0.001) == pytest.approx(0.5)
    slow = [(due, 0.003 if due >= 3.0 else latency, status) for due, latency, status in calm]
    assert math.isnan(recovery_s(load_of(*slow), 2.0, 0.001))


def test_whatever_is_no_200_is_named() -> None:
    assert refusals([load_of((0, 1, 200), (0, 1, 503)), load_of((0, 1, 503), (0, 1, 0))]) == "0 x 1, 503 x 2"


def test_a_span_counts_only_whole() -> None:
    assert f1([[(0, 4, "origin")]], [[(0, 4, "origin")]]) == 1
    assert f1([[(0, 3, "origin")]], [[(0, 4, "origin")]]) == 0
    assert f1([[]], [[]]) == 0


def test_goals_are_met_from_their_side() -> None:
    assert Goal("x", 1.0, at_least=1.0).met
    assert not Goal("x", 0.9, at_least=1.0).met
    assert not Goal("x", 1.1, at_most=1.0).met
    assert not Goal("x", math.nan, at_most=1.0).met


def test_a_part_that_was_measured_before_stays_in_the_report(tmp_path: Path) -> None:
    one = Result([Table("First", [{"a": 1.5, "b": math.nan}], ("a note",))], [Goal("g", 2.0, at_most=1.0)])
    report.update(tmp_path, HEAD, {"one": one})
    report.update(tmp_path, HEAD, {"two": Result([Table("Second", [])], [])})
    parts = json.loads((tmp_path / "serving.json").read_text())["parts"]
    assert parts["one"]["tables"] == [{"title": "First", "rows": [{"a": 1.5, "b": None}], "notes": ["a note"]}]
    assert parts["one"]["goals"] == [{"goal": "g", "measured": 2.0, "wanted": "<= 1", "met": "NO"}]
    shown = (tmp_path / "serving.md").read_text()
    assert "| one | g | 2 | <= 1 | NO |" in shown
    assert "**Second**" in shown


@pytest.mark.parametrize("kind", KINDS)
def test_a_rival_answers_as_many_bytes_as_asked_and_is_gone_afterwards(kind: str) -> None:
    bodies = [json.dumps({"text": "to Oslo"}).encode()]
    with rival(kind, 123) as server:
        load = closed_loop(server.address, bodies, 2, 0.1, Asking(check=lambda _, answer: answer == b"x" * 123))
        assert set(load.statuses) == {200}
        assert (load.wrong, load.checked > 0) == (0, True)
        assert server.cpu_s() > 0
        assert server.rss_bytes() > 1_000_000
    assert server.get("/") == 0


def test_an_empty_fastapi_endpoint_validates_what_ours_validates() -> None:
    with rival("fastapi", 10) as server:
        assert set(closed_loop(server.address, [b'{"txt": "to Oslo"}'], 1, 0.05).statuses) == {422}


def test_our_service_answers_the_load_generator_about_its_texts(artifact_dir: Path) -> None:
    bodies = [json.dumps({"text": text}).encode() for text in utterances(500)]
    with service(artifact_dir) as server:
        assert 0 < wait_until_ready(server) < 30
        load = closed_loop(server.address, bodies, 4, 0.2)
    assert set(load.statuses) == {200}
    assert load.wrong == 0
    assert load.checked > 0


def test_people_strike_a_key_every_so_often_and_every_text_begins_with_nothing() -> None:
    typed = strokes(["to Oslo", "from Rome"], 3, 4.0, seed=1)
    assert typed == strokes(["to Oslo", "from Rome"], 3, 4.0, seed=1)
    assert [stroke.due_s for stroke in typed] == sorted(stroke.due_s for stroke in typed)
    for person in range(3):
        own = [stroke for stroke in typed if stroke.typist == person]
        gaps = np.diff([stroke.due_s for stroke in own])
        assert gaps.min() >= STROKE_S[0] - 1e-9
        assert gaps.max() <= STROKE_S[1] + 1e-9
        assert own[0].text == ""
        assert all(after.text == "" or after.text[:-1] == before.text for before, after in pairwise(own))


def test_every_stroke_is_known_to_an_answer(artifact_dir: Path) -> None:
    due = strokes(utterances(50), 20, 1.0)
    with service(artifact_dir, "--max-wait-s", "30", "--deadline-s", "30") as server:
        typed = type_all(server.address, due, 20)
        assert (typed.strokes, typed.unanswered, typed.refused, typed.wrong) == (len(due), 0, 0, 0)
        assert 0 <= typed.superseded < 1
        assert 0 < typed.latency(0.5) <= typed.latency(0.99)
        at_once = [Stroke(0.0, 0, "to Oslo"[: length % 8]) for length in range(200)]
        typed = type_all(server.address, at_once, 1)
        assert (typed.unanswered, typed.refused) == (0, 0)
        assert typed.superseded > 0.5
    with pytest.raises(OSError, match=r"refused|Connect"):
        type_all(server.address, due, 1)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="has no artefact"), service(tmp_path):
        pass


def test_the_command_measures_a_part_and_writes_it_down(artifact_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["steps", "--quick", "--artifact", str(artifact_dir), "--out", str(tmp_path)])
    assert "onnxruntime alone, batch 64" in capsys.readouterr().out
    part = json.loads((tmp_path / "serving.json").read_text())["parts"]["steps"]
    assert part["model"]["name"] == "tiny"
    assert part["machine"]["cores"]
