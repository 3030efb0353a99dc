"""Who may come in: what is decided about a request from its head alone, before anything of it is read."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Scope

from app.settings import Settings

Header = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Admission:
    """``headers`` go with whatever is answered. ``answer`` ends the exchange at the gate: a refusal or a CORS preflight."""

    headers: tuple[Header, ...] = ()
    answer: ASGIApp | None = None


class Gate:
    """Decides by the settings; one for each application."""

    def __init__(self, settings: Settings) -> None:
        """Admit as ``settings`` say."""
        self._open = Admission()

    def admit(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Admission:
        """What becomes of the request. ``headers``: the scope's, by lower-case name."""
        return self._open
