"""``WS /v1/stream``: reads a text while it is typed, each revision as ``POST /v1/parse`` would; ``docs/stream.md`` is the protocol.

Of a connection only the newest revision is read: an older one that still waits is given up, as if its client had left.
What has reached the model already is answered, so that whoever types fast sees something too.
"""

import asyncio
import time
from functools import partial
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message

from app.api import v1
from app.api.deps import Exchange, Socket, Watched
from app.api.failures import unforeseen
from app.api.problems import problem
from app.api.requests import validated
from app.api.revisions import REVISION, Revision, Steadiness, check_caret, has_no_words, sequence_of
from app.errors import ClientGone, Draining, Invalid, Malformed, QuotaExceeded, ServiceError, UpgradeRequired
from app.timers import Timer

PATH = "/v1/stream"
SUBPROTOCOL = "slotline.v1"
MOST_FAULTS = 16  # messages on end that are no revision, or more than the caller's rate allows
MOST_UNSENT = 16  # answers that wait for a client to fetch those before; until it does, it is not listened to
TURN = 32  # messages that are taken at once, of which only the newest is read


class Closing(Exception):
    """The stream ends. ``told``: whether it is still there to be told the code (RFC 6455, 7.4) and the reason."""

    def __init__(self, code: int, reason: str = "", *, told: bool = True) -> None:
        """``reason``: at most 123 bytes."""
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.told = told


STOPPING = (1001, "the server stops; connect to another")
BINARY = (1003, "send text frames")
NO_JSON = (1007, "this is no JSON; send one object in each message")
OUT_OF_ORDER = (1008, "sequence must grow from message to message")
TOO_MANY_FAULTS = (1008, f"{MOST_FAULTS} messages on end could not be taken")
FAILED = (1011, "the service failed")
TOO_MANY = (1013, "too many streams are open; try again later")
IDLE = 4408


async def serve(socket: Socket) -> None:
    """Accept a connection that the gate has admitted, and serve it to its end. Raises ServiceError where it is not accepted."""
    offered = socket.scope.get("subprotocols") or ()
    if socket.parts.service.draining:
        raise Draining("the service is stopping; connect to another instance", retry_after_s=1)
    if offered and SUBPROTOCOL not in offered:
        raise UpgradeRequired(f"this stream speaks {SUBPROTOCOL}; offer it as a subprotocol, or offer none")
    await socket.receive()  # ASGI's websocket.connect
    await socket.send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if offered else None})
    metrics = socket.parts.metrics.streams
    if socket.parts.streams.full:  # told by a close code, because browsers hide from their pages why a handshake failed
        metrics.turned_away(TOO_MANY[0])
        socket.scope["stream"] = {"close_code": TOO_MANY[0]}
        await socket.send({"type": "websocket.close", "code": TOO_MANY[0], "reason": TOO_MANY[1]})
        return
    stream, code = _Stream(socket), FAILED[0]
    metrics.opened()
    try:
        code = await stream.run()
    finally:
        metrics.closed(code)
        socket.scope["stream"] = {"close_code": code, **stream.counts}


async def _upgrade_required(request: Request) -> Response:
    """``GET /v1/stream`` without a handshake, or with one that is not whole."""
    raise UpgradeRequired("this is a WebSocket; send a handshake of version 13 (RFC 6455), such as `new WebSocket(url)` does")


ROUTES = [Route(PATH, _upgrade_required, methods=["GET"])]


class _Asked:
    """A revision on its way. ``old``: a newer one has come."""

    __slots__ = ("exchange", "old", "revision")

    def __init__(self, revision: Revision, exchange: Exchange) -> None:
        self.revision = revision
        self.exchange = exchange
        self.old = False

    def gone(self) -> bool:
        """Whether nobody waits for its answer."""
        return self.old


