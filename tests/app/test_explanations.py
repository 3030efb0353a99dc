import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.explanations import MOST_WORDS
from model.tagger import Tagger
from tests.app.serving import REFERENCE, happens, serving, turns
from tests.fakes import FakeTagger, SlowTagger
from tests.tiny import tiny_artifact

pytestmark = pytest.mark.anyio

SHIPPED = Path(__file__).parents[2] / "model" / "artifacts" / "booking"
TEXTS = [
    "I want to fly from Oslo to Tuzla on 3 November",
    "arrive in Taipei on November 2nd",
    "leave Taipei on November 2nd",
    "прилететь в Омск второго ноября",
    "from São Tomé to İzmir for 4 people, please",
    "Oslo",
    "to Oslo",
]
PATIENT = {"max_wait_s": 30, "deadline_s": 30}  # what is answered is held here, not how soon
EXACT = 2e-6  # a batch's neighbours move a probability by 1e-6, and a fall is made of two


@pytest.fixture(scope="module", params=["tiny", "shipped"])
def served(request: pytest.FixtureRequest) -> Tagger:
    return Tagger(tiny_artifact()) if request.param == "tiny" else Tagger.load(SHIPPED)


async def explained(client: httpx.AsyncClient, text: str, **options: Any) -> list[dict[str, Any]]:
    """The slots of a text, explained."""
    response = await client.post("/v1/parse", json={"text": text, "include": ["explanation"], "context": REFERENCE, **options})
    assert response.status_code == 200, response.text
    return response.json()["slots"]


def falls(slots: list[dict[str, Any]]) -> list[tuple[str, int, str, float]]:
    return [(slot["name"], entry["word"], entry["text"], entry["fall"]) for slot in slots for entry in slot["explanation"]]


def close(one: list[tuple[str, int, str, float]], other: list[tuple[str, int, str, float]]) -> bool:
    same = [entry[:3] for entry in one] == [entry[:3] for entry in other]
    return same and all(abs(left[3] - right[3]) <= EXACT for left, right in zip(one, other, strict=True))


async def test_a_fall_is_the_confidence_minus_that_of_the_same_words_in_the_text_without_the_word(served: Tagger) -> None:
    async with serving(served, **PATIENT) as client:
        for text in TEXTS:
            words = served.prepare(text).tokens
            for slot in await explained(client, text):
                span = [index for index, word in enumerate(words) if slot["start"] <= word.start and word.end <= slot["end"]]
                outside = [index for index in range(len(words)) if index not in span]
                assert [(entry["word"], entry["text"]) for entry in slot["explanation"]] == [
                    (index, words[index].text) for index in outside
                ]
                column = served.labels.labels.index(slot["name"])
                for entry in slot["explanation"]:
                    left = " ".join(word.text for index, word in enumerate(words) if index != entry["word"])
                    rows = [index - (entry["word"] < index) for index in span]
                    without = served.annotate(left).label_probabilities_TL[rows, column].mean()
                    assert entry["fall"] == pytest.approx(slot["confidence"] - without, abs=EXACT)


async def test_a_batch_explains_as_each_text_alone_and_beside_others(served: Tagger) -> None:
    async with serving(served, **PATIENT) as client:
        alone = [falls(await explained(client, text)) for text in TEXTS]
        body = {"items": [{"text": text} for text in [*TEXTS, " "]], "include": ["explanation"], "context": REFERENCE}
        results = (await client.post("/v1/parse/batch", json=body)).json()["results"]
        crowd = await asyncio.gather(*(explained(client, text) for text in TEXTS * 5))
    assert any(alone)
    assert results[-1]["status"] == 422
    assert all(close(falls(result["slots"]), single) for result, single in zip(results, alone, strict=False))
    assert all(close(falls(slots), single) for slots, single in zip(crowd, alone * 5, strict=True))


async def test_what_else_is_asked_for_changes_no_explanation_and_is_changed_by_none(served: Tagger) -> None:
    async with serving(served, **PATIENT) as client:
        for text in TEXTS:
            plain = falls(await explained(client, text))
            options = {"include": ["words", "alternatives", "distribution", "explanation"], "min_confidence": 1.0, "top_k": 2}
            full = await explained(client, text, **options)
            assert close(falls(full), plain)
            options["include"] = ["words", "alternatives", "distribution"]
            bare = await explained(client, text, **options)
            assert [{name: slot[name] for name in ("name", "start", "status", "value")} for slot in full] == [
                {name: slot[name] for name in ("name", "start", "status", "value")} for slot in bare
            ]
            assert not any("explanation" in slot for slot in bare)


