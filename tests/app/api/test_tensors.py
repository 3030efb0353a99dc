import json
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.tensors import Tensor, flat, joined, packed_texts, split, unpacked_texts
from app.errors import Invalid

texts = st.lists(st.binary(max_size=20), max_size=8)


@given(texts)
def test_unpacking_undoes_packing(elements: list[bytes]) -> None:
    assert unpacked_texts(packed_texts(elements), len(elements), "") == elements


@given(texts, st.integers(0, 9), st.integers(-3, 3).filter(bool))
def test_bytes_that_are_not_just_so_many_elements_are_refused(elements: list[bytes], count: int, more: int) -> None:
    packed = packed_texts(elements)
    if count != len(elements):
        with pytest.raises(Invalid):
            unpacked_texts(packed, count, "")
    damaged = packed + b"x" * more if more > 0 else packed[:more]
    if damaged != packed:
        with pytest.raises(Invalid):
            unpacked_texts(damaged, len(elements), "")


@given(st.binary(max_size=40), st.integers(0, 6))
def test_no_bytes_make_unpacking_fail_otherwise(packed: bytes, count: int) -> None:
    with suppress(Invalid):
        assert packed_texts(unpacked_texts(packed, count, "/x")) == packed


@given(st.binary(max_size=30), st.binary(max_size=30))
def test_a_body_is_split_where_its_header_says(head: bytes, tail: bytes) -> None:
    assert split(head + tail, str(len(head)).encode()) == (head, tail)
    assert split(head + tail, None) == (head + tail, b"")


@pytest.mark.parametrize("length", [b"", b"-1", b"3x", b"7", b"9" * 50, "²".encode()])
def test_a_header_that_is_not_the_length_of_the_json_is_refused(length: bytes) -> None:
    with pytest.raises(Invalid, match="Inference-Header-Content-Length"):
        split(b"123456", length)


numbers = st.lists(st.floats(0, 1, width=32), min_size=6, max_size=6)


@given(numbers, st.lists(st.text(max_size=5).filter(lambda text: not any("\ud800" <= sign <= "\udfff" for sign in text)), max_size=4))
def test_as_json_and_as_bytes_a_tensor_has_the_same_elements(found: list[float], said: list[str]) -> None:
    numeric = Tensor("numbers", "FP32", (2, 3), np.array(found, dtype=np.float32).reshape(2, 3))
    textual = Tensor("texts", "BYTES", (len(said),), said)
    body, none = joined({}, [(numeric, False), (textual, False)])
    assert none is None
    listed = json.loads(body)["outputs"]
    body, length = joined({"id": "a"}, [(numeric, True), (textual, True)])
    assert length is not None
    described = json.loads(body[:length])["outputs"]
    sizes = [entry["parameters"]["binary_data_size"] for entry in described]
    assert sum(sizes) == len(body) - length
    first = body[length : length + sizes[0]]
    assert np.array_equal(np.frombuffer(first, "<f4"), np.array(listed[0]["data"], dtype=np.float32))
    assert [element.decode() for element in unpacked_texts(body[length + sizes[0] :], len(said), "")] == listed[1]["data"] == said
    assert [entry["shape"] for entry in described] == [entry["shape"] for entry in listed] == [[2, 3], [len(said)]]


def test_nested_data_are_read_in_row_major_order() -> None:
    assert flat([["a", "b"], ["c"]]) == flat(["a", "b", "c"]) == ["a", "b", "c"]
