"""The shapes of the administration's answers."""

from typing import Literal

from pydantic import BaseModel, Field

VersionState = Literal["serving", "standby", "stopped"]


class AdminVersion(BaseModel):
    """A loaded version of a model."""

    version: str
    sha256: str
    artifact: str = Field(description="name of the directory that it was loaded from")
    state: VersionState = Field(
        description="`serving` answers requests, `standby` is loaded and waits; the worker thread of a `stopped` one has died"
    )
    loaded: str = Field(json_schema_extra={"format": "date-time"})


class AdminModel(BaseModel):
    """The versions of one model."""

    name: str
    default: bool = Field(description="whether it answers requests that name no model")
    active: AdminVersion | None = Field(description="answers requests; null for a new model that was not promoted yet")
    candidate: AdminVersion | None = Field(description="the one loaded last: `promote` makes it active")
    previous: AdminVersion | None = Field(description="active before the last promotion: `rollback` makes it active again")


class AdminModels(BaseModel):
    """The versions of every model."""

    models: list[AdminModel]
