"""Names for the closed lists of words in the OpenAPI document: generated clients make one type of each, wherever it is used."""

from typing import Any, get_args

from app.api.admin_schemas import VersionState
from app.api.requests import DateOrder, DatePolicy, Include, Kind, OffsetUnit
from app.api.schemas import ItemStatus, SlotSource, SlotStatus, UncertainReason
from app.api.tensors import Datatype
from app.api.v2_schemas import IndexState
from app.api.value_schemas import Grain
from app.lineup import Place

NAMED: dict[str, Any] = {
    "DateOrder": DateOrder,
    "DatePolicy": DatePolicy,
    "Datatype": Datatype,
    "Grain": Grain,
    "Include": Include,
    "IndexState": IndexState,
    "ItemStatus": ItemStatus,
    "Kind": Kind,
    "OffsetUnit": OffsetUnit,
    "SlotSource": SlotSource,
    "SlotStatus": SlotStatus,
    "UncertainReason": UncertainReason,
    "VersionPlace": Place,
    "VersionState": VersionState,
}
_NAMES = {get_args(kind): name for name, kind in NAMED.items()}


def name_enums(schemas: dict[str, Any]) -> None:
    """Give each list of words that stands within a schema a schema of its own, and refer to it. Changes ``schemas`` in place."""
    found: dict[str, Any] = {}
    for schema in schemas.values():
        _refer(schema, found)
    schemas.update(found)


def _refer(node: Any, found: dict[str, Any]) -> None:
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        name = _NAMES.get(tuple(child["enum"])) if isinstance(child, dict) and isinstance(child.get("enum"), list) else None
        if name:
            found[name] = {"type": child.pop("type"), "enum": child.pop("enum"), "title": name}
            child.pop("title", None)
            child["$ref"] = f"#/components/schemas/{name}"
        else:
            _refer(child, found)
