"""The protocol-free middle: text and options in, an annotation with statuses and what is missing out."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

import numpy as np

from app import tracing
from app.capacity import limits_of
from app.errors import AnnotationFailed, FieldError, Invalid, NotFound, ServiceError, annotation_failed, invalid
from app.explanations import Asked, asked_for, check_words
from app.judgement import JudgedSlot, judged
from app.meanings import meanings_of, phrases_of, texts_of
from app.metrics import Metrics
from app.phrases import Meaning, Outcome
from app.reference import Occasion, occasion_at, reference_errors, reference_of
from app.registry import ModelRegistry, ServedModel
from app.settings import Settings
from app.values import ValueService
from app.waiting import Falls, Gone, Promise, Served
from model.decode import likeliest, rounded
from model.errors import TextError
from model.labels import Annotation, Intent, WordLabels
from model.tagger import Prepared
from model.text import tokenize

logger = logging.getLogger(__name__)

NO_WORDS = "no_words"  # the code of what is wrong with a text in which nothing stands


class Options(NamedTuple):
    """What a caller asks of one or many texts; None stands for the default."""

    model: str | None = None
    language: str | None = None
    reference_time: datetime | None = None
    timezone: str | None = None
    date_policy: str = "future"
    date_order: str = "mdy"
    expected_slots: tuple[str, ...] = ()
    intent: str | None = None
    required_slots: tuple[str, ...] = ()
    min_confidence: float = 0.5
    values: bool = True
    explain: bool = False

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
    """Options that were found valid, with the defaults filled in. ``language``: None where each text's letters tell it."""

    served: ServedModel
    language: str | None
    occasion: Occasion
    expected_slots: tuple[str, ...]
    intent: str | None
    required_slots: tuple[str, ...]
    min_confidence: float
    values: bool
    explain: bool = False


Tell = Callable[["Reading | Exception"], None]


class Reading(NamedTuple):
    """What a text says under a plan. ``falls``: of each slot, where the plan explains."""

    annotation: Annotation
    slots: tuple[JudgedSlot, ...]
    missing: tuple[str, ...]
    queue_s: float
    inference_s: float
    falls: tuple[Falls, ...] | None = None