async def test_what_the_caller_has_asked_for_stays_when_a_word_is_left_out() -> None:
    tagger = Tagger(tiny_artifact(context=("expected_slots",)))
    prepared = tagger.prepare("to Oslo on 3", ["origin"])
    assert tagger.leave_out(prepared, 1).features == tagger.prepare("to on 3", ["origin"]).features
    assert tagger.leave_out(prepared, 1).features != tagger.prepare("to on 3").features


async def test_arrive_and_leave_are_what_tells_the_roles_of_a_place() -> None:
    async with serving(Tagger.load(SHIPPED), **PATIENT) as client:
        for text, word in (
            ("I would like to arrive in Taipei on November 2nd", "arrive"),
            ("I would like to leave Taipei on November 2nd", "leave"),
        ):
            place = next(slot for slot in await explained(client, text) if slot["text"] == "Taipei")
            assert max(place["explanation"], key=lambda entry: entry["fall"])["text"] == word


async def test_a_slot_of_one_word_alone_has_nothing_to_be_explained_by(served: Tagger) -> None:
    async with serving(FakeTagger()) as client:
        assert await explained(client, "to") == []
        assert [slot["explanation"] for slot in await explained(client, "to Oslo")] == [
            [{"word": 0, "text": "to", "fall": pytest.approx(0, abs=1)}]
        ]
    async with serving(served, **PATIENT) as client:
        assert all(slot["explanation"] == [] for slot in await explained(client, "Oslo"))


async def test_what_is_too_long_or_too_much_to_be_explained_is_told_so() -> None:
    longest, longer = "to " * MOST_WORDS, "to " * (MOST_WORDS + 1)
    async with serving(FakeTagger(), max_waiting_items=300, max_batch_items=128) as client:
        single = await client.post("/v1/parse", json={"text": longer, "include": ["explanation"]})
        many = await client.post("/v1/parse/batch", json={"items": [{"text": longest}, {"text": longer}], "include": ["explanation"]})
        too_many = await client.post("/v1/parse/batch", json={"items": [{"text": longest}] * 5, "include": ["explanation"]})
        unexplained = await client.post("/v1/parse/batch", json={"items": [{"text": longest}] * 5})
    assert [(error["pointer"], error["code"]) for error in single.json()["errors"]] == [("/text", "too_many_words_to_explain")]
    assert [result["status"] for result in many.json()["results"]] == [200, 422]
    assert many.json()["results"][1]["problem"]["errors"][0]["pointer"] == "/items/1/text"
    assert too_many.status_code == 422
    assert [(error["pointer"], error["code"]) for error in too_many.json()["errors"]] == [("/include", "too_much_to_explain")]
    assert unexplained.status_code == 200


async def test_every_reading_of_an_explanation_counts_for_the_queue() -> None:
    tagger = SlowTagger()
    body = {"text": "from Oslo to Rome", "include": ["explanation"]}
    async with serving(tagger, max_waiting_items=8, max_batch_items=8, deadline_s=20) as client:
        first = asyncio.create_task(client.post("/v1/parse", json={"text": "in the worker"}))
        await happens(tagger.entered)
        second = asyncio.create_task(client.post("/v1/parse", json={"text": "in its hands"}))
        await turns()
        third = asyncio.create_task(client.post("/v1/parse", json=body))
        await turns()
        assert 'slotline_waiting_utterances{model="slow"} 5.0' in (await client.get("/metrics")).text
        refused = await client.post("/v1/parse", json=body)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        tagger.release.set()
        for task in (first, second, third):
            assert (await task).status_code == 200


async def test_a_client_that_leaves_takes_its_explanation_out_of_the_queue() -> None:
    tagger = SlowTagger()
    async with serving(tagger, deadline_s=20) as client:
        first = asyncio.create_task(client.post("/v1/parse", json={"text": "in the worker"}))
        await happens(tagger.entered)
        second = asyncio.create_task(client.post("/v1/parse", json={"text": "in its hands"}))
        await turns()
        leaves = asyncio.create_task(client.post("/v1/parse", json={"text": "from Oslo to Rome", "include": ["explanation"]}))
        await turns()
        leaves.cancel()
        await turns()
        tagger.release.set()
        assert [(await task).status_code for task in (first, second)] == [200, 200]
    assert sum(map(len, tagger.batches)) == 2
