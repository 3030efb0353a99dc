"""Russian words in their cases: by the dictionary of pymorphy3, and by the ending where a place is not in it."""

import functools

import pymorphy3
import regex
from pymorphy3.analyzer import Parse

from model.errors import LabelError

CASES = ("nomn", "gent", "datv", "accs", "ablt", "loct")
_NUMERALS = frozenset({"NUMR"})
_MODIFIERS = frozenset({"ADJF"})
# The hard and soft endings of names that the dictionary lacks, in the order of CASES; None is kept out.
_CONSONANT = ("", "а", "у", "", "ом", "е")
_SHORT_I = ("й", "я", "ю", "й", "ем", "е")
_FEMININE = {"а": ("а", "ы", "е", "у", "ой", "е"), "я": ("я", "и", "е", "ю", "ей", "е"), "ия": ("ия", "ии", "ии", "ию", "ией", "ии")}
_UNSURE = regex.compile(r"(?:ец|ок|ёк|ек|ень|ол|ел|ёл|ый|ий|ой|[ьыи])$|[^а-яё-]")  # a vowel may fall out, or it may be a plural
_FIXED = regex.compile(r"[оеуюэё]$|[ауоеиэ]а$|^(?:бали|самуи|дубаи)$")


@functools.cache
def _dictionary() -> pymorphy3.MorphAnalyzer:
    return pymorphy3.MorphAnalyzer()


@functools.cache
def _parses(word: str) -> tuple[Parse, ...]:
    """How the dictionary reads a word in lower case; nothing for a word that it lacks."""
    return tuple(parse for parse in _dictionary().parse(word) if parse.is_known) if _dictionary().word_is_known(word) else ()


@functools.cache
def inflect(phrase: str, grammemes: str) -> str:
    """A phrase in another case, letter case kept: its head and the adjectives in front of it, or every part of a person's name.

    ``grammemes`` is a case of pymorphy3 with, for adjectives, a gender behind it. Digits and indeclinable words stay.
    Raises LabelError for words whose form is not sure.

    >>> inflect("Нижний Новгород", "loct"), inflect("двадцать второе", "gent"), inflect("итальянский", "accs,femn")
    ('Нижнем Новгороде', 'двадцать второго', 'итальянскую')
    """
    form = declined(phrase, grammemes)
    if form is None:
        raise LabelError(f"{phrase!r} cannot be put into {grammemes}; use words that the dictionary has, or write the form out")
    return form


@functools.cache
def declined(phrase: str, grammemes: str) -> str | None:
    """As ``inflect``, but None where the form is not sure."""
    case, _, gender = grammemes.partition(",")
    words = phrase.split(" ")
    if len(words) == 1 and _place(phrase) is not None:
        return place_in(phrase, case)
    named = len(words) > 1 and all(_is_name(word) for word in words)
    parses = [_nominative(word, modifier=bool(gender) or word is not words[-1], named=named) for word in words]
    head = _head(parses)
    if head is None:
        return place_in(phrase, case) if len(words) == 1 else None
    wanted = frozenset({case})
    forms = [
        _form(word, parse, _agreeing(parse, parses[head], wanted, gender)) if parse is not None and _moves(index, head, parses) else word
        for index, (word, parse) in enumerate(zip(words, parses, strict=True))
    ]
    return " ".join(form for form in forms if form is not None) if None not in forms else None


def place_in(name: str, case: str) -> str | None:
    """A place's name in a case; None where neither the dictionary nor the ending makes sure of it.

    >>> place_in("Тайбэй", "gent"), place_in("Осло", "loct"), place_in("Ростов-на-Дону", "gent")
    ('Тайбэя', 'Осло', 'Ростова-на-Дону')
    """
    if (known := _place(name)) is not None:
        return _form(name, known, frozenset({case}))
    first, hyphen, last = name.rpartition("-")
    if hyphen:
        whole = first.count("-") == 0 and _is_fixed_part(first) and not last[:1].islower()
        form = place_in(last, case) if whole else None
        return None if form is None else f"{first}-{form}"
    return _by_ending(name, CASES.index(case))


@functools.cache
def _place(name: str) -> Parse | None:
    """The dictionary's place of this name."""
    parses = _parses(name.lower()) if name[:1].isupper() else ()
    return next((parse for parse in parses if {"Geox", "nomn"} <= parse.tag.grammemes), None)


def in_dictionary(name: str) -> bool:
    """Whether the dictionary knows a place of this name."""
    return _place(name) is not None


def _is_name(word: str) -> bool:
    """Whether a word may be a part of a person's name."""
    return word[:1].isupper() and any({"Name", "Surn"} & parse.tag.grammemes for parse in _parses(word.lower()))


