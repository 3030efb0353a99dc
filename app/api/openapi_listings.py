"""Answers of what is only read, for the OpenAPI document: of the loaded models where they come from them."""

from typing import Any

from app.api import v1
from app.api.deps import Parts

EXCERPT = (
    "# HELP slotline_requests_total Requests answered.\n"
    "# TYPE slotline_requests_total counter\n"
    'slotline_requests_total{method="POST",route="/v1/parse",status="200"} 1024.0\n'
)
CUT = "..."


def add_listings(paths: dict[str, Any], parts: Parts) -> None:
    """An answer for every operation that only reads. Changes ``paths`` in place."""
    registry = parts.service.registry
    served = registry.get(None)
    ready = {"version": served.tagger.version, "seconds_since_forward_pass": 0.25}
    answers: dict[str, Any] = {
        "/v1/labels": v1.labels_of(served),
        "/v1/models": v1.models_of(registry),
        "/v1/models/{name}": _shortened(v1.model_of(served, registry)),
        "/health/live": {"status": "ok"},
        "/health/startup": {"status": "ok"},
        "/health/ready": {"status": "ready", "models": {served.name: ready}},
    }
    for path, answer in answers.items():
        paths[path]["get"]["responses"]["200"]["content"]["application/json"]["example"] = answer
    paths["/metrics"]["get"]["responses"]["200"]["content"]["text/plain"]["example"] = EXCERPT


def describe_answers(built: dict[str, Any]) -> None:
    """Say of each operation what it answers, in the words of the answer's schema. Changes ``built`` in place."""
    schemas = built["components"]["schemas"]
    for operations in built["paths"].values():
        for operation in operations.values():
            answer = operation["responses"]["200"]
            for content in answer["content"].values():
                name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
                answer["description"] = schemas[name]["description"] if name else answer["description"]
    built["paths"]["/metrics"]["get"]["responses"]["200"]["description"] = "The metrics, a line each."


def _shortened(answer: dict[str, Any]) -> dict[str, Any]:
    """A model without what is long: of its scores and its calibration what is on top, of its card the first line."""
    scores: dict[str, Any] = {name: {} for name in answer["scores"]}
    calibration = {name: value for name, value in answer["calibration"].items() if isinstance(value, float)}
    return {**answer, "scores": scores, "calibration": calibration, "card": f"{answer['card'].splitlines()[0]}\n{CUT}"}
