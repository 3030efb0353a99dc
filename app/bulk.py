"""Lines to answer lines: the bulk pipeline behind ``python -m app.annotate``, without files and without HTTP."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.api import answers
from app.api.problems import problem
from app.api.requests import Include, Options
from app.errors import AnnotationFailed, Malformed, ServiceError, invalid
from app.judgement import judged
from app.loading import active_lines, loaded
from app.meanings import meanings_of, phrases_of, texts_of
from app.metrics import Metrics
from app.phrases import Known, Phrase, PhraseReader
from app.phrases import Outcome as PhraseOutcome
from app.reference import Occasion
from app.registry import ModelRegistry
from app.service import AnnotationService, Reading
from app.service import Options as ServiceOptions
from app.settings import Settings
from model.errors import TextError
from model.labels import Annotation
from model.runtime import Outputs
from model.tagger import Prepared, Tagger
from model.text import tokenize

ANSWERED = 200  # the status of a line that is no error
OF_THE_MOMENT = ("timing_ms",)  # hangs on the clock; bulk answers are the same bytes each time
UNDER_WAY = 2  # windows at a time: one is written down while the graph has the next
MAX_LINE_BYTES = 1_048_576  # as the service's largest body
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Shape:
    """How lines are read and answered; another shape gives other bytes.

    ``plain``: lines are texts, else JSON objects. ``batch``: utterances that go through the graph at once; ``batches`` of them are
    a window, within which utterances of like length go together.
    """

    plain: bool = False
    include: tuple[Include, ...] = ("words",)
    batch: int = 64
    batches: int = 16

    @property
    def window(self) -> int:
        """Lines of a window: its answers come together and depend on no line outside."""
        return self.batch * self.batches


@dataclass(frozen=True, slots=True)
class Utterance:
    """What a line says: the text if there is one, the caller's id for it (any JSON), and what else stood beside it."""

    text: str | None = None
    id: Any = None
    beside: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """A line of the output with its line end, and whether it is an answer or an error."""

    line: bytes
    ok: bool


Outcome = Annotation | ServiceError


@dataclass(frozen=True, slots=True)
class _Batch:
    """Utterances that go through the graph together: their rows in the window, and what the graph will say."""

    rows: list[int]
    prepared: list[Prepared]
    outputs: Future[Outputs]


@dataclass(frozen=True, slots=True)
class _Window:
    """Lines on their way: what each says, an outcome for each that needs no graph, the others in batches. ``number`` is the first's."""

    number: int
    utterances: list[Utterance]
    outcomes: list[Outcome | None]
    batches: list[_Batch]


