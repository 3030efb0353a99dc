"""The shapes of Rasa's HTTP API, as far as it is answered here (its API description, Rasa Open Source 3.6)."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.api.requests import Probability


class RasaMessage(BaseModel):
    """A message; what else Rasa's clients put beside the text is not looked at."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    text: str = Field(description="the utterance; `/intent{...}`, as buttons send it, is taken at its word")
    message_id: str | None = Field(None, description="taken and not used, as by Rasa")


class RasaIntent(BaseModel):
    """An intent, by its name at this door."""

    name: str | None = Field(description="null where the text has no words, or the model tells no intents apart")
    confidence: Probability


class RasaEntity(BaseModel):
    """A slot, by its names at this door."""

    entity: str
    role: str | None = Field(None, description="only where the slot has one")
    start: int = Field(description="code points, as Rasa counts")
    end: int
    value: Any = Field(description="the words as they stand")
    confidence_entity: Probability | None = Field(None, description="that it is this entity, in whatever role")
    confidence_role: Probability | None = Field(None, description="that it is this entity in this role")
    extractor: str
    additional_info: dict[str, Any] = Field({}, description="`value` and `value_alternatives` as `/v1/parse` gives them")


class RasaParse(BaseModel):
    """What a message says."""

    text: str
    intent: RasaIntent
    entities: list[RasaEntity]
    text_tokens: list[tuple[int, int]] = Field(description="start and end of every word")
    intent_ranking: list[RasaIntent] = Field(description="every intent, likeliest first")


class RasaStatus(BaseModel):
    """What is loaded."""

    model_file: str
    model_id: str = Field(description="SHA-256 of the artefact's manifest")
    num_active_training_jobs: int


class RasaVersion(BaseModel):
    """Which Rasa this door answers as."""

    version: str
    minimum_compatible_version: str


class RasaErrorDetails(BaseModel):
    """What a native problem says beside the message."""

    request_id: str | None
    type: str
    errors: list[dict[str, str]]


class RasaError(BaseModel):
    """An error in Rasa's shape."""

    version: str
    status: Literal["failure"]
    message: str
    reason: str
    details: RasaErrorDetails
    help: str
    code: int
