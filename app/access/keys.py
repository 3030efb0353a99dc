"""Keys that open the service, known only by their hashes.

An entry of a setting is ``name:digest``, the digest being SHA-256 in hexadecimal. A plain hash, not a slow one, is right here
because a key is 256 random bits: nobody guesses it, however fast the guesses are.
"""

import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path

NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
ENTRY = re.compile(r"([A-Za-z0-9._-]{1,64}):([0-9A-Fa-f]{64})")
SEPARATORS = re.compile(r"[\s,]+")
PREFIX = "slotline_"  # lets scanners of source code recognise a key that leaked
LONGEST_KEY = 256  # bytes; more is not hashed


@dataclass(frozen=True, slots=True)
class Key:
    """``name`` of its user, ``digest``: the 32 bytes of the key's SHA-256."""

    name: str
    digest: bytes


class KeyRing:
    """The keys that open one thing."""

    def __init__(self, keys: Sequence[Key] = ()) -> None:
        """Names and digests have to differ (``read_keys`` sees to it)."""
        self.keys = tuple(keys)

    def __bool__(self) -> bool:
        return bool(self.keys)

    def name_of(self, presented: bytes) -> str | None:
        """Whose key it is, None for a key that opens nothing.

        Every stored digest is compared, each in constant time, so that the time taken says nothing about any of them.
        """
        if len(presented) > LONGEST_KEY:
            return None
        digest = sha256(presented).digest()
        found = None
        for key in self.keys:
            if compare_digest(key.digest, digest):
                found = key.name
        return found


def make_key() -> str:
    """A new key of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def entry_of(name: str, key: str) -> str:
    """What the settings hold of a key. Raises ValueError for a name that is none.

    >>> entry_of("shop", "slotline_example")
    'shop:4bf703b67a7f3220b7f478eec179a8f5565892a3f0c8117740e5b3bbae48ad8d'
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a key; use 1 to 64 letters, digits, dots, hyphens and underscores")
    return f"{name}:{sha256(key.encode()).hexdigest()}"


def read_keys(setting: str, entries: str | None, file: Path | None) -> KeyRing:
    """The keys of the setting called ``setting`` and of the file that ``setting`` + ``_file`` names.

    Raises ValueError. No message repeats an entry that is not well-formed: it may be a key, put there by mistake.
    """
    keys = list(_parsed(setting, entries or ""))
    if file is not None:
        keys += _read(f"{setting}_file", file)
    names: set[str] = set()
    digests: dict[bytes, str] = {}
    for key in keys:
        if key.name in names:
            raise ValueError(f"{setting}: two keys are named {key.name!r}; give each a name of its own")
        if key.digest in digests:
            raise ValueError(f"{setting}: {digests[key.digest]!r} and {key.name!r} are the same key; make each a key of its own")
        names.add(key.name)
        digests[key.digest] = key.name
    return KeyRing(keys)


def refuse_shared(api: KeyRing, admin: KeyRing) -> None:
    """Raises ValueError where a key opens both the API and its administration."""
    by_digest = {key.digest: key.name for key in api.keys}
    for key in admin.keys:
        if key.digest in by_digest:
            raise ValueError(f"admin_keys: {key.name!r} is the API key {by_digest[key.digest]!r} too; make a key of its own for it")


def _read(setting: str, file: Path) -> list[Key]:
    try:
        content = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{setting}: {file} cannot be read: {error.strerror}; name a file that the service may read") from None
    except UnicodeDecodeError:
        raise ValueError(f"{setting}: {file} is no text in UTF-8; write entries of the form name:digest into it") from None
    keys = list(_parsed(f"{setting} {file}", content))
    if not keys:  # whoever names a file wants a locked door, so an empty one must not open it
        raise ValueError(f"{setting}: {file} has no entry; write entries of the form name:digest into it, or name no file")
    return keys


def _parsed(place: str, entries: str) -> Iterator[Key]:
    for number, entry in enumerate(filter(None, SEPARATORS.split(entries)), start=1):
        found = ENTRY.fullmatch(entry)
        if found is None:
            raise ValueError(
                f"{place}: entry {number} is not of the form name:digest with 64 hexadecimal digits; `python -m app.access NAME` makes one"
            )
        yield Key(found[1], bytes.fromhex(found[2]))
