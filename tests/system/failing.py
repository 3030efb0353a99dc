"""Runs a service in which everything fails with an utterance in its mouth: ``python -m tests.system.failing FLAGS``."""

import asyncio
import gc
import logging
import sys
import warnings

import httpx

from app import logs
from app.api import v1
from app.main import create_app
from app.settings import parse_arguments
from tests.fakes import DyingTagger, ErrorTagger, ForgetfulTagger

TEXT = "poison die Zanzibar"


class QuotingTagger(ErrorTagger):
    """Fails with the text as its message."""

    def annotate_batch(self, batch):
        raise ValueError(batch[0].text)


class QuotingDeath(DyingTagger):
    """Ends its thread with the text as its message."""

    def annotate_batch(self, batch):
        raise SystemExit(batch[0].text)


async def _broken_handler(call):
    raise RuntimeError((await call.receive())["body"])


async def _ask(settings, tagger) -> None:
    app = create_app(settings, [tagger])
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://slotline") as client:
        for body in ({"text": TEXT}, {"text": TEXT, "top_k": 0}, {"items": [{"text": TEXT}]}, [TEXT], {"text": TEXT * 300}):
            for path in ("/v1/parse", "/v1/parse/batch", "/broken", f"/{TEXT}"):
                await client.post(path, json=body)
        await client.post("/v1/parse", content=f'{{"text": "{TEXT}', headers={"Content-Type": "application/json"})


async def _lose_an_exception() -> None:
    asyncio.get_running_loop().create_future().set_exception(ValueError(TEXT))
    gc.collect()


def main(arguments: list[str]) -> None:
    """Every way of failing, then the end by an exception that nobody catches."""
    settings = parse_arguments(arguments)
    logs.configure(settings)
    logging.getLogger("httpx").disabled = True  # the client, which is no part of the service, logs what it asks for
    v1.HOT["POST", "/broken"] = _broken_handler
    for tagger in (QuotingTagger(), ForgetfulTagger(), QuotingDeath()):
        asyncio.run(_ask(settings, tagger))
    asyncio.run(_lose_an_exception())
    warnings.warn("the service warns", stacklevel=1)
    raise RuntimeError(TEXT)


if __name__ == "__main__":
    main(sys.argv[1:])