class Annotator:
    """Windows of lines in, their answers out, in order. Whatever is wrong with a line becomes that line's answer.

    The graph has a thread of its own, which leaves the interpreter to others while it runs: meanwhile the lines before are written down
    and those behind are prepared.
    Life: ``answer``, then ``close``.
    """

    def __init__(self, tagger: Tagger, shape: Shape, reader: PhraseReader | None = None, occasion: Occasion | None = None) -> None:
        """Annotate with ``tagger`` as ``shape`` says. ``reader`` reads what slots mean, all of it said on ``occasion`` (default: now)."""
        self._tagger = tagger
        self._reader = reader
        self.shape = shape
        settings = Settings.model_construct()  # the service's limits without its environment
        self._most_characters = settings.max_characters
        self._options = Options(include=shape.include)
        self._known = Known(settings.values_cache)
        metrics = Metrics()  # nobody asks for them
        registry = ModelRegistry(active_lines([loaded(tagger)]), settings, metrics)
        plan = AnnotationService(registry, settings, metrics).plan(ServiceOptions())
        self._plan = plan if occasion is None else plan._replace(occasion=occasion)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="graph")

    def answer(self, windows: Iterable[Sequence[bytes]], first: int = 1) -> Iterator[list[Answer]]:
        """The answers to each window of lines. ``first``: the number of the first line."""
        under_way: deque[_Window] = deque()
        for lines in windows:
            under_way.append(self._begin(lines, first))
            first += len(lines)
            if len(under_way) == UNDER_WAY:
                yield self._end(under_way.popleft())
        while under_way:
            yield self._end(under_way.popleft())

    def close(self) -> None:
        """Stop the thread; what it has not begun is dropped."""
        self._thread.shutdown(cancel_futures=True)

    def _begin(self, lines: Sequence[bytes], number: int) -> _Window:
        utterances: list[Utterance] = []
        outcomes: list[Outcome | None] = [None] * len(lines)
        prepared: dict[int, Prepared] = {}
        for row, line in enumerate(lines):
            utterance = Utterance()
            try:
                utterance = read_line(line, plain=self.shape.plain)
                prepared[row] = self._prepare(utterance.text)
            except ServiceError as error:
                outcomes[row] = error
            utterances.append(utterance)
        order = sorted(prepared, key=lambda row: prepared[row].cells)
        size = self.shape.batch
        batches = [self._batch(order[start : start + size], prepared) for start in range(0, len(order), size)]
        return _Window(number, utterances, outcomes, batches)

    def _batch(self, rows: list[int], prepared: Mapping[int, Prepared]) -> _Batch:
        taken = [prepared[row] for row in rows]
        return _Batch(rows, taken, self._thread.submit(lambda: self._tagger.run(self._tagger.collate(taken))))

    def _end(self, window: _Window) -> list[Answer]:
        outcomes = list(window.outcomes)
        for batch in window.batches:
            for row, outcome in zip(batch.rows, self._read(batch), strict=True):
                outcomes[row] = outcome
        found = self._found([outcome for outcome in outcomes if isinstance(outcome, Annotation)])
        numbers = range(window.number, window.number + len(outcomes))
        return [self._answer(*row, found) for row in zip(window.utterances, outcomes, numbers, strict=True)]

    def _found(self, annotations: Sequence[Annotation]) -> Mapping[Phrase, PhraseOutcome]:
        """What the phrases of a window's slots amount to."""
        if self._reader is None:
            return {}
        occasion = self._plan.occasion
        phrases = dict.fromkeys(phrase for annotation in annotations for phrase in phrases_of(annotation))
        found: dict[Phrase, PhraseOutcome] = {phrase: known for phrase in phrases if (known := self._known.get(phrase, occasion))}
        missing = [phrase for phrase in phrases if phrase not in found]
        for phrase, outcome in zip(missing, self._reader.read([(phrase, occasion.context) for phrase in missing]), strict=True):
            found[phrase] = outcome
            self._known.put(phrase, occasion, outcome)
        return found

    def _read(self, batch: _Batch) -> list[Outcome]:
        """An outcome for each utterance; where the batch fails each goes alone, so that only the culprit fails."""
        try:
            return list(self._tagger.decode(batch.prepared, batch.outputs.result()))
        except Exception:  # whatever a tagger raises belongs to an utterance, not to the run
            return [self._alone(prepared) for prepared in batch.prepared]

    def _alone(self, prepared: Prepared) -> Outcome:
        try:
            return self._tagger.annotate_batch([prepared])[0]
        except Exception as error:  # it is this text's, and its line says so
            return AnnotationFailed(f"the model failed on this text: {type(error).__name__}")

    def _answer(self, utterance: Utterance, outcome: Outcome | None, number: int, found: Mapping[Phrase, PhraseOutcome]) -> Answer:
        assert outcome is not None, "every row has an outcome"
        said: dict[str, Any]
        if isinstance(outcome, ServiceError):
            said = {"id": utterance.id, "status": outcome.status, "line": number, "text": utterance.text, "problem": problem(outcome)}
        else:
            said = {"id": utterance.id, "status": ANSWERED, **self._fields(outcome, found)}
        if utterance.beside:
            said["beside"] = utterance.beside
        return Answer(orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE), not isinstance(outcome, ServiceError))

    def _fields(self, annotation: Annotation, found: Mapping[Phrase, PhraseOutcome]) -> dict[str, Any]:
        """What an item of ``POST /v1/parse/batch`` says, but for what hangs on the clock."""
        if self._reader is None:
            meanings = texts_of(annotation)
        else:
            meanings = meanings_of(annotation, [found[phrase] for phrase in phrases_of(annotation)], self._plan.occasion)
        slots = judged(annotation, meanings, self._plan.min_confidence)
        fields = answers.parsed(Reading(annotation, slots, (), 0.0, 0.0), self._plan, self._options, 0.0)
        for name in OF_THE_MOMENT:
            del fields[name]
        return fields

    def _prepare(self, text: str | None) -> Prepared:
        if text is None:
            raise invalid("/text", "required", "the line has no string 'text'")
        if len(text) > self._most_characters:
            message = f"the text has {len(text)} characters; at most {self._most_characters} are taken"
            raise invalid("/text", "text_too_long", message)
        try:
            return self._tagger.prepare(text)
        except TextError as error:
            raise invalid("/text", "too_many_words" if tokenize(text) else "no_words", str(error)) from error


def read_line(line: bytes, *, plain: bool) -> Utterance:
    """What a line says. Raises Malformed and Invalid.

    >>> read_line(b'{"text": "to Oslo", "id": 7, "split": "valid"}', plain=False)
    Utterance(text='to Oslo', id=7, beside={'split': 'valid'})
    """
    line = line.removeprefix(BOM)
    if len(line) > MAX_LINE_BYTES:
        raise invalid("", "line_too_long", f"the line is longer than {MAX_LINE_BYTES} bytes")
    if plain:
        try:
            return Utterance(line.decode().rstrip("\r\n"))
        except UnicodeDecodeError as error:
            raise Malformed(f"the line is not UTF-8: {error.reason} at byte {error.start}") from None
    try:
        said = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the line is not JSON: {error}") from None
    if not isinstance(said, dict):
        raise invalid("", "object_type", 'the line is no JSON object such as {"text": "..."}')
    try:
        orjson.dumps(said)
    except orjson.JSONEncodeError as error:  # it reads deeper objects than it writes
        raise invalid("", "not_repeatable", f"the line cannot be repeated in the answer: {error}") from None
    text = said.pop("text", None)
    return Utterance(text if isinstance(text, str) else None, said.pop("id", None), said)


def text_of(line: bytes, *, plain: bool) -> str | None:
    """The text that the answer to ``line`` repeats."""
    try:
        return read_line(line, plain=plain).text
    except ServiceError:
        return None
