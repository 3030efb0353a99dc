from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access.__main__ import main
from app.access.keys import LONGEST_KEY, Key, KeyRing, entry_of, make_key, read_keys, refuse_shared

KEYS = {name: make_key() for name in ("shop", "bot", "a.b-c_9")}
RING = read_keys("api_keys", " ".join(entry_of(name, key) for name, key in KEYS.items()), None)


@given(st.binary(max_size=400))
def test_only_exact_keys_open(presented: bytes) -> None:
    assert RING.name_of(presented) is None


@given(st.sampled_from(sorted(KEYS)), st.integers(0, 60), st.integers(0, 255))
def test_a_key_with_one_byte_changed_opens_nothing(name: str, place: int, byte: int) -> None:
    key = KEYS[name].encode()
    place %= len(key)
    changed = key[:place] + bytes((byte,)) + key[place + 1 :]
    assert RING.name_of(changed) == (name if changed == key else None)


@given(st.lists(st.text("abc123", min_size=1, max_size=4), min_size=1, unique=True))
def test_every_key_opens_under_its_own_name(keys: list[str]) -> None:
    ring = read_keys("api_keys", ", ".join(entry_of(f"n{index}", key) for index, key in enumerate(keys)), None)
    assert [ring.name_of(key.encode()) for key in keys] == [f"n{index}" for index in range(len(keys))]


def test_every_stored_digest_is_compared_in_constant_time_and_none_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def compare(stored: bytes, given: bytes) -> bool:
        compared.append(stored)
        return stored == given

    monkeypatch.setattr("app.access.keys.compare_digest", compare)
    assert RING.name_of(KEYS["shop"].encode()) == "shop"
    assert compared == [key.digest for key in RING.keys]


def test_a_ring_without_keys_opens_to_nobody_and_says_that_it_is_empty() -> None:
    assert not KeyRing()
    assert KeyRing().name_of(b"") is None
    assert RING


def test_what_is_longer_than_any_key_is_not_hashed() -> None:
    long = b"x" * (LONGEST_KEY + 1)
    assert KeyRing([Key("long", sha256(long).digest())]).name_of(long) is None


def test_keys_have_256_bits_and_never_repeat() -> None:
    made = {make_key() for _ in range(100)}
    assert len(made) == 100
    assert all(len(key.removeprefix("slotline_")) == 43 for key in made)


@pytest.mark.parametrize("separator", [",", " ", "\n", ", ", ",,\t\r\n"])
def test_entries_are_separated_by_commas_or_white_space(separator: str) -> None:
    entries = separator.join(entry_of(name, key) for name, key in KEYS.items()) + separator
    assert read_keys("api_keys", entries, None).keys == RING.keys


def test_digests_are_read_in_either_case() -> None:
    assert read_keys("api_keys", f"shop:{sha256(b'k').hexdigest().upper()}", None).name_of(b"k") == "shop"


def test_keys_of_a_file_stand_beside_those_of_the_setting(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(entry_of("second", "two") + "\n")
    ring = read_keys("api_keys", entry_of("first", "one"), file)
    assert [ring.name_of(key) for key in (b"one", b"two")] == ["first", "second"]


SECRET = "slotline_" + "Zq3-" * 10 + "9xY"  # of the form of a key; the same in every test process, for it names tests
GOOD = entry_of("shop", "x")


@pytest.mark.parametrize(
    "wrong",
    [
        SECRET,
        f"shop:{SECRET}",
        f"{SECRET}:shop",
        f"shop:{'0' * 63}",
        f"shop:{'g' * 64}",
        f":{'0' * 64}",
        f"a/b:{'0' * 64}",
        f"a:b:{'0' * 64}",
    ],
)
def test_a_wrong_entry_is_named_by_its_place_and_never_shown(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"^admin_keys: entry 2 ") as caught:
        read_keys("admin_keys", f"{GOOD},{wrong}", None)
    assert SECRET not in str(caught.value)
    assert wrong not in str(caught.value)


def test_two_keys_of_one_name_and_one_key_of_two_names_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(entry_of("shop", "y"))
    with pytest.raises(ValueError, match="api_keys: two keys are named 'shop'"):
        read_keys("api_keys", GOOD, file)
    with pytest.raises(ValueError, match="api_keys: 'shop' and 'bot' are the same key"):
        read_keys("api_keys", f"{GOOD} {entry_of('bot', 'x')}", None)


def test_a_key_of_the_api_cannot_be_one_of_its_administration() -> None:
    refuse_shared(RING, read_keys("admin_keys", GOOD, None))
    with pytest.raises(ValueError, match="admin_keys: 'root' is the API key 'shop' too"):
        refuse_shared(RING, read_keys("admin_keys", entry_of("root", KEYS["shop"]), None))


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read"), (b"", "has no entry"), (b" ,\n", "has no entry"), (b"\xff", "no text"), (b"x", "entry 1")],
)
def test_a_file_that_locks_nothing_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    file = tmp_path / "keys"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ValueError, match=rf"api_keys_file.*keys.*{message}"):
        read_keys("api_keys", None, file)


def test_the_command_shows_a_key_and_the_entry_that_lets_it_in(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["shop"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()[:2])
    assert read_keys("api_keys", lines["entry"], None).name_of(lines["key"].encode()) == "shop"


@pytest.mark.parametrize("arguments", [["a b"], [""], ["x" * 65], []])
def test_the_command_refuses_a_name_that_an_entry_cannot_hold(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "slotline_" not in capsys.readouterr().err
