"""What the document says about the stream. OpenAPI knows no WebSockets, so it stands under ``x-websockets``, with the same schemas."""

from typing import Any

from pydantic.json_schema import models_json_schema

from app.api import stream
from app.api.revisions import Revision
from app.api.stream_schemas import StreamAnswer, StreamProblem

DESCRIPTION = (
    "Reads a text while somebody types it. Each text message is the whole text as it stands now, with a number that grows; each is "
    "answered as `POST /v1/parse` would answer it, but for those that a newer one overtakes while they wait. Words carry two marks more: "
    "`partial`, where the caret stands in them, and `stable`. What cannot be answered is told by a problem, and the stream stays open. "
    "A browser sends its key as the subprotocol `slotline.key.` and the key in base64url without padding."
)
EXAMPLE = {
    "sequence": 12,
    "text": "arrive in Taipei on Nov",
    "caret": 23,
    "context": {"reference_time": "2026-10-20T10:00:00+08:00", "timezone": "Asia/Taipei"},
    "offset_unit": "utf16",
}
CLOSE_CODES = {
    "1001": "the server stops; what was on its way has been answered",
    "1002": "what came is no WebSocket frame",
    "1003": "a binary frame",
    "1007": "a message that is not UTF-8 or not JSON",
    "1008": "a sequence that does not grow, too many messages on end that are no revision or beyond the rate limit, or too many fragments",
    "1009": "a message that is too large",
    "1011": "the service failed, or the client answered no ping",
    "1013": "too many streams are open; connect again later",
    "4408": "no message came for long; connect again when somebody types",
}


def add_stream(built: dict[str, Any]) -> None:
    """Describe the stream in the document, its schemas beside the others."""
    shapes, shared = models_json_schema(
        [(Revision, "validation"), (StreamAnswer, "serialization"), (StreamProblem, "serialization")],
        ref_template="#/components/schemas/{model}",
    )
    for name, schema in shared["$defs"].items():
        built["components"]["schemas"].setdefault(name, schema)
    built["x-websockets"] = {
        stream.PATH: {
            "summary": "Read a text while it is typed",
            "description": DESCRIPTION,
            "subprotocol": stream.SUBPROTOCOL,
            "messages": {
                "revision": {"from": "client", "schema": shapes[Revision, "validation"], "example": EXAMPLE},
                "answer": {"from": "server", "schema": shapes[StreamAnswer, "serialization"]},
                "problem": {"from": "server", "schema": shapes[StreamProblem, "serialization"]},
            },
            "close_codes": CLOSE_CODES,
        }
    }