class AnnotationService:
    """Every protocol speaks to this class alone."""

    def __init__(self, registry: ModelRegistry, settings: Settings, metrics: Metrics, values: ValueService | None = None) -> None:
        """Serve the registry's models within the settings' limits. ``values`` reads what slots mean; without it they mean their words."""
        self.registry = registry
        self.values = values
        self.draining = False  # set by SIGTERM: ready turns red while requests are still answered
        self._settings = settings
        self._metrics = metrics

    @property
    def fit(self) -> bool:
        """Whether every thread lives that answers need."""
        return self.registry.fit and (self.values is None or self.values.alive)

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
        occasion = occasion_at(reference_of(options.reference_time, options.timezone), options.date_policy, options.date_order)
        asked = (options.expected_slots, options.intent, options.required_slots)
        return Plan(served, options.language, occasion, *asked, options.min_confidence, options.values, options.explain)

    async def read(self, text: str, plan: Plan) -> Reading:
        """One text. Raises what ``begin`` raises and tells."""
        future: asyncio.Future[Reading] = asyncio.get_running_loop().create_future()

        def tell(outcome: Reading | Exception) -> None:
            if future.done():  # its client has left
                return
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

        self.begin(text, plan, tell, future.cancelled)
        reading = await future
        tracing.stages(reading.queue_s, reading.inference_s)
        return reading

    def begin(self, text: str, plan: Plan, tell: Tell, gone: Gone) -> None:
        """One text, for whoever does not wait: ``tell`` gets the reading or what the queues raise.

        Raises Invalid and AnnotationFailed for the text, and Overloaded, Draining and WorkerDied, at once.
        """
        prepared = self._prepare(text, plan, "/text")
        self._enqueue([prepared], plan, [tell], gone)

    async def read_many(self, texts: Sequence[str | ServiceError], plan: Plan) -> list[Reading | ServiceError]:
        """Many texts, each with its own outcome, in order; an error in place of a text stays where it is.

        Raises Overloaded, Draining, WorkerDied or Invalid (too much to explain) for all together: they are admitted together.
        """
        prepared = [self._prepare_or_error(text, plan, f"/items/{index}/text") for index, text in enumerate(texts)]
        outcomes: list[Reading | ServiceError | None] = [None if isinstance(item, Prepared) else item for item in prepared]
        places = [place for place, item in enumerate(prepared) if isinstance(item, Prepared)]
        left = len(places)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def tell(place: int, outcome: Reading | Exception) -> None:
            nonlocal left
            outcomes[place] = self._own_error(outcome, plan) if isinstance(outcome, Exception) else outcome
            left -= 1
            if not left and not done.done():
                done.set_result(None)

        if places:
            admitted = [item for item in prepared if isinstance(item, Prepared)]
            self._enqueue(admitted, plan, [partial(tell, place) for place in places], done.cancelled)
            await done  # each has its deadline
        return [outcome for outcome in outcomes if outcome is not None]

    async def prove(self, served: ServedModel, seconds: float) -> None:
        """One real forward pass through the queue and the worker. Raises what MicroBatcher.submit raises."""
        samples = served.tagger.artifact.samples
        await served.batcher.submit(served.tagger.prepare(samples[0].text if samples else "ready"), seconds)

    def _enqueue(self, batch: Sequence[Prepared], plan: Plan, tells: Sequence[Tell], gone: Gone) -> None:
        """Have all of ``batch`` read, or none. Raises what the queues raise, and what ``asked_for`` does."""
        seconds = self._settings.deadline_s
        if self.values is not None and plan.values:
            self.values.admit()  # before the model has worked for nothing
        until = time.perf_counter() + seconds
        told = [partial(self._on_served, plan, tell, until, gone) for tell in tells]
        asked = (
            asked_for(batch, plan.served.tagger, told, limits_of(self._settings))
            if plan.explain
            else Asked(batch, list(map(Promise, told)))
        )
        plan.served.batcher.enqueue(asked.rows, seconds, asked.promises, gone)

    def _on_served(self, plan: Plan, tell: Tell, until: float, gone: Gone, served: Served | Exception) -> None:
        """The model has done its work: have what the slots say read, unless it is known."""
        if isinstance(served, Exception):
            tell(served)
            return
        if self.values is None or not plan.values or not (phrases := phrases_of(served.annotation)):
            tell(self._reading_or_error(served, plan, ()))
        elif (known := self.values.known(phrases, plan.occasion)) is not None:
            tell(self._reading_or_error(served, plan, known))
        else:
            promise = Promise(partial(self._on_outcomes, served, plan, tell))
            self.values.ask(phrases, plan.occasion, promise, until, gone)

    def _on_outcomes(self, served: Served, plan: Plan, tell: Tell, outcomes: list[Outcome] | Exception) -> None:
        tell(outcomes if isinstance(outcomes, Exception) else self._reading_or_error(served, plan, outcomes))

    def _reading_or_error(self, served: Served, plan: Plan, outcomes: Sequence[Outcome]) -> Reading | Exception:
        try:
            return self._reading(served, plan, outcomes)
        except Exception as error:  # it belongs to this utterance; the batch that calls back goes on
            return error

    def _reading(self, served: Served, plan: Plan, outcomes: Sequence[Outcome]) -> Reading:
        annotation = served.annotation
        meanings: Sequence[Meaning | None] = [None] * len(annotation.slots)
        if plan.values:
            meanings = texts_of(annotation) if self.values is None else meanings_of(annotation, outcomes, plan.occasion)
        slots = judged(annotation, meanings, plan.min_confidence)
        missing: tuple[str, ...] = ()
        if plan.required_slots:
            filled = {each.slot.name for each in slots if each.reason is None}
            missing = tuple([name for name in dict.fromkeys(plan.required_slots) if name not in filled])
        known_T = annotation.known_T or ()
        self._metrics.read(plan.served.name, slots, len(annotation.tokens), known_T.count(False))
        return Reading(annotation, slots, missing, served.queue_s, served.inference_s, served.falls)

    def _own_error(self, error: Exception, plan: Plan) -> ServiceError:
        """The outcome of an item of many: what the service did not foresee fails that item alone."""
        if isinstance(error, ServiceError):
            return error
        logger.error("an answer of %s could not be made: %s", plan.served.name, type(error).__name__)  # the message may quote the text
        return annotation_failed(plan.served.name)

    def _prepare(self, text: str, plan: Plan, pointer: str) -> Prepared:
        if len(text) > self._settings.max_characters:
            raise invalid(pointer, "text_too_long", f"the text has {len(text)} characters; send at most {self._settings.max_characters}")
        try:
            prepared = plan.served.tagger.prepare(text, plan.expected_slots, plan.intent)
        except TextError as error:
            code = "too_many_words" if tokenize(text) else NO_WORDS
            raise invalid(pointer, code, str(error)) from error
        except Exception as error:  # a tagger's failure belongs to its text, whatever it is
            logger.error("%s could not prepare one utterance: %s", plan.served.name, type(error).__name__)  # the message may quote it
            raise annotation_failed(plan.served.name) from error
        if plan.explain:
            check_words(prepared, pointer)
        return prepared

    def _prepare_or_error(self, text: str | ServiceError, plan: Plan, pointer: str) -> Prepared | ServiceError:
        if isinstance(text, ServiceError):
            return text
        try:
            return self._prepare(text, plan, pointer)
        except (Invalid, AnnotationFailed) as error:
            return error


def intents_of(reading: Reading, plan: Plan) -> list[Intent]:
    """Every intent that the model tells apart with its probability, likeliest first; the first is the annotation's own."""
    intents_I = reading.annotation.intent_probabilities_I
    if intents_I is None:
        return []
    columns, found = likeliest(intents_I[None], len(intents_I))
    names = plan.served.tagger.labels.intents
    return [Intent(names[column], share) for column, share in zip(columns[0].tolist(), rounded(found[0]).tolist(), strict=True)]


def blank(text: str, plan: Plan) -> Reading:
    """What a text without words says under a plan: nothing."""
    probabilities_TL = np.zeros((0, len(plan.served.tagger.labels.labels)), dtype=np.float32)
    nothing = Annotation(text, (), (), None, probabilities_TL, None, WordLabels([], [], []), ())
    return Reading(nothing, (), tuple(dict.fromkeys(plan.required_slots)), 0.0, 0.0)


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
