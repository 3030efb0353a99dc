import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text import _TOKEN, tokenize

NASTY = [
    "",
    "   ",
    "на двоих, в Санкт-Петербург 2-го",
    "👨‍👩‍👧‍👦 🇷🇺 👍🏽 fly",
    "cafe\u0301 \u00a0x\u200by",
    "שלום עולם مرحبا نمی‌خواهم",
    "a\x00b \ud800 x\u0301\u0302 \u0301z",
    "$300 300$ ½ 2½ ٣٤:٥٦ 台北 x_y",
    "'s 's x's ''",
]


@given(st.text() | st.sampled_from(NASTY))
def test_every_token_is_the_text_between_its_offsets(text: str) -> None:
    for token in tokenize(text):
        assert text[token.start : token.end] == token.text


@given(st.text() | st.sampled_from(NASTY))
def test_tokens_stand_in_order_and_never_overlap_or_contain_white_space(text: str) -> None:
    end = 0
    for token in tokenize(text):
        assert token.start >= end
        assert token.end > token.start
        assert not any(letter.isspace() for letter in token.text)
        end = token.end


@given(st.text() | st.sampled_from(NASTY))
def test_every_letter_and_digit_belongs_to_a_token(text: str) -> None:
    covered = {position for token in tokenize(text) for position in range(token.start, token.end)}
    for position, letter in enumerate(text):
        if letter.isalnum():
            assert position in covered


@given(st.text(alphabet="abc 12.:,/'-!"), st.text(alphabet="abc 12.:,/'-!"))
def test_what_stands_behind_a_line_end_does_not_change_the_tokens_before_it(before: str, behind: str) -> None:
    alone = tokenize(before)
    assert tokenize(f"{before}\n{behind}")[: len(alone)] == alone


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Arrive at 7.15pm, I'll wait.", ["Arrive", "at", "7.15pm", ",", "I", "'ll", "wait", "."]),
        ("8 o'clock, don't be late", ["8", "o'clock", ",", "don't", "be", "late"]),
        ("tomorrow's flight", ["tomorrow", "'s", "flight"]),
        ("John’s 2nd bag", ["John", "’s", "2nd", "bag"]),
        ("3/4/26 or 1,000", ["3/4/26", "or", "1,000"]),
        ("в 7.30 на 2-х", ["в", "7.30", "на", "2", "-", "х"]),
        ("check-in at 5.", ["check", "-", "in", "at", "5", "."]),
        ("👍🏽 fly🇷🇺", ["👍🏽", "fly", "🇷🇺"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),
        ("Paris\u00a0Lyon", ["Paris", "Lyon"]),
    ],
)
def test_words_numbers_and_times_stay_whole_and_punctuation_stands_apart(text: str, words: list[str]) -> None:
    assert [token.text for token in tokenize(text)] == words


ASCII = st.text(st.characters(max_codepoint=127)) | st.text("aZ09 '.:,/-sdlrevm$\x1c\n", max_size=30)


@given(ASCII)
def test_the_matcher_for_ascii_finds_what_the_one_for_all_text_finds(text: str) -> None:
    assert [tuple(token) for token in tokenize(text)] == [(match.group(), *match.span()) for match in _TOKEN.finditer(text)]