class _Stream:
    """One connection that was accepted. Everything belongs to the event loop. Life: ``run``, once."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._parts = socket.parts
        self._metrics = socket.parts.metrics.streams
        self._steadiness = Steadiness()
        self._last = -1  # the highest sequence that came
        self._told = -1  # and the highest that was answered
        self._faults = 0
        self._next: _Asked | None = None  # is read when the loop turns
        self._on_their_way: set[_Asked] = set()
        self._quiet = asyncio.Event()  # nothing is on its way
        self._quiet.set()
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()
        self._heard = time.perf_counter()
        self._idle_timer: Timer | None = None
        self._watched: Watched | None = None
        self.counts = {"revisions": 0, "answered": 0, "superseded": 0}

    async def run(self) -> int:
        """Serve until either side ends it. Returns the close code."""
        writing = asyncio.get_running_loop().create_task(self._write())
        try:
            with self._parts.streams.one(lambda: self._break_off(Closing(*STOPPING))):
                closing = await self._read()
            if closing.code != STOPPING[0]:
                self._give_up()
            if closing.told:
                await self._quiet.wait()
                await self._outgoing.join()
                await self._socket.send({"type": "websocket.close", "code": closing.code, "reason": closing.reason})
        except OSError:  # the client has left meanwhile
            return 1006
        finally:
            self._give_up()
            writing.cancel()
            if self._idle_timer is not None:
                self._idle_timer.cancel()
        return closing.code

    def _break_off(self, closing: Closing) -> None:
        """End from outside of ``_read``, which waits. Whoever comes first says why."""
        watched, self._watched = self._watched, None
        if watched is not None:
            watched.break_off(closing)

    async def _read(self) -> Closing:
        idle_s = self._parts.settings.stream_idle_s
        try:
            with Watched(self._parts.timers, idle_s, lambda _: self._check_idle()) as self._watched:
                while True:
                    if self.counts["revisions"] % TURN == 0:
                        await asyncio.sleep(0)  # others have their turn, and the newest of these is read
                    if self._outgoing.qsize() > MOST_UNSENT:
                        await self._outgoing.join()
                    self._take(await self._socket.receive())
        except Closing as closing:
            return closing
        except Exception as error:  # whatever it is, it ends this stream alone
            unforeseen(error, self._socket.exchange.request_id)
            return Closing(*FAILED)

    def _check_idle(self) -> None:
        """One timer for each stream, not for each message: when it rings, it may have to wait on."""
        idle_s = self._parts.settings.stream_idle_s
        left_s = self._heard + idle_s - time.perf_counter()
        if left_s <= 0:
            self._break_off(Closing(IDLE, f"nothing came for {idle_s:g} s"))
        else:
            self._idle_timer = self._parts.timers.later(left_s, self._check_idle)

    def _take(self, message: Message) -> None:
        if message["type"] == "websocket.disconnect":
            raise Closing(message.get("code") or 1005, told=False)
        text = message.get("text")
        if text is None:
            raise Closing(*BINARY)
        self.counts["revisions"] += 1
        self._heard = started = time.perf_counter()
        try:
            revision = validated(REVISION, text.encode())
        except (Malformed, Invalid) as error:
            is_json, sequence = sequence_of(text)
            if not is_json:
                raise Closing(*NO_JSON) from None
            self._follow(sequence)
            self._refuse(sequence, error, self._exchange(sequence, started).request_id)
            if self._is_one_fault_too_many():
                raise Closing(*TOO_MANY_FAULTS) from None
            return
        self._follow(revision.sequence)
        self._ask(_Asked(revision, self._exchange(revision.sequence, started)))

    def _follow(self, sequence: int | None) -> None:
        """A message of this sequence has come: those before are old."""
        if sequence is None:
            return
        if sequence <= self._last:
            raise Closing(*OUT_OF_ORDER)
        self._last = sequence
        self._give_up()

    def _give_up(self) -> None:
        """Nobody waits any more for what is on its way."""
        for asked in self._on_their_way:
            asked.old = True
        if self._next is not None:
            asked, self._next = self._next, None
            self._over(asked)
            self._supersede()

    def _ask(self, asked: _Asked) -> None:
        self._on_their_way.add(asked)
        self._quiet.clear()
        self._next = asked
        asyncio.get_running_loop().call_soon(self._begin)

    def _begin(self) -> None:
        asked, self._next = self._next, None
        if asked is None:
            return
        try:
            check_caret(asked.revision)
            self._parts.gate.count(self._socket.scope)
            v1.begin_one(asked.revision, self._parts.service, asked.exchange, partial(self._tell, asked), asked.gone)
        except QuotaExceeded as error:
            self._tell(asked, error)
            if self._is_one_fault_too_many():
                self._break_off(Closing(*TOO_MANY_FAULTS))
        except Invalid as error:
            self._tell(asked, v1.answer_blank(asked.revision, self._parts.service, asked.exchange) if has_no_words(error) else error)
        except Exception as error:  # whatever it is, it belongs to this revision
            self._tell(asked, error)

    def _is_one_fault_too_many(self) -> bool:
        self._faults += 1
        return self._faults >= MOST_FAULTS

    def _over(self, asked: _Asked) -> None:
        """It is on its way no longer."""
        self._on_their_way.discard(asked)
        if not self._on_their_way:
            self._quiet.set()

    def _supersede(self) -> None:
        self.counts["superseded"] += 1
        self._metrics.superseded()

    def _tell(self, asked: _Asked, outcome: dict[str, Any] | Exception) -> None:
        """What has come of a revision; where a newer one has been answered, or it was given up, nobody hears of it."""
        self._over(asked)
        sequence = asked.revision.sequence
        if isinstance(outcome, ClientGone) or sequence <= self._told or (asked.old and isinstance(outcome, Exception)):
            self._supersede()
        elif isinstance(outcome, Exception):
            request_id = asked.exchange.request_id
            self._refuse(sequence, outcome if isinstance(outcome, ServiceError) else unforeseen(outcome, request_id), request_id)
        else:
            self._answer(asked, outcome)

    def _answer(self, asked: _Asked, answer: dict[str, Any]) -> None:
        self._faults = 0
        self._told = asked.revision.sequence
        self._steadiness.mark(answer, asked.revision.caret)
        self.counts["answered"] += 1
        self._metrics.answered(asked.exchange.seconds())
        self._put({"sequence": self._told, "status": 200, **answer})

    def _refuse(self, sequence: int | None, error: ServiceError, request_id: str) -> None:
        if sequence is not None:
            self._told = sequence
        self._metrics.refused()
        message = {"sequence": sequence, "status": error.status, "problem": problem(error, request_id)}
        if error.retry_after_s:
            message["retry_after_s"] = error.retry_after_s
        self._put(message)

    def _exchange(self, sequence: int | None, started: float) -> Exchange:
        """Of one revision: its id is the connection's with its sequence behind."""
        request_id = self._socket.exchange.request_id
        return Exchange(request_id if sequence is None else f"{request_id}.{sequence}", started)

    def _put(self, message: dict[str, Any]) -> None:
        self._outgoing.put_nowait(orjson.dumps(message).decode())

    async def _write(self) -> None:
        """Send what is to be sent; what nobody is left to receive is dropped."""
        gone = False
        while True:
            text = await self._outgoing.get()
            try:
                if not gone:
                    await self._socket.send({"type": "websocket.send", "text": text})
            except OSError:
                gone = True
            finally:
                self._outgoing.task_done()
