"""Answers that leave together: what is ready in one turn of the event loop is sent at its end, one behind the other.

A batch's answers are ready at about the same time. Sent one by one, each wakes a sleeping client at once, which takes a processor from
its neighbours and costs the sender more than the sending itself.
"""

import asyncio
import logging
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Outbox:
    """What is to be sent, in order."""

    def __init__(self) -> None:
        """Nothing is to be sent."""
        self._sendings: list[Callable[[], None]] = []

    def put(self, send: Callable[[], None]) -> None:
        """Call ``send`` behind all that is ready to run now."""
        if not self._sendings:
            asyncio.get_running_loop().call_soon(self.flush)
        self._sendings.append(send)

    def flush(self) -> None:
        """Send what is here."""
        sendings, self._sendings = self._sendings, []
        for send in sendings:
            try:
                send()
            except Exception:  # one connection's end is no reason to leave the others without their answers
                logger.exception("an answer could not be sent")
