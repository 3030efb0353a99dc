"""Wires the application: settings and taggers in, an ASGI application out."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware

from app import __version__, tracing
from app.api import admin, health, pages, rasa, stream, v1, v2, values
from app.api.deps import Parts
from app.api.exchange import ExchangeMiddleware
from app.api.failures import on_client_gone, on_http_error, on_service_error
from app.api.gate import Gate
from app.control import Control, LocalControl
from app.errors import ClientGone, ServiceError, StartupError
from app.lineup import Lines
from app.loading import Loaded, active_lines, load_all, loaded
from app.metrics import Metrics
from app.outbox import Outbox
from app.phrases import PhraseReader, load_reader
from app.rasa_names import RasaNames
from app.registry import ModelRegistry
from app.service import AnnotationService
from app.settings import Settings
from app.streams import Streams
from app.timers import Timers
from app.values import ValueService
from model.tagger import Tagger

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

PLAIN = [*values.ROUTES, *stream.ROUTES, *admin.ROUTES, *pages.ROUTES]


def create_app(
    settings: Settings | None = None, taggers: Sequence[Tagger] | None = None, phrase_reader: PhraseReader | None = None
) -> FastAPI:
    """The application. Without arguments (``uvicorn --factory app.main:create_app``) everything comes from the environment.

    ``phrase_reader`` goes with ``taggers``: who gives those serves no other reader. Raises StartupError and model.errors.SlotlineError
    where the models or the reader cannot be served.
    """
    settings = settings or Settings()
    if taggers is None:
        return assemble(settings, load_all(settings.models, threads=settings.threads), load_reader(settings))
    return assemble(settings, active_lines(loaded(tagger) for tagger in taggers), phrase_reader)


def assemble(
    settings: Settings, lines: Lines[Loaded], phrase_reader: PhraseReader | None = None, control: Control | None = None
) -> FastAPI:
    """The application for what is loaded. ``control`` carries out admin commands; default: for this process alone."""
    metrics = Metrics()
    registry = ModelRegistry(lines, settings, metrics)
    reading = ValueService(phrase_reader, settings, metrics) if phrase_reader else None
    parts = Parts(
        AnnotationService(registry, settings, metrics, reading),
        settings,
        metrics,
        Gate(settings),
        Timers(),
        Outbox(),
        control or LocalControl(registry),
        Streams(settings.max_streams),
        _rasa_names(settings, registry),
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _at_work(parts):
            yield
        if provider is not None:
            await asyncio.to_thread(provider.shutdown)  # sends what it still has

    app = FastAPI(
        title="Slotline",
        version=__version__,
        lifespan=lifespan,
        openapi_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False},
    )
    app.state.parts = parts
    app.state.openapi_documents = {}
    _mount(app, parts)
    provider = _trace(app, settings)
    return app


@asynccontextmanager
async def _at_work(parts: Parts) -> AsyncIterator[None]:
    """Models and reader answer inside of it; what they have accepted is answered before it ends."""
    registry, reading = parts.service.registry, parts.service.values
    registry.start()
    if reading is not None:
        reading.start()
    ticking = asyncio.create_task(parts.metrics.keep_flushed())
    yield
    parts.service.draining = True
    await registry.close()
    if reading is not None:
        await reading.close()
    ticking.cancel()
    parts.metrics.flush()


def _rasa_names(settings: Settings, registry: ModelRegistry) -> RasaNames:
    """Raises StartupError for names of what no model has."""
    names, schemes = settings.read_rasa_names(), [served.tagger.labels for served in registry.served.values()]
    slots, intents = {slot for scheme in schemes for slot in scheme.slots}, {intent for scheme in schemes for intent in scheme.intents}
    if unknown := names.unknown(slots, intents):
        raise StartupError(
            f"{settings.rasa_names} names {', '.join(unknown)}, which no loaded model has; see `/v1/labels` for what there is"
        )
    return names


def _mount(app: FastAPI, parts: Parts) -> None:
    doors = [*(rasa.ROUTES if parts.settings.rasa_door else ()), *(v2.ROUTES if parts.settings.inference_door else ())]
    plain = [*PLAIN, *doors]
    app.router.routes.extend(v1.ROUTES)  # first, because they are asked most
    app.include_router(v1.router)
    app.include_router(health.router)
    app.include_router(admin.router)
    app.router.routes.extend(plain)
    app.add_exception_handler(ServiceError, on_service_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(ClientGone, on_client_gone)
    # In place of Starlette's outermost layer, which answers failures in plain text and is paid for by every request.
    stack = app.build_middleware_stack()
    assert isinstance(stack, ServerErrorMiddleware)
    app.middleware_stack = ExchangeMiddleware(
        stack.app, parts, [*v1.ROUTES, *plain], v1.HOT, v1.AT_ONCE, sockets={stream.PATH: stream.serve}
    )


def _trace(app: FastAPI, settings: Settings) -> "TracerProvider | None":
    if not tracing.wanted(settings):
        return None
    try:
        from app import spans
    except ModuleNotFoundError as error:
        raise StartupError(f"tracing is on, but {error.name} is not installed; pip install 'slotline[otel]', or switch it off") from None
    provider = spans.exporting_provider()
    assert app.middleware_stack is not None
    app.middleware_stack = spans.TracingMiddleware(app.middleware_stack, provider)
    return provider
