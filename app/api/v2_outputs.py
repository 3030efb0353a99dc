"""Readings as tensors of the Open Inference Protocol; padding is 0.

N texts of at most T words, L labels, I intents. A text that failed among others that did not has the slots ``null``, the intent "",
zeros, and says why in ``problem``.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import orjson

from app.api import answers
from app.api.offsets import Unit, offset_table
from app.api.requests import Options
from app.api.tensors import Datatype, Tensor
from app.errors import ServiceError
from app.registry import ServedModel
from app.service import Plan, Reading
from model.decode import rounded
from model.labels import LabelScheme

NULL = "null"


class Answered(NamedTuple):
    """What came of the texts of a request. ``shape``: of the input."""

    outcomes: Sequence[Reading | ServiceError]
    plan: Plan
    shape: tuple[int, ...]
    offset_unit: Unit

    @property
    def scheme(self) -> LabelScheme:
        """The model's labels."""
        return self.plan.served.tagger.labels

    def lengths(self) -> list[int]:
        """Words of each text."""
        return [0 if isinstance(outcome, ServiceError) else len(outcome.annotation.tokens) for outcome in self.outcomes]


class Output(NamedTuple):
    """How an output is made. ``shape``: what the metadata say of it, by the model's labels."""

    datatype: Datatype
    shape: Callable[[LabelScheme], list[int]]
    elements: Callable[[Answered], "np.ndarray | list[str]"]
    of_intents: bool = False


def outputs_of(served: ServedModel) -> Mapping[str, Output]:
    """The outputs that a model has: without intents there is nothing to say of them."""
    return {name: output for name, output in OUTPUTS.items() if served.tagger.labels.intents or not output.of_intents}


def tensor(name: str, answered: Answered) -> Tensor:
    """The output ``name``."""
    output = OUTPUTS[name]
    elements = output.elements(answered)
    return Tensor(name, output.datatype, elements.shape if isinstance(elements, np.ndarray) else answered.shape, elements)


def _slots(answered: Answered) -> list[str]:
    """JSON: the slots as ``/v1/parse`` gives them."""
    view = Options(include=(), offset_unit=answered.offset_unit)
    return [
        NULL if isinstance(outcome, ServiceError) else _json(answers.parsed(outcome, answered.plan, view, 0.0)["slots"])
        for outcome in answered.outcomes
    ]


def _intent(answered: Answered) -> list[str]:
    return [
        "" if isinstance(outcome, ServiceError) or outcome.annotation.intent is None else outcome.annotation.intent.name
        for outcome in answered.outcomes
    ]


def _intent_confidence(answered: Answered) -> np.ndarray:
    found = [
        0.0 if isinstance(outcome, ServiceError) or outcome.annotation.intent is None else outcome.annotation.intent.confidence
        for outcome in answered.outcomes
    ]
    return np.array(found, dtype=np.float32).reshape(answered.shape)


def _intent_probabilities(answered: Answered) -> np.ndarray:
    found_NI = np.zeros((len(answered.outcomes), len(answered.scheme.intents)), dtype=np.float32)
    for row, outcome in enumerate(answered.outcomes):
        if not isinstance(outcome, ServiceError) and outcome.annotation.intent_probabilities_I is not None:
            found_NI[row] = rounded(outcome.annotation.intent_probabilities_I)
    return found_NI


def _probabilities(answered: Answered) -> np.ndarray:
    lengths = answered.lengths()
    found_NTL = np.zeros((len(lengths), max(lengths), len(answered.scheme.labels)), dtype=np.float32)
    for row, outcome in enumerate(answered.outcomes):
        if not isinstance(outcome, ServiceError):
            assert outcome.annotation.label_probabilities_TL is not None, "a tagger's answer has probabilities"
            found_NTL[row, : lengths[row]] = rounded(outcome.annotation.label_probabilities_TL)
    return found_NTL


def _lengths(answered: Answered) -> np.ndarray:
    return np.array(answered.lengths(), dtype=np.int32).reshape(answered.shape)


def _offsets(answered: Answered) -> np.ndarray:
    lengths = answered.lengths()
    found_NT2 = np.zeros((len(lengths), max(lengths), 2), dtype=np.int32)
    for row, outcome in enumerate(answered.outcomes):
        if not isinstance(outcome, ServiceError):
            places = np.array([(start, end) for _, start, end in outcome.annotation.tokens], dtype=np.int32)
            table = offset_table(outcome.annotation.text, answered.offset_unit)
            found_NT2[row, : lengths[row]] = places if table is None else np.array(table, dtype=np.int32)[places]
    return found_NT2


def _problem(answered: Answered) -> list[str]:
    """JSON, "" where the text was answered."""
    return [
        _json({"status": outcome.status, "code": outcome.code, "detail": outcome.detail}) if isinstance(outcome, ServiceError) else ""
        for outcome in answered.outcomes
    ]


def _json(said: object) -> str:
    return orjson.dumps(said).decode()


OUTPUTS: Mapping[str, Output] = {
    "slots": Output("BYTES", lambda scheme: [-1], _slots),
    "intent": Output("BYTES", lambda scheme: [-1], _intent, of_intents=True),
    "intent_confidence": Output("FP32", lambda scheme: [-1], _intent_confidence, of_intents=True),
    "intent_probabilities": Output("FP32", lambda scheme: [-1, len(scheme.intents)], _intent_probabilities, of_intents=True),
    "probabilities": Output("FP32", lambda scheme: [-1, -1, len(scheme.labels)], _probabilities),
    "lengths": Output("INT32", lambda scheme: [-1], _lengths),
    "offsets": Output("INT32", lambda scheme: [-1, -1, 2], _offsets),
    "problem": Output("BYTES", lambda scheme: [-1], _problem),
}
