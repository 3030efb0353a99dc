"""Tensors of the Open Inference Protocol as JSON and as bytes (its binary tensor data extension).

Numbers are little-endian; an element of BYTES is its length, four bytes, and then its bytes.
"""

import struct
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import orjson

from app.errors import Invalid, invalid

LENGTH = struct.Struct("<I")
Datatype = Literal["BYTES", "FP32", "INT32"]
DTYPES = {"FP32": np.dtype("<f4"), "INT32": np.dtype("<i4")}


class Tensor(NamedTuple):
    """An output: ``elements`` in row-major order, an array of numbers or a list of texts."""

    name: str
    datatype: Datatype
    shape: tuple[int, ...]
    elements: np.ndarray | Sequence[str]

    def packed(self) -> bytes:
        """The elements as bytes."""
        if isinstance(self.elements, np.ndarray):
            return np.ascontiguousarray(self.elements, DTYPES[self.datatype]).tobytes()
        return packed_texts([text.encode() for text in self.elements])

    def listed(self) -> np.ndarray | Sequence[str]:
        """The elements as one flat list for JSON."""
        if isinstance(self.elements, np.ndarray):
            return np.ascontiguousarray(self.elements, DTYPES[self.datatype].newbyteorder("=")).reshape(-1)
        return self.elements


def packed_texts(elements: Sequence[bytes]) -> bytes:
    """Elements of BYTES, one behind the other.

    >>> packed_texts([b"to", b""])
    b'\\x02\\x00\\x00\\x00to\\x00\\x00\\x00\\x00'
    """
    return b"".join([LENGTH.pack(len(element)) + element for element in elements])


def unpacked_texts(packed: bytes, count: int, pointer: str) -> list[bytes]:
    """The ``count`` elements that ``packed`` is made of. Raises Invalid at ``pointer``."""
    elements, place = [], 0
    for index in range(count):
        begin = place + LENGTH.size
        if begin > len(packed) or (place := begin + LENGTH.unpack_from(packed, begin - LENGTH.size)[0]) > len(packed):
            raise _broken(pointer, f"the binary data end within element {index} of {count}; send for each its length and its bytes")
        elements.append(packed[begin:place])
    if place != len(packed):
        raise _broken(pointer, f"behind {count} elements {len(packed) - place} bytes of binary data are left; say the right shape")
    return elements


def flat(nested: Sequence[Any]) -> list[Any]:
    """The elements of a list, or of a list of lists, in row-major order.

    >>> flat([["a"], ["b"]])
    ['a', 'b']
    """
    return [element for entry in nested for element in (entry if isinstance(entry, list) else (entry,))]


def split(body: bytes, header_length: bytes | None) -> tuple[bytes, bytes]:
    """The JSON of a message and the binary data behind it. ``header_length``: its header Inference-Header-Content-Length."""
    if header_length is None:
        return body, b""
    if not header_length.isdigit() or int(header_length[:20]) > len(body):
        raise _broken("", "the header Inference-Header-Content-Length is not the length of the JSON at the beginning of the body")
    length = int(header_length[:20])
    return body[:length], body[length:]


def joined(answer: dict[str, Any], outputs: Sequence[tuple[Tensor, bool]]) -> tuple[bytes, int | None]:
    """The body of an answer with ``outputs``, each as bytes or as JSON, and the length of its JSON, None where nothing is bytes."""
    described, tail = [], []
    for tensor, binary in outputs:
        said: dict[str, Any] = {"name": tensor.name, "datatype": tensor.datatype, "shape": tensor.shape}
        if binary:
            tail.append(tensor.packed())
            said["parameters"] = {"binary_data_size": len(tail[-1])}
        else:
            said["data"] = tensor.listed()
        described.append(said)
    head = orjson.dumps({**answer, "outputs": described}, option=orjson.OPT_SERIALIZE_NUMPY)
    return b"".join([head, *tail]), len(head) if tail else None


def _broken(pointer: str, message: str) -> Invalid:
    return invalid(pointer, "broken_tensor", message)
