"""What slots and intents are called at the door for Rasa's clients: a TOML file.

    [entities]
    origin = {entity = "place", role = "departure"}
    people = "party_size"

    [intents]
    out_of_scope = "nlu_fallback"

What is not named there keeps its name. Several slots may be roles of one entity, several intents one intent.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple


class Entity(NamedTuple):
    """What Rasa calls a slot: an entity, in a role or in none."""

    name: str
    role: str | None = None


@dataclass(frozen=True, slots=True)
class RasaNames:
    """Entities by slot, and Rasa's intents by ours."""

    entities: Mapping[str, Entity] = field(default_factory=dict)
    intents: Mapping[str, str] = field(default_factory=dict)

    def entity(self, slot: str) -> Entity:
        """What ``slot`` is called."""
        return self.entities.get(slot) or Entity(slot)

    def intent(self, name: str) -> str:
        """What the intent ``name`` is called."""
        return self.intents.get(name, name)

    def unknown(self, slots: Iterable[str], intents: Iterable[str]) -> list[str]:
        """What is named here, but is none of these: most likely a slip of the pen."""
        return sorted([*(self.entities.keys() - set(slots)), *(self.intents.keys() - set(intents))])


AS_THEY_ARE = RasaNames()


def read_names(file: Path) -> RasaNames:
    """The names of a file. Raises ValueError that says which entry is wrong."""
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}; name a file that the service may read") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"{file} is no TOML: {error}") from None
    for table, entries in tables.items():
        if table not in ("entities", "intents") or not isinstance(entries, dict):
            raise ValueError(f"{file}: {table!r} is none of the tables [entities] and [intents]")
    entities = {slot: _entity(given, f"{file}: [entities] {slot}") for slot, given in tables.get("entities", {}).items()}
    return RasaNames(entities, {name: _word(given, f"{file}: [intents] {name}") for name, given in tables.get("intents", {}).items()})


def _entity(given: Any, place: str) -> Entity:
    if isinstance(given, str):
        return Entity(_word(given, place))
    if not isinstance(given, dict) or "entity" not in given or given.keys() - {"entity", "role"}:
        raise ValueError(f'{place} is neither a name nor {{entity = "...", role = "..."}}')
    role = given.get("role")
    return Entity(_word(given["entity"], place), None if role is None else _word(role, place))


def _word(given: Any, place: str) -> str:
    if not isinstance(given, str) or not given.strip():
        raise ValueError(f"{place} = {given!r} is no name; give a string that is not empty")
    return given