def _is_fixed_part(first: str) -> bool:
    """Whether the first part of a hyphenated name stays as it is: "Нью", "Усть", "Сан", but not "Каменск"."""
    return len(first) <= 5 and not first.lower().endswith(("ск", "ая", "ий", "ое", "ый"))


def _by_ending(name: str, index: int) -> str | None:
    """The form that the last letters give; None for endings that do not tell."""
    lower = name.lower()
    if _FIXED.search(lower):
        return name
    if lower.endswith("эй") or lower.endswith("ай"):
        return name[:-1] + _SHORT_I[index]
    if len(lower) < 3 or _UNSURE.search(lower):
        return None
    for ending in ("ия", "а", "я"):
        if lower.endswith(ending):
            form = name[: -len(ending)] + _FEMININE[ending][index]
            return regex.sub(r"(?<=[жшщчц])ой$", "ей", regex.sub(r"(?<=[гкхжшщч])ы$", "и", form))
    if lower[-1] in "цжшщч" and index == CASES.index("ablt"):
        return name + "ем"
    return name + _CONSONANT[index] if lower[-1] in "бвгджзклмнпрстфхцчшщ" else None


def _nominative(word: str, *, modifier: bool, named: bool) -> Parse | None:
    """How a word is read in the nominative: as a name, or where it may be one as a modifier ("Невский" of "Невский проспект")."""
    if not regex.fullmatch(r"\p{Cyrillic}+(?:-\p{Cyrillic}+)*", word):
        return None
    parses = [parse for parse in _parses(word.lower()) if "nomn" in parse.tag.grammemes]
    if modifier and not named:
        parses = [parse for parse in parses if parse.tag.POS in _MODIFIERS] + parses
    if named:
        parses = [one for one in parses if {"Name", "Surn"} & one.tag.grammemes and one.tag.number == "sing"] + parses
    return parses[0] if parses else None


def _head(parses: list[Parse | None]) -> int | None:
    """The word that decides: the first noun, else the last adjective, else the last numeral."""
    for kinds in ({"NOUN"}, _MODIFIERS, _NUMERALS):
        places = [index for index, parse in enumerate(parses) if parse is not None and parse.tag.POS in kinds]
        if places:
            return places[0] if kinds == {"NOUN"} else places[-1]
    return None


def _moves(index: int, head: int, parses: list[Parse | None]) -> bool:
    """Whether a word changes with the head: the head, an adjective in front of it, the other part of a person's name."""
    parse = parses[index]
    assert parse is not None
    if index == head:
        return True
    person = {"Name", "Surn"}
    first = parses[head]
    if index > head:
        return bool(first and person & first.tag.grammemes and person & parse.tag.grammemes)
    return parse.tag.POS in _MODIFIERS


def _agreeing(parse: Parse, head: Parse | None, wanted: frozenset[str], gender: str) -> frozenset[str]:
    """The grammemes of one word; an adjective in the accusative follows its noun's gender, number and life."""
    if parse.tag.POS not in _MODIFIERS:
        return wanted
    assert head is not None
    if gender:
        return wanted | {gender}
    genders = () if head.tag.number == "plur" or head.tag.gender is None else (head.tag.gender,)
    number = (head.tag.number,) if head.tag.number else ()
    life = ("inan",) if "accs" in wanted and (head.tag.gender == "masc" or head.tag.number == "plur") else ()
    return frozenset({*wanted, *genders, *number, *life})


def _form(word: str, parse: Parse, wanted: frozenset[str]) -> str | None:
    """One word in a form, in capitals as it came."""
    brand = "anim" in parse.tag.grammemes and word[0].isupper() and not {"Name", "Surn"} & parse.tag.grammemes  # Сапсан, a train
    if "accs" in wanted and parse.tag.gender == "masc" and parse.tag.POS == "NOUN" and ("inan" in parse.tag.grammemes or brand):
        return word
    inflected = (parse.inflect(wanted - {"loct"} | {"loc2"}) if "loct" in wanted else None) or parse.inflect(wanted)  # "в аэропорту"
    if inflected is None:
        return None
    form = str(inflected.word)
    if "ё" not in word.lower():
        form = form.replace("ё", "е") if parse.word == word.lower() and "ё" not in parse.word else form
    return "-".join(_capital(part, like) for part, like in _paired(form, word))


def _paired(form: str, word: str) -> list[tuple[str, str]]:
    parts, likes = form.split("-"), word.split("-")
    return list(zip(parts, likes + [likes[-1]] * (len(parts) - len(likes)), strict=False))


def _capital(form: str, like: str) -> str:
    return form[:1].upper() + form[1:] if like[:1].isupper() else form
