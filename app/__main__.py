"""``python -m app``: reads the settings, takes its address, and serves: alone, or through workers that it watches."""

import logging
import sys

from app import logs
from app.errors import StartupError
from app.settings import parse_arguments
from app.sockets import bind
from model.errors import SlotlineError


def main(arguments: list[str]) -> int:
    """The exit code: 0 after a graceful stop, 2 where the service cannot start as it is set up."""
    settings = parse_arguments(arguments)
    logs.configure(settings)
    # Imported where it is decided: a supervisor stays small because it never imports what its workers serve with.
    try:
        sockets = bind(settings)
        if settings.workers > 1:
            from app.workers import supervise

            return supervise(settings, arguments, sockets)
        from app.server import serve_alone

        return serve_alone(settings, sockets)
    except (StartupError, SlotlineError) as error:
        logs.announce(f"slotline cannot start: {error}", sys.stderr, logging.CRITICAL)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
