from hypothesis import given
from hypothesis import strategies as st

from app.recent import Recent


def test_a_new_item_takes_the_place_of_the_one_that_nobody_asked_for() -> None:
    kept: Recent[str, int] = Recent(2)
    kept.put("a", 1)
    kept.put("b", 2)
    assert kept.get("a") == 1
    kept.put("c", 3)
    assert [kept.get(key) for key in "abc"] == [1, None, 3]


@given(most=st.integers(0, 5), steps=st.lists(st.tuples(st.booleans(), st.integers(0, 9)), max_size=60))
def test_it_holds_the_newest_and_no_more(most: int, steps: list[tuple[bool, int]]) -> None:
    kept: Recent[int, int] = Recent(most)
    newest: list[int] = []  # keys, the newest last
    for put, key in steps:
        held = key in newest[-most:] if most else False
        if put:
            kept.put(key, key + 1)
        else:
            assert kept.get(key) == (key + 1 if held else None)
        if put or held:
            newest = [*(each for each in newest if each != key), key]
        assert len(kept) == min(most, len(newest))
