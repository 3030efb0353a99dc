"""The shapes of answers: they document what goes out, and tests hold every real answer against them."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from app.api.requests import DateOrder, DatePolicy, Kind, OffsetUnit, Probability
from app.api.value_schemas import AnyValue

SlotStatus = Literal["accepted", "uncertain"]
UncertainReason = Literal["low_confidence", "ambiguous_role", "value_not_understood"]
ItemStatus = Literal[422, 500, 503, 504]
SlotSource = Literal["model", "gazetteer"]


class ModelReference(BaseModel):
    """Which model answered."""

    name: str
    version: str


class ContextAnswer(BaseModel):
    """The context that was used, with the defaults filled in."""

    reference_time: str = Field(json_schema_extra={"format": "date-time"})
    timezone: str | None
    date_policy: DatePolicy
    date_order: DateOrder


class IntentAnswer(BaseModel):
    """What the utterance wants."""

    name: str
    confidence: Probability


class TextValue(BaseModel):
    """The words as they stand in the text: of a slot that has no other value, such as `carrier`, or a place not in the gazetteer.

    Where the model's gazetteer has a canonical form of the words, that form.
    """

    type: Literal["text"]
    value: str


class Alternative(BaseModel):
    """Another label that the slot's words could carry; `O` for none."""

    name: str
    confidence: Probability


class FallAnswer(BaseModel):
    """What a word outside of a slot does for the slot."""

    word: int = Field(description="index of the word, from 0, as in `words`")
    text: str
    fall: float = Field(
        ge=-1,
        le=1,
        description="the slot's `confidence` minus the probability of the same label on the same words when this word is left out of the "
        "text: above 0 the word speaks for the slot, below 0 against it",
    )


class SlotAnswer(BaseModel):
    """A filled slot."""

    name: str
    text: str
    start: int
    end: int
    confidence: Probability
    status: SlotStatus = Field(description="`uncertain` slots are for the caller to confirm")
    reason: UncertainReason | None = Field(
        None,
        description="only where uncertain, the gravest: `low_confidence` is below `min_confidence`; "
        "`ambiguous_role` means that another slot is at least half as likely; `value_not_understood`: `value` is null",
    )
    source: SlotSource | None = Field(
        None,
        description="only where the model has a gazetteer: whether its network found the slot, or its words stand in a table of phrases "
        "and the network left them or doubted; `confidence` is then the share of such finds that were right on validation data",
    )
    value: TextValue | AnyValue | None = Field(
        None, description="what the slot means; null where that is not understood; left out only where `values` is false"
    )
    value_alternatives: list[AnyValue] | None = Field(None, description="other readings of the words, likeliest first; with `value`")
    alternatives: list[Alternative] | None = Field(None, description="only if included: likeliest first")
    explanation: list[FallAnswer] | None = Field(None, description="only if included: every word outside of the slot, in text order")


class WordAnswer(BaseModel):
    """A word and the most probable of its labels."""

    text: str
    start: int
    end: int
    known: bool = Field(description="whether the model saw the word in training")
    slot: str = Field(description="the slot that covers the word, else `O`")
    confidence: Probability = Field(description="probability of `slot`")
    top: list[tuple[str, Probability]] = Field(description="[label, probability], likeliest first")


class Distribution(BaseModel):
    """The probability of every label of every word."""

    labels: list[str]
    probabilities: list[list[Probability]] = Field(description="words x labels; each row sums to 1")


class Timing(BaseModel):
    """Milliseconds."""

    queue: float
    inference: float
    total: float


class Parsed(BaseModel):
    """What a text says."""

    text: str
    language: str
    offset_unit: OffsetUnit
    context: ContextAnswer
    intent: IntentAnswer | None = Field(description="null if the model tells no intents apart")
    slots: list[SlotAnswer] = Field(description="in text order; they never overlap")
    missing: list[str] = Field(description="`required_slots` without an accepted slot: an `uncertain` one does not count as filled")
    intents: list[IntentAnswer] | None = Field(None, description="only if included: every intent, likeliest first; they sum to 1")
    words: list[WordAnswer] | None = Field(None, description="only if included, as it is by default")
    distribution: Distribution | None = Field(None, description="only if included")
    timing_ms: Timing


class Answered(BaseModel):
    """Which request was answered by which model."""

    request_id: str
    model: ModelReference


class ParseAnswer(Parsed, Answered):  # bases from the last: the order in which the fields are sent
    """The answer to one text."""


class FieldProblem(BaseModel):
    """What is wrong with one place of the request."""

    pointer: str = Field(description="JSON pointer (RFC 6901) into the request body")
    code: str
    message: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(description="`urn:slotline:problem:` and a code for programs")
    title: str
    status: int
    detail: str
    request_id: str | None = Field(None, description="not in the problem of a batch item")
    errors: list[FieldProblem]


class ItemOk(BaseModel):
    """The head of an item that was answered."""

    id: str | None
    status: Literal[200]


class ItemAnswer(Parsed, ItemOk):
    """An item that was answered."""


class ItemProblem(BaseModel):
    """An item that was not answered."""

    id: str | None
    status: ItemStatus
    problem: Problem


class Counts(BaseModel):
    """How many items were answered and how many were not."""

    ok: int
    failed: int


class BatchAnswer(Answered):
    """One result per item, in order."""

    results: list[ItemAnswer | ItemProblem]
    counts: Counts


class Titles(BaseModel):
    """What people call a label."""

    en: str
    ru: str


class LabelTitle(BaseModel):
    """A label with its titles; its name where it has none."""

    name: str
    title: Titles


class SlotTitle(LabelTitle):
    """A slot with its titles, and what it says."""

    kind: Kind | None = Field(description="what kind of value its words say; null where they mean themselves")


class LabelsAnswer(BaseModel):
    """The slots and intents of a model."""

    model: ModelReference
    slots: list[SlotTitle]
    intents: list[LabelTitle]


class ModelSummary(ModelReference):
    """A loaded model."""

    sha256: str = Field(description="of the artefact's manifest, which vouches for every file")
    languages: list[str]
    default: bool = Field(description="whether it answers requests that name no model")
    inputs: list[str] = Field(description="the parts of a request that its answer depends on")
    slots: int
    intents: int
    max_words: int


class ModelsAnswer(BaseModel):
    """Every loaded model."""

    models: list[ModelSummary]


class TableSummary(BaseModel):
    """A table of phrases that a model looks up."""

    slots: list[str] = Field(description="those that its phrases may fill")
    phrases: int
    confidence: Probability = Field(description="the share of its finds that were right on validation data")


class ModelDetail(ModelSummary):
    """A loaded model with the proof of its quality."""

    scores: dict[str, Any] = Field(description="measured on the exported file")
    calibration: dict[str, Any] = Field(description="reliability tables: how often a confidence was right")
    card: str = Field(description="the model card, Markdown")
    gazetteer: list[TableSummary] | None = Field(None, description="only where the model has one")


class Health(BaseModel):
    """The service is well."""

    status: Literal["ok"]


class ReadyModel(BaseModel):
    """When a model last proved that it works."""

    version: str
    seconds_since_forward_pass: float


class Ready(BaseModel):
    """Every model answered a real forward pass a short while ago."""

    status: Literal["ready"]
    models: dict[str, ReadyModel]
