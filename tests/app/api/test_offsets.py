import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.api.offsets import Unit, offset_table

ENCODINGS = {"utf8": ("utf-8", 1), "utf16": ("utf-16-le", 2)}


@pytest.mark.parametrize("unit", ["utf8", "utf16"])
@given(text=st.text(max_size=30), cuts=st.tuples(st.integers(0, 30), st.integers(0, 30)))
@example(text="👨‍👩‍👧 to Rome", cuts=(9, 13))
@example(text="в Омск", cuts=(2, 6))
def test_a_slice_in_the_callers_unit_is_the_same_text(text: str, cuts: tuple[int, int], unit: Unit) -> None:
    start, end = sorted(min(cut, len(text)) for cut in cuts)
    table = offset_table(text, unit) or list(range(len(text) + 1))
    encoding, width = ENCODINGS[unit]
    encoded = text.encode(encoding, "surrogatepass")
    assert encoded[width * table[start] : width * table[end]].decode(encoding, "surrogatepass") == text[start:end]
    assert width * table[-1] == len(encoded)


def test_code_points_need_no_table() -> None:
    assert offset_table("👍 ok", "codepoint") is None
    assert offset_table("plain", "utf16") is None
