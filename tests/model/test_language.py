import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.language import language_of

BOTH = ("en", "ru")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("to Oslo", "en"),
        ("в Осло", "ru"),
        ("билет в Oslo", "ru"),
        ("рейс SU 1440 из Москвы", "ru"),
        ("a table at Пушкин", "en"),
        ("Gdańsk → Łódź", "en"),
        ("19:30", "en"),
        ("✈️", "en"),
    ],
)
def test_a_text_is_in_the_language_of_most_of_its_letters(text: str, language: str) -> None:
    assert language_of(text, BOTH) == language


@given(st.text())
def test_a_model_of_one_language_reads_every_text_in_it(text: str) -> None:
    assert language_of(text, ("ru",)) == "ru"
    assert language_of(text, ("en",)) == "en"


@given(st.text(), st.permutations(BOTH))
def test_the_order_of_the_languages_decides_a_draw_alone(text: str, languages: list[str]) -> None:
    found = language_of(text, languages)
    assert found in languages
    if found != language_of(text, languages[::-1]):
        assert found == languages[0]


@given(st.text(st.characters(min_codepoint=0x0410, max_codepoint=0x044F), min_size=1))
def test_cyrillic_letters_are_russian_and_ascii_is_not(text: str) -> None:
    assert language_of(text, BOTH) == "ru"
    assert language_of("abc", ("ru", "en")) == "en"
