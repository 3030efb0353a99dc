"""The protocol-free middle: text and options in, an annotation with statuses and what is missing out."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from app import tracing
from app.errors import AnnotationFailed, FieldError, Invalid, NotFound, ServiceError, annotation_failed, invalid
from app.metrics import Metrics
from app.reference import reference_errors, reference_of
from app.registry import ModelRegistry, ServedModel
from app.settings import Settings
from app.waiting import Gone, Promise, Served
from model.errors import TextError
from model.labels import OUTSIDE, Annotation, Slot
from model.tagger import Prepared
from model.text import tokenize

logger = logging.getLogger(__name__)

AMBIGUOUS_SHARE = 0.5  # an alternative with at least this share of the slot's confidence makes its role ambiguous


class Options(NamedTuple):
    """What a caller asks of one or many texts; None stands for the default."""

    model: str | None = None
    language: str | None = None
    reference_time: datetime | None = None
    timezone: str | None = None
    expected_slots: tuple[str, ...] = ()
    intent: str | None = None
    required_slots: tuple[str, ...] = ()
    min_confidence: float = 0.5

    @property
    def names_something(self) -> bool:
        """Whether there is anything in it that could be wrong."""
        return bool(
            self.language is not None
            or self.reference_time
            or self.timezone is not None
            or self.expected_slots
            or self.intent is not None
            or self.required_slots
        )


class Plan(NamedTuple):
    """Options that were found valid, with the defaults filled in. ``reference_time`` has an offset; ``reference_text``: in ISO 8601."""

    served: ServedModel
    language: str
    reference_time: datetime
    reference_text: str
    timezone: str | None
    expected_slots: tuple[str, ...]
    intent: str | None
    required_slots: tuple[str, ...]
    min_confidence: float


class JudgedSlot(NamedTuple):
    """A slot with the reason not to take it for granted; None means accepted."""

    slot: Slot
    reason: str | None


class Reading(NamedTuple):
    """What a text says under a plan."""

    annotation: Annotation
    slots: tuple[JudgedSlot, ...]
    missing: tuple[str, ...]
    queue_s: float
    inference_s: float


class AnnotationService:
    """Every protocol speaks to this class alone."""

    def __init__(self, registry: ModelRegistry, settings: Settings, metrics: Metrics) -> None:
        """Serve the registry's models within the settings' limits."""
        self.registry = registry
        self.draining = False  # set by SIGTERM: ready turns red while requests are still answered
        self._settings = settings
        self._metrics = metrics

    def plan(self, options: Options) -> Plan:
        """Raises NotFound for an unknown model and Invalid that names every other option that is wrong."""
        try:
            served = self.registry.get(options.model)
        except NotFound as error:
            raise NotFound(error.detail, errors=(FieldError("/model", "model_not_found", error.detail),)) from None
        if options.names_something:
            errors = [*_unknown_names(options, served), *reference_errors(options.reference_time, options.timezone)]
            if errors:
                raise Invalid("; ".join(error.message for error in errors), errors=tuple(errors))
        moment, text, timezone = reference_of(options.reference_time, options.timezone)
        language = options.language or served.languages[0]
        asked = (options.expected_slots, options.intent, options.required_slots)
        return Plan(served, language, moment, text, timezone, *asked, options.min_confidence)

    async def read(self, text: str, plan: Plan) -> Reading:
        """One text. Raises Invalid and AnnotationFailed for the text, and what MicroBatcher.submit raises."""
        prepared = self._prepare(text, plan, "/text")
        served = await plan.served.batcher.submit(prepared, self._settings.deadline_s)
        tracing.stages(served.queue_s, served.inference_s)
        return self._reading(served, plan)

    def begin(self, text: str, plan: Plan, tell: Callable[[Reading | Exception], None], gone: Gone) -> None:
        """As ``read``, for whoever does not wait: ``tell`` gets the reading or what the queue raises. Raises what is wrong at once."""

        def on_served(outcome: Served | Exception) -> None:
            tell(outcome if isinstance(outcome, Exception) else self._reading_or_error(outcome, plan))

        prepared = self._prepare(text, plan, "/text")
        plan.served.batcher.enqueue(prepared, self._settings.deadline_s, Promise(on_served), gone)

    async def read_many(self, texts: Sequence[str | ServiceError], plan: Plan) -> list[Reading | ServiceError]:
        """Many texts, each with its own outcome, in order; an error in place of a text stays where it is.

        Raises Overloaded, Draining or WorkerDied for all of them together: they are admitted together.
        """
        prepared = [self._prepare_or_error(text, plan, f"/items/{index}/text") for index, text in enumerate(texts)]
        admitted = [item for item in prepared if isinstance(item, Prepared)]
        futures = iter(plan.served.batcher.admit(admitted, self._settings.deadline_s) if admitted else ())
        slots = [next(futures) if isinstance(item, Prepared) else item for item in prepared]
        pending = [slot for slot in slots if isinstance(slot, asyncio.Future)]
        try:
            if pending:
                await asyncio.wait(pending)  # each has its deadline
            return [self._outcome(slot, plan) if isinstance(slot, asyncio.Future) else slot for slot in slots]
        finally:
            for future in pending:
                future.cancel()

    async def prove(self, served: ServedModel, seconds: float) -> None:
        """One real forward pass through the queue and the worker. Raises what MicroBatcher.submit raises."""
        samples = served.tagger.artifact.samples
        await served.batcher.submit(served.tagger.prepare(samples[0].text if samples else "ready"), seconds)

    def _outcome(self, future: "asyncio.Future[Served]", plan: Plan) -> Reading | ServiceError:
        error = future.exception()
        if error is None:
            return self._reading(future.result(), plan)
        if isinstance(error, ServiceError):
            return error
        raise error

    def _reading_or_error(self, served: Served, plan: Plan) -> Reading | Exception:
        try:
            return self._reading(served, plan)
        except Exception as error:  # it belongs to this utterance; the batch that calls back goes on
            return error

    def _reading(self, served: Served, plan: Plan) -> Reading:
        annotation = served.annotation
        slots = tuple([JudgedSlot(slot, judge(slot, plan.min_confidence)) for slot in annotation.slots])
        missing: tuple[str, ...] = ()
        if plan.required_slots:
            filled = {judged.slot.name for judged in slots if judged.reason is None}
            missing = tuple([name for name in dict.fromkeys(plan.required_slots) if name not in filled])
        known_T = annotation.known_T or ()
        self._metrics.read(plan.served.name, slots, len(annotation.tokens), known_T.count(False))
        return Reading(annotation, slots, missing, served.queue_s, served.inference_s)

    def _prepare(self, text: str, plan: Plan, pointer: str) -> Prepared:
        if len(text) > self._settings.max_characters:
            raise invalid(pointer, "text_too_long", f"the text has {len(text)} characters; send at most {self._settings.max_characters}")
        try:
            return plan.served.tagger.prepare(text, plan.expected_slots, plan.intent)
        except TextError as error:
            code = "too_many_words" if tokenize(text) else "no_words"
            raise invalid(pointer, code, str(error)) from error
        except Exception as error:  # a tagger's failure belongs to its text, whatever it is
            logger.error("%s could not prepare one utterance: %s", plan.served.name, type(error).__name__)  # the message may quote it
            raise annotation_failed(plan.served.name) from error

    def _prepare_or_error(self, text: str | ServiceError, plan: Plan, pointer: str) -> Prepared | ServiceError:
        if isinstance(text, ServiceError):
            return text
        try:
            return self._prepare(text, plan, pointer)
        except (Invalid, AnnotationFailed) as error:
            return error


def judge(slot: Slot, min_confidence: float) -> str | None:
    """Why a slot is uncertain, or None.

    >>> judge(Slot("origin", 0, 6, 0.6, (("destination", 0.35),)), 0.5)
    'ambiguous_role'
    """
    if slot.confidence < min_confidence:
        return "low_confidence"
    for label, probability in slot.alternatives:  # likeliest first
        if label != OUTSIDE:
            return "ambiguous_role" if probability >= AMBIGUOUS_SHARE * slot.confidence else None
    return None


def _unknown_names(options: Options, served: ServedModel) -> list[FieldError]:
    scheme = served.tagger.labels
    named = [
        *((f"/required_slots/{index}", "slot", name, scheme.slots) for index, name in enumerate(options.required_slots)),
        *((f"/context/expected_slots/{index}", "slot", name, scheme.slots) for index, name in enumerate(options.expected_slots)),
        ("/context/intent", "intent", options.intent, scheme.intents),
        ("/language", "language", options.language, served.languages),
    ]
    return [
        FieldError(pointer, f"unknown_{kind}", f"{served.name} has no {kind} {name!r}; it has: {', '.join(allowed)}")
        for pointer, kind, name, allowed in named
        if name is not None and name not in allowed
    ]
