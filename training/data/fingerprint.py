"""What tells one set of examples from another."""

import hashlib
from collections.abc import Iterable

from training.data.records import Example


def fingerprint(*parts: Iterable[Example]) -> str:
    """sha256 of all examples in order: texts, slots, intents, contexts."""
    digest = hashlib.sha256()
    for examples in parts:
        for example in examples:
            annotation = example.annotation
            annotated = None if example.annotated is None else sorted(example.annotated)
            said = (annotation.text, annotation.slots, annotation.intent, annotated, example.asked, example.ongoing)
            digest.update(repr(said).encode("utf-8", "surrogatepass"))
        digest.update(b"|")
    return digest.hexdigest()
