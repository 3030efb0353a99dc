"""``python -m bench.rivals KIND --bytes N``: servers that do nothing but answer N fixed bytes, to measure ours against.

``fastapi`` is an endpoint that validates the same body as ours: what one pays for FastAPI alone. ``starlette`` only reads the
body: the floor, below which nothing that speaks HTTP here can get.
"""

import argparse
import socket

import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from app.api.requests import ParseRequest

PATH = "/v1/parse"


def empty_fastapi(answer: bytes) -> ASGIApp:
    """FastAPI with one validated body."""
    app = FastAPI()

    @app.post(PATH)
    async def parse(body: ParseRequest) -> Response:
        return Response(answer, media_type="application/json")

    return app


def bare_starlette(answer: bytes) -> ASGIApp:
    """Starlette with one route."""

    async def parse(request: Request) -> Response:
        await request.body()
        return Response(answer, media_type="application/json")

    return Starlette(routes=[Route(PATH, parse, methods=["POST"])])


KINDS = {"fastapi": empty_fastapi, "starlette": bare_starlette}


def main() -> None:
    """Serve until a signal comes; the settings are those of ``python -m app``."""
    parser = argparse.ArgumentParser(prog="python -m bench.rivals", description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--bytes", type=int, required=True, help="length of every answer")
    options = parser.parse_args()
    application = KINDS[options.kind](b"x" * options.bytes)
    config = uvicorn.Config(
        application, loop="uvloop", http="httptools", ws="none", log_config=None, access_log=False, proxy_headers=False, server_header=False
    )
    listener = socket.create_server(("127.0.0.1", 0), backlog=config.backlog)
    print("listens on http://{}:{}".format(*listener.getsockname()), flush=True)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
