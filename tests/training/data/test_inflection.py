import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import LabelError
from training.data.generate import Situation, expand
from training.data.inflection import CASES, declined, inflect, place_in
from training.data.notation import Node, load_rules, parse


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("Москва", "Москвы Москве Москву Москвой Москве"),
        ("Новосибирск", "Новосибирска Новосибирску Новосибирск Новосибирском Новосибирске"),
        ("Казань", "Казани Казани Казань Казанью Казани"),
        ("Тайбэй", "Тайбэя Тайбэю Тайбэй Тайбэем Тайбэе"),
        ("Сочи", "Сочи Сочи Сочи Сочи Сочи"),
        ("Орёл", "Орла Орлу Орёл Орлом Орле"),
        ("Грозный", "Грозного Грозному Грозный Грозным Грозном"),
        ("Ростов-на-Дону", "Ростова-на-Дону Ростову-на-Дону Ростов-на-Дону Ростовом-на-Дону Ростове-на-Дону"),
        ("Куала-Лумпур", "Куала-Лумпура Куала-Лумпуру Куала-Лумпур Куала-Лумпуром Куала-Лумпуре"),
        ("Афины", "Афин Афинам Афины Афинами Афинах"),
        ("Подгорица", "Подгорицы Подгорице Подгорицу Подгорицей Подгорице"),
        ("пятница", "пятницы пятнице пятницу пятницей пятнице"),
        ("семь", "семи семи семь семью семи"),
        ("аэропорт", "аэропорта аэропорту аэропорт аэропортом аэропорту"),
        ("Сапсан", "Сапсана Сапсану Сапсан Сапсаном Сапсане"),
    ],
)
def test_a_word_has_the_forms_that_people_use(word: str, forms: str) -> None:
    assert [inflect(word, case) for case in CASES[1:]] == forms.split()


@pytest.mark.parametrize(
    ("phrase", "grammemes", "form"),
    [
        ("Нижний Новгород", "loct", "Нижнем Новгороде"),
        ("Набережные Челны", "gent", "Набережных Челнов"),
        ("двадцать второе", "gent", "двадцать второго"),
        ("второе", "datv", "второму"),
        ("следующая пятница", "accs", "следующую пятницу"),
        ("это воскресенье", "gent", "этого воскресенья"),
        ("Казанский вокзал", "gent", "Казанского вокзала"),
        ("Невский проспект", "loct", "Невском проспекте"),
        ("улица Ленина, 15", "gent", "улицы Ленина, 15"),
        ("концерт классической музыки", "accs", "концерт классической музыки"),
        ("Анна Смирнова", "gent", "Анны Смирновой"),
        ("Иван Петров", "datv", "Ивану Петрову"),
        ("итальянский", "gent,femn", "итальянской"),
    ],
)
def test_in_a_phrase_the_head_and_what_agrees_with_it_change(phrase: str, grammemes: str, form: str) -> None:
    assert inflect(phrase, grammemes) == form


@pytest.mark.parametrize("name", ["Ванель", "Гумбы", "Зурец", "Порт-о-Кто", "Bergen"])
def test_a_name_whose_forms_are_not_sure_is_refused(name: str) -> None:
    assert declined(name, "gent") is None
    with pytest.raises(LabelError, match="write the form out"):
        inflect(name, "gent")


@given(st.text(alphabet="абвгдежзийклмнопрстуфхцчшщьыэюя-", min_size=1, max_size=12), st.sampled_from(CASES))
def test_any_name_has_a_form_in_capitals_as_it_came_or_none(name: str, case: str) -> None:
    form = place_in(name.capitalize(), case)
    assert form is None or (form[0] == name.capitalize()[0] and " " not in form)
    assert case != "nomn" or form in (None, name.capitalize())


def test_every_word_that_the_grammar_inflects_has_its_forms() -> None:
    rules = load_rules("ru")
    nodes = [node for rule in rules.values() for table in rule.by_intent.values() for text in table for node in _walk(parse(text))]
    inflected = sorted({(node.text, node.case) for node in nodes if node.case})
    assert len(inflected) > 40
    for symbol, case in inflected:
        for seed in range(40):
            situation = Situation(_Chosen(seed), "book_flight", rules["city"].templates(""), False, rules)  # type: ignore[arg-type]
            assert declined(expand(Node("symbol", symbol), "", situation), case), (symbol, case)


class _Chosen:
    """Chance that goes through a list one by one, so that every word of a list of forty is tried."""

    def __init__(self, turn: int) -> None:
        self.turn = turn

    def choice(self, options):  # type: ignore[no-untyped-def]
        return options[self.turn % len(options)]

    def randint(self, low: int, high: int) -> int:
        return low + self.turn % (high - low + 1)

    def random(self) -> float:
        return self.turn % 2 / 2


def _walk(node: Node) -> list[Node]:
    return [node, *(one for part in node.parts for one in _walk(part))]
