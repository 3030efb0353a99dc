"""Every error that the service answers on purpose, and the HTTP status of each.

ServiceError
├── Refused                    the caller's to mend
│   ├── Malformed        400   the body is not JSON
│   ├── BadHost          400   no Host header, or one that is none
│   ├── Unauthorized     401   no key, or one that nobody has
│   ├── Forbidden        403   a key, but not for this
│   │   ├── AdminOff     403   nobody may, as the service is set up
│   │   └── ForeignOrigin 403  a web page that may not open this
│   ├── BrokenHttp       400   the bytes are no HTTP request
│   ├── HeadTimeout      408   the head did not come in time
│   ├── HeadTooLarge     431   too many or too large headers
│   ├── NotFound         404   no such model or page
│   ├── BodyTimeout      408   the body did not come in time
│   ├── BodyTooLarge     413
│   ├── WrongMediaType   415
│   ├── NotAcceptable    406
│   ├── Conflict         409   not in the state that the models are in now
│   ├── WrongHost        421   the Host header names another service
│   ├── BrokenArtifact   422   an artefact that cannot be served
│   ├── UpgradeRequired  426   a stream, without the handshake that it needs
│   ├── Invalid          422   the body is JSON, but not a request; ``errors`` say where and why
│   └── QuotaExceeded    429   this caller came too often
├── Unavailable                come back later
│   ├── Overloaded       503   the queue is full
│   ├── Draining         503   the service is about to stop
│   ├── TooManyConnections 503 more connections are open than the service keeps
│   └── WorkerDied       503   the worker of this model has stopped
├── DeadlineExceeded     504   no answer in time
└── AnnotationFailed     500   the tagger failed on this text

StartupError                   the service cannot start as it is set up
ClientGone                     nobody is left to be answered
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one place of a request: JSON pointer (RFC 6901), a code for programs, a message for people."""

    pointer: str
    code: str
    message: str


class ServiceError(Exception):
    """Base: ``code`` names the error for programs, ``title`` for people; the message says what to do."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    title: ClassVar[str] = "The service failed"
    headers: ClassVar[Mapping[str, str]] = MappingProxyType({})  # that its answer carries

    def __init__(self, detail: str, *, errors: tuple[FieldError, ...] = (), retry_after_s: int | None = None) -> None:
        """``retry_after_s`` becomes the Retry-After header, in seconds."""
        super().__init__(detail)
        self.detail = detail
        self.errors = errors
        self.retry_after_s = retry_after_s


class Refused(ServiceError):
    """The request is at fault; sending it again changes nothing."""

    status = 400
    code = "refused"
    title = "The request cannot be answered"


class Malformed(Refused):
    """The body is not JSON."""

    code = "malformed_json"
    title = "The body is not JSON"


class BadHost(Refused):
    """The request does not say, or says wrongly, which host it is for."""

    code = "bad_host"
    title = "The Host header is missing or malformed"


class Unauthorized(Refused):
    """The caller has not shown a key that is known."""

    status = 401
    code = "unauthorized"
    title = "A key is needed"
    headers = MappingProxyType({"WWW-Authenticate": "Bearer"})


class Forbidden(Refused):
    """The caller is known, but this is not for it."""

    status = 403
    code = "forbidden"
    title = "This key does not open this"


class AdminOff(Forbidden):
    """The service was started without administration."""

    code = "admin_off"
    title = "Administration is off"


class ForeignOrigin(Forbidden):
    """A web page of another origin, which the operator has not allowed."""

    code = "foreign_origin"
    title = "This page may not open this"


class UpgradeRequired(Refused):
    """A stream was asked without the handshake that it needs."""

    status = 426
    code = "upgrade_required"
    title = "A WebSocket handshake is needed"
    headers = MappingProxyType({"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"})


class BrokenHttp(Refused):
    """The bytes on the connection are no HTTP request."""

    code = "broken_http"
    title = "This is no HTTP request"


class HeadTimeout(Refused):
    """The head of the request did not come in time."""

    status = 408
    code = "head_timeout"
    title = "The head of the request did not arrive in time"


class HeadTooLarge(Refused):
    """The request line and the headers are larger than the service takes."""

    status = 431
    code = "head_too_large"
    title = "The head of the request is too large"


class NotFound(Refused):
    """Nothing has this name."""

    status = 404
    code = "not_found"
    title = "Not found"


class NotAcceptable(Refused):
    """The client does not take JSON."""

    status = 406
    code = "not_acceptable"
    title = "Only JSON can be answered"


class Conflict(Refused):
    """The command does not fit the state that the models are in."""

    status = 409
    code = "conflict"
    title = "Not possible in the present state"


class BrokenArtifact(Refused):
    """The artefact cannot be trusted; what was served before is served on."""

    status = 422
    code = "broken_artifact"
    title = "The artefact cannot be served"


class BodyTimeout(Refused):
    """The body did not come in time."""

    status = 408
    code = "body_timeout"
    title = "The body did not arrive in time"


class BodyTooLarge(Refused):
    """The body is larger than the service takes."""

    status = 413
    code = "body_too_large"
    title = "The body is too large"


class WrongMediaType(Refused):
    """The body is not declared as JSON."""

    status = 415
    code = "wrong_media_type"
    title = "The body is not declared as JSON"


class Invalid(Refused):
    """The body is JSON but not a request that can be answered."""

    status = 422
    code = "invalid"
    title = "The request is not valid"


class WrongHost(Refused):
    """The request is for another host."""

    status = 421
    code = "wrong_host"
    title = "The request is for another host"


class QuotaExceeded(Refused):
    """The caller sent more requests than it may; unlike other refusals, this one passes by itself."""

    status = 429
    code = "quota_exceeded"
    title = "Too many requests"


class Unavailable(ServiceError):
    """Come back later, or ask another instance."""

    status = 503
    code = "unavailable"
    title = "The service cannot answer now"


class Overloaded(Unavailable):
    """More waits than the service is willing to keep waiting."""

    code = "overloaded"
    title = "The service is overloaded"


class Draining(Unavailable):
    """The service is about to stop and takes nothing new."""

    code = "draining"
    title = "The service is stopping"


class TooManyConnections(Unavailable):
    """More connections are open than the service keeps."""

    code = "too_many_connections"
    title = "The service has too many connections"


class WorkerDied(Unavailable):
    """The thread that runs the tagger has stopped; an operator must restart the service."""

    code = "worker_died"
    title = "The model has stopped"


class DeadlineExceeded(ServiceError):
    """The answer was not ready in time."""

    status = 504
    code = "deadline_exceeded"
    title = "The answer was not ready in time"


class AnnotationFailed(ServiceError):
    """The tagger raised on this text, alone as well as in a batch."""

    code = "annotation_failed"
    title = "The model failed on this text"


def invalid(pointer: str, code: str, message: str) -> Invalid:
    """An Invalid with one place."""
    return Invalid(message, errors=(FieldError(pointer, code, message),))


def annotation_failed(name: str) -> AnnotationFailed:
    """What the caller is told where the model ``name`` failed; the log says more."""
    return AnnotationFailed(f"the model {name} failed on this text; tell the operator, whose log names the error")


class StartupError(Exception):
    """The service cannot start as it is set up; the message says what to change."""


class ClientGone(Exception):
    """The client closed its connection before the answer was ready, so nobody is left to be answered."""
