"""Pages for people. Everything they load comes from here; the policy in their headers sees to it."""

from importlib.resources import files
from pathlib import Path

import orjson
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from app.api.openapi import document

STATIC = Path(str(files("app"))) / "static"
# Swagger UI and Redoc style their elements inline, and Redoc searches in a worker made from a blob.
POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


def _page(name: str) -> Route:
    async def page(request: Request) -> Response:
        return FileResponse(STATIC / f"{name}.html", headers=HEADERS)

    return Route("/" if name == "index" else f"/{name}", page, methods=["GET"])


async def openapi(request: Request) -> Response:
    """``GET /openapi.json``: the same document until the models change."""
    return Response(orjson.dumps(await document(request.app)), media_type="application/json")


ROUTES = [
    *(_page(name) for name in ("index", "docs", "redoc")),
    Route("/openapi.json", openapi, methods=["GET"]),
    Mount("/static", StaticFiles(directory=STATIC), name="static"),
]
