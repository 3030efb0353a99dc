"""A reading as the dictionary that is sent; plain dictionaries, because building pydantic objects costs more than the inference."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.api.offsets import offset_table
from app.api.requests import Options
from app.registry import ServedModel
from app.service import JudgedSlot, Plan, Reading
from model.labels import OUTSIDE
from model.text import Token

DECIMALS = 6  # batch neighbours move a probability by less than 1e-6; with 6 decimals a row still sums to 1 within 1e-4


@dataclass(frozen=True, slots=True)
class View:
    """How the caller wants a reading shown. ``offsets`` is None where code points are what is asked for."""

    include: frozenset[str]
    top_k: int
    offsets: list[int] | None

    def at(self, offset: int) -> int:
        """The offset in the caller's unit."""
        return offset if self.offsets is None else self.offsets[offset]


def reference(served: ServedModel) -> dict[str, str]:
    """Which model answered."""
    return {"name": served.name, "version": served.tagger.version}


def parsed(reading: Reading, plan: Plan, options: Options, total_s: float) -> dict[str, Any]:
    """The fields that a single answer and an answered item of a batch share. ``total_s``: seconds since the request came."""
    annotation = reading.annotation
    view = View(frozenset(options.include), options.top_k, offset_table(annotation.text, options.offset_unit))
    intent = annotation.intent
    answer: dict[str, Any] = {
        "text": annotation.text,
        "language": plan.language,
        "offset_unit": options.offset_unit,
        "context": {
            "reference_time": plan.reference_time.isoformat(),
            "timezone": plan.timezone,
            "date_policy": options.context.date_policy,
        },
        "intent": {"name": intent.name, "confidence": _rounded(intent.confidence)} if intent else None,
        "slots": [_slot(judged, annotation.text, view) for judged in reading.slots],
        "missing": list(reading.missing),
        **_probabilities(reading, plan.served, view),
        "timing_ms": {"queue": _ms(reading.queue_s), "inference": _ms(reading.inference_s), "total": _ms(total_s)},
    }
    return answer


def _slot(judged: JudgedSlot, text: str, view: View) -> dict[str, Any]:
    slot = judged.slot
    words = text[slot.start : slot.end]
    answer: dict[str, Any] = {
        "name": slot.name,
        "text": words,
        "start": view.at(slot.start),
        "end": view.at(slot.end),
        "confidence": _rounded(slot.confidence),
        "status": "accepted",
    }
    if judged.reason:
        answer.update(status="uncertain", reason=judged.reason)
    answer["value"] = {"type": "text", "value": words}
    if "alternatives" in view.include:
        answer["alternatives"] = [{"name": name, "confidence": _rounded(p)} for name, p in slot.alternatives[: view.top_k]]
    return answer


def _probabilities(reading: Reading, served: ServedModel, view: View) -> dict[str, Any]:
    """``words`` and ``distribution``, as far as they are included."""
    if not view.include & {"words", "distribution"}:
        return {}
    raw_TL = reading.annotation.label_probabilities_TL
    assert raw_TL is not None, "a tagger's answer has probabilities"
    probabilities_TL = np.clip(np.round(raw_TL.astype(np.float64), DECIMALS), 0.0, 1.0)
    answer: dict[str, Any] = {}
    if "words" in view.include:
        answer["words"] = _words(reading, probabilities_TL, served, view)
    if "distribution" in view.include:
        answer["distribution"] = {"labels": list(served.tagger.labels.labels), "probabilities": probabilities_TL.tolist()}
    return answer


def _words(reading: Reading, probabilities_TL: np.ndarray, served: ServedModel, view: View) -> list[dict[str, Any]]:
    tokens = reading.annotation.tokens
    known_T = reading.annotation.known_T or (True,) * len(tokens)
    labels = served.tagger.labels.labels
    best_TK = np.argsort(-probabilities_TL, axis=1, kind="stable")[:, : view.top_k]
    top_TK = np.take_along_axis(probabilities_TL, best_TK, axis=1).tolist()
    answer = []
    for row, (token, slot) in enumerate(zip(tokens, covering_slots(tokens, reading.slots), strict=True)):
        answer.append(
            {
                "text": token.text,
                "start": view.at(token.start),
                "end": view.at(token.end),
                "known": bool(known_T[row]),
                "slot": slot,
                "confidence": float(probabilities_TL[row, served.label_index[slot]]),
                "top": [(labels[index], p) for index, p in zip(best_TK[row].tolist(), top_TK[row], strict=True)],
            }
        )
    return answer


def covering_slots(tokens: Sequence[Token], slots: Sequence[JudgedSlot]) -> list[str]:
    """The name of the slot over each token, ``O`` for none. Both stand in text order."""
    names = []
    position = 0
    for token in tokens:
        while position < len(slots) and slots[position].slot.end <= token.start:
            position += 1
        covered = position < len(slots) and slots[position].slot.start <= token.start
        names.append(slots[position].slot.name if covered else OUTSIDE)
    return names


def _rounded(probability: float) -> float:
    return round(min(max(probability, 0.0), 1.0), DECIMALS)


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 3)
