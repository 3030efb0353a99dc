"""Pages for people. Everything they load comes from here; the policy that ``app.api.areas`` gives them sees to it."""

from importlib.resources import files
from pathlib import Path

import orjson
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from app.api.openapi import document

STATIC = Path(str(files("app"))) / "static"


def _page(name: str) -> Route:
    async def page(request: Request) -> Response:
        return FileResponse(STATIC / f"{name}.html")

    return Route("/" if name == "index" else f"/{name}", page, methods=["GET"])


async def openapi(request: Request) -> Response:
    """``GET /openapi.json``: the same document until the models change."""
    return Response(orjson.dumps(await document(request.app)), media_type="application/json")


ROUTES = [
    *(_page(name) for name in ("index", "model", "docs", "redoc")),
    Route("/openapi.json", openapi, methods=["GET"]),
    Mount("/static", StaticFiles(directory=STATIC), name="static"),
]
