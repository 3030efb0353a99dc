"""A reading as the dictionary that is sent; plain dictionaries, because building pydantic objects costs more than the inference."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from app.api.offsets import offset_table
from app.api.requests import Options
from app.judgement import JudgedSlot
from app.reference import Occasion
from app.registry import ServedModel
from app.service import Plan, Reading, intents_of
from model.decode import likeliest, rounded
from model.labels import Annotation
from model.language import language_of


class View(NamedTuple):
    """How the caller wants a reading shown. ``offsets`` is None where code points are what is asked for."""

    include: Sequence[str]
    top_k: int
    offsets: list[int] | None


def reference(served: ServedModel) -> dict[str, str]:
    """Which model answered."""
    return {"name": served.name, "version": served.tagger.version}


def parsed(reading: Reading, plan: Plan, options: Options, total_s: float) -> dict[str, Any]:
    """The fields that a single answer and an answered item of a batch share. ``total_s``: seconds since the request came."""
    annotation = reading.annotation
    view = View(options.include, options.top_k, offset_table(annotation.text, options.offset_unit))
    intent = annotation.intent
    answer: dict[str, Any] = {
        "text": annotation.text,
        "language": plan.language or language_of(annotation.text, plan.served.languages),
        "offset_unit": options.offset_unit,
        "context": context_of(plan.occasion),
        "intent": {"name": intent.name, "confidence": intent.confidence} if intent else None,
        "slots": [_slot(judged, annotation.text, view) for judged in reading.slots],
        "missing": reading.missing,
    }
    if reading.falls is not None:
        for slot, falls in zip(answer["slots"], reading.falls, strict=True):
            slot["explanation"] = [{"word": word, "text": annotation.tokens[word].text, "fall": fall} for word, fall in falls]
    if "intents" in view.include:
        answer["intents"] = [{"name": name, "confidence": share} for name, share in intents_of(reading, plan)]
    if "words" in view.include:
        answer["words"] = _words(annotation, plan.served, view)
    if "distribution" in view.include:
        probabilities_TL = _distribution(annotation)
        answer["distribution"] = {"labels": plan.served.tagger.labels.labels, "probabilities": probabilities_TL.tolist()}
    answer["timing_ms"] = {"queue": _ms(reading.queue_s), "inference": _ms(reading.inference_s), "total": _ms(total_s)}
    return answer


def context_of(occasion: Occasion) -> dict[str, Any]:
    """When and where, with the defaults filled in."""
    reference = occasion.reference
    return {"reference_time": reference.text, "timezone": reference.timezone, "date_policy": occasion.policy, "date_order": occasion.order}


def _slot(judged: JudgedSlot, text: str, view: View) -> dict[str, Any]:
    slot, meaning, offsets = judged.slot, judged.meaning, view.offsets
    start, end = slot.start, slot.end
    words = text[start:end]
    answer: dict[str, Any] = {
        "name": slot.name,
        "text": words,
        "start": start if offsets is None else offsets[start],
        "end": end if offsets is None else offsets[end],
        "confidence": slot.confidence,
        "status": "uncertain" if judged.reason else "accepted",
    }
    if judged.reason:
        answer["reason"] = judged.reason
    if judged.origin is not None:
        answer["source"], words = judged.origin.source, judged.origin.value or words
    if meaning is not None:
        answer["value"] = {"type": "text", "value": words} if meaning.is_text else meaning.value_json
        answer["value_alternatives"] = meaning.alternatives_json
    if "alternatives" in view.include:
        answer["alternatives"] = [{"name": name, "confidence": p} for name, p in slot.alternatives[: view.top_k]]
    return answer


def _words(annotation: Annotation, served: ServedModel, view: View) -> list[dict[str, Any]]:
    """Written for speed: this is most of what an answer says."""
    words, offsets = annotation.words, view.offsets
    assert words is not None, "a tagger's answer tells every word's label"
    tokens: Sequence[tuple[str, int, int]] = annotation.tokens
    if offsets is not None:
        tokens = [(text, offsets[start], offsets[end]) for text, start, end in tokens]
    tops = _tops(annotation, served, view.top_k)
    known_T = annotation.known_T or (True,) * len(tokens)
    return [
        {
            "text": text,
            "start": start,
            "end": end,
            "known": known,
            "slot": slot,
            "confidence": top[0][1] if top[0][0] == slot else _confidence(annotation, row, served.label_index[slot]),
            "top": top,
        }
        for row, ((text, start, end), known, slot, top) in enumerate(zip(tokens, known_T, words.chosen, tops, strict=True))
    ]


Top = Sequence[tuple[str, float]]


def _tops(annotation: Annotation, served: ServedModel, top_k: int) -> list[Top]:
    """The ``top_k`` likeliest labels of each word with their probabilities, likeliest first."""
    words = annotation.words
    assert words is not None
    if not words.likeliest:  # of a text without words
        return []
    if top_k <= len(words.likeliest[0]):
        rows = zip(words.likeliest, words.probabilities, strict=True)
        if top_k == 3:  # the default, spelled out: a third of the time
            return [((names[0], found[0]), (names[1], found[1]), (names[2], found[2])) for names, found in rows]
        return [list(zip(names[:top_k], found, strict=False)) for names, found in rows]
    assert annotation.label_probabilities_TL is not None
    columns_TK, found_TK = likeliest(annotation.label_probabilities_TL, top_k)
    names = served.tagger.labels.names_L[columns_TK].tolist()
    return [list(zip(labels, found, strict=True)) for labels, found in zip(names, rounded(found_TK).tolist(), strict=True)]


def _distribution(annotation: Annotation) -> np.ndarray:
    assert annotation.label_probabilities_TL is not None, "a tagger's answer has probabilities"
    return rounded(annotation.label_probabilities_TL)


def _confidence(annotation: Annotation, row: int, column: int) -> float:
    assert annotation.label_probabilities_TL is not None
    return float(rounded(annotation.label_probabilities_TL[row, column]))


def _ms(seconds: float) -> float:
    """Milliseconds with three decimals; rounding to nearest takes five times as long."""
    return int(seconds * 1e6) / 1000
