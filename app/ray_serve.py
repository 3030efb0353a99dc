"""The service on many machines: an application of Ray Serve whose replicas are the whole service, each with batches of its own.

``serve run app.ray_serve:application models=/models`` or a file such as ``deploy/ray/serve.yaml``. The plain service never imports this.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from ray import serve
from ray.serve import Application
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import logs
from app.api.deps import Parts
from app.api.readiness import prove_all
from app.errors import StartupError
from app.interpreter import tune_interpreter
from app.main import create_app
from app.settings import Settings

# Whatever listens, keeps connections and starts processes is Ray's; versions change in all replicas or in none, by `serve deploy`.
OF_THE_CLUSTER = frozenset(
    (
        *("host", "port", "workers", "worker_timeout_s", "drain_s", "stop_timeout_s"),
        *("max_connections", "head_timeout_s", "keep_alive_s", "answer_timeout_s"),
        *("admin_keys", "admin_keys_file"),
    )
)
REQUEST_ID = b"x-request-id"


def application(arguments: Mapping[str, Any]) -> Application:
    """What ``serve run`` and ``serve deploy`` build. ``arguments``: settings of the service by name, as ``models`` and ``max_wait_s``.

    Whatever they leave out comes from the environment of each replica. Raises StartupError for a setting that is unknown, wrong, or the
    cluster's.
    """
    settings_of(arguments)
    return slotline.bind(dict(arguments))


def settings_of(arguments: Mapping[str, Any]) -> Settings:
    """The settings of a replica. Raises StartupError."""
    if unknown := sorted(arguments.keys() - Settings.model_fields.keys()):
        raise StartupError(f"there is no setting {', '.join(unknown)}; docs/operations.md has them all")
    if foreign := sorted(arguments.keys() & OF_THE_CLUSTER):
        raise StartupError(f"{', '.join(foreign)} cannot be set under Ray Serve, which does that itself; see docs/scale.md")
    try:
        # An admin command would reach one replica of many, so that door stays shut whatever the environment says.
        return Settings(**{**arguments, "admin_keys": None, "admin_keys_file": None, "workers": 1})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, entry['loc']))}: {entry['msg']}" for entry in error.errors(include_url=False))
        raise StartupError(f"the settings of the replicas are wrong: {wrong}") from None


@serve.ingress()
class Replica:
    """One process of the service. Life: Ray's; requests come once its models are replayed, and it stops when all are answered."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        """Load what ``arguments`` say. Raises StartupError and model.errors.SlotlineError, and then the version before serves on."""
        settings = settings_of(arguments)
        logs.configure(settings)
        app = create_app(settings)
        self._parts: Parts = app.state.parts
        self._answers = OneRequestId(app)
        tune_interpreter()

    def __serve_build_asgi_app__(self) -> ASGIApp:
        """The application, whose lifespan Ray runs in the loop of the requests."""
        return self._answers

    async def check_health(self) -> None:
        """Raises Unavailable where no forward pass succeeds, and then Ray replaces this replica."""
        await prove_all(self._parts.service, self._parts.settings.ready_window_s)


class OneRequestId:
    """Leaves the header X-Request-ID to Ray's proxy, which sets it in every answer to what it has told the application."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one exchange."""

        async def without_id(message: Message) -> None:
            if "headers" in message:
                message["headers"] = [(name, value) for name, value in message["headers"] if name != REQUEST_ID]
            await send(message)

        await self._app(scope, receive, without_id)


slotline = serve.deployment(
    Replica,
    name="slotline",
    ray_actor_options={"num_cpus": 1},
    # So many wait in a replica that its batches fill; beyond its own limits it answers 503 by itself.
    max_ongoing_requests=256,
    autoscaling_config={"min_replicas": 1, "max_replicas": 8, "target_ongoing_requests": 24, "upscale_delay_s": 10},
    health_check_period_s=5,
    health_check_timeout_s=10,
    graceful_shutdown_wait_loop_s=1,
    graceful_shutdown_timeout_s=30,
)
