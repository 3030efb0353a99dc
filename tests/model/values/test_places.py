"""Names of places to a gazetteer's places."""

import random
from pathlib import Path

import pytest

from model.errors import ConfigError
from model.values.declension import forms_of
from model.values.places import COLUMNS, Gazetteer, plain, read_gazetteer
from model.values.value import NotUnderstood, Place, Understood

SHIPPED = read_gazetteer()
RANDOM = random.Random(7)
HEADER = ",".join(COLUMNS)


def place(name: str, gazetteer: Gazetteer = SHIPPED) -> Place:
    found = gazetteer.find(name)
    assert isinstance(found, Understood), (name, found)
    assert isinstance(found.value.value, Place)
    return found.value.value


@pytest.mark.parametrize(
    ("said", "name", "country"),
    [
        ("Taipei", "Taipei", "TW"),
        ("TAIPEI city", "Taipei", "TW"),
        ("Тайбэе", "Taipei", "TW"),
        ("в Санкт-Петербург", "Saint Petersburg", "RU"),
        ("Санкт Петербурга", "Saint Petersburg", "RU"),
        ("Питере", "Saint Petersburg", "RU"),
        ("Нижнем Новгороде", "Nizhny Novgorod", "RU"),
        ("Ростова-на-Дону", "Rostov-on-Don", "RU"),
        ("Минеральных Вод", "Mineralnye Vody", "RU"),
        ("Петропавловска-Камчатского", "Petropavlovsk-Kamchatsky", "RU"),
        ("Кёльна", "Cologne", "DE"),
        ("кельн", "Cologne", "DE"),
        ("Koln", "Cologne", "DE"),
        ("sao paulo", "São Paulo", "BR"),
        ("xian", "Xi'an", "CN"),
        ("Афин", "Athens", "GR"),
        ("Томска", "Tomsk", "RU"),
        ("Омска", "Omsk", "RU"),
        ("portland maine", "Portland", "US"),
        ("аэропорта Домодедово", "Domodedovo", "RU"),
        ("Heathrow airport", "Heathrow", "GB"),
        ("Novosibrsk", "Novosibirsk", "RU"),
        ("Новосибиррска", "Novosibirsk", "RU"),
        ("lodnon", "London", "GB"),
    ],
)
def test_a_place_is_found(said: str, name: str, country: str) -> None:
    assert (place(said).name, place(said).country) == (name, country)


def test_a_code_names_its_airport_or_the_city_with_that_airport_only() -> None:
    assert place("SVO") == Place("Sheremetyevo", "RU", ("SVO",), "Moscow")
    assert place("tsa").iata == ("TSA",)
    assert place("mel") == Place("Melbourne", "AU", ("MEL",))


def test_a_name_of_several_places_has_the_others_as_alternatives() -> None:
    found = SHIPPED.find("Birmingham")
    assert isinstance(found, Understood)
    assert [value.value.country for value in (found.value, *found.alternatives) if isinstance(value.value, Place)] == ["GB", "US"]
    assert found.value.approximate is False


@pytest.mark.parametrize("said", ["", "  ", "Qwertyville", "Ro", "Parsi Texas hotel", "Nic"])
def test_an_unknown_name_is_not_understood(said: str) -> None:
    found = SHIPPED.find(said)
    assert isinstance(found, NotUnderstood)
    assert found.reason == "unknown_place"


def test_a_typo_between_two_places_is_not_understood(tmp_path: Path) -> None:
    path = tmp_path / "towns.csv"
    path.write_text(f"{HEADER}\nMarbury,,GB,,,\nMarburg,,DE,,,\n", encoding="utf-8")
    found = read_gazetteer(path).find("Marbur")
    assert isinstance(found, NotUnderstood)
    assert found.reason == "vague"


def test_every_name_of_the_shipped_file_is_found_and_one_edit_never_leads_to_another_place() -> None:
    names = sorted(name for name in SHIPPED.places if len(name) >= 5)
    for name in names:
        assert place(name) == SHIPPED.places[name][0]
    for name in RANDOM.sample(names, 300):
        at = RANDOM.randrange(len(name))
        typo = name[:at] + name[at + 1 :]
        found = SHIPPED.find(typo)
        if isinstance(found, Understood) and plain(typo) not in SHIPPED.places and len(typo) >= 5:
            assert found.value.approximate
            assert found.value.value == SHIPPED.places[name][0], (name, typo)


def test_an_operators_file_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(f"{HEADER}\nParis,Парис,GR,,,\nOrlow,Орёл,PL,OZO,,Орла|Орлу\n", encoding="utf-8")
    both = read_gazetteer(path, Path(place.__globals__["__file__"]).parents[3] / "model" / "values" / "places.csv")
    assert place("Paris", both).country == "GR"
    assert place("Орлу", both).name == "Orlow"
    assert place("ozo", both).name == "Orlow"
    assert place("Lyon", both).country == "FR"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,country\nParis,FR\n", "has the columns"),
        (f"{HEADER}\n,Париж,FR,,,\n", "line 2: a place needs a name"),
        (f"{HEADER}\nParis,Париж,France,,,\n", "line 2: country 'France'"),
        (f"{HEADER}\nParis,Париж,FR,cdg,,\n", "line 2: 'cdg' is no IATA code"),
        (f"{HEADER}\nParis,Париж,FR,CDG,,,more\n", "line 2"),
    ],
)
def test_a_wrong_file_says_what_is_wrong_where(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        read_gazetteer(path)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.csv"):
        read_gazetteer(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Москва", "Москва Москвы Москве Москву Москвой"),
        ("Ницца", "Ницца Ниццы Ницце Ниццу Ниццей"),
        ("Рига", "Рига Риги Риге Ригу Ригой"),
        ("Казань", "Казань Казани Казанью"),
        ("Ярославль", "Ярославль Ярославля Ярославлю Ярославлем Ярославле"),
        ("Дубай", "Дубай Дубая Дубаю Дубаем Дубае"),
        ("Венеция", "Венеция Венеции Венецию Венецией"),
        ("Череповец", "Череповец Череповца Череповцу Череповце"),
        ("Саратов", "Саратов Саратова Саратову Саратовом Саратове"),
        ("Афины", "Афины Афин Афинам Афинами Афинах"),
        ("Химки", "Химки Химкам Химками Химках"),
        ("Шереметьево", "Шереметьево Шереметьева Шереметьеву Шереметьеве"),
        ("Грозный", "Грозный Грозного Грозному Грозным Грозном"),
        ("Нижний Новгород", "Нижнего Новгорода|Нижнему Новгороду|Нижним Новгородом|Нижнем Новгороде"),
        ("Набережные Челны", "Набережных Челнов|Набережным Челнам|Набережных Челнах"),
        ("Новая Ладога", "Новой Ладоги|Новую Ладогу|Новой Ладогой"),
        ("Ростов-на-Дону", "Ростова-на-Дону|Ростове-на-Дону"),
    ],
)
def test_a_name_has_its_cases(name: str, expected: str) -> None:
    wanted = set(expected.split("|") if "|" in expected else expected.split())
    assert wanted <= forms_of(name)


@pytest.mark.parametrize("name", ["Сочи", "Баку", "Токио", "Осло", "Тбилиси", "Рио-де-Жанейро"])
def test_a_name_that_never_changes_does_not(name: str) -> None:
    assert forms_of(name) == {name}
