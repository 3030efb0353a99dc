"""Expansions as a person types them: spaces, articles outside of spans, letter case, final stops, Russian prepositions."""

import random
from collections.abc import Callable

import regex

_ARTICLE = regex.compile(r"\[(the|an?) (?!week)", regex.IGNORECASE)  # "a week" is the one span that begins with its article
_AN = regex.compile(r"\b([aA]) (?=\[?(?!one\b|uni|use|eur)[aeiou]|\[?8\b)", regex.IGNORECASE)
# "в Москву" but "во Владивосток", "с севера" but "со Ставрополя", "к пятнице" but "ко вторнику".
_FULLER = (
    (regex.compile(r"\b([вВ]) (?=\[?[вфВФ][бвгджзйклмнпрстфхцчшщ])"), r"\1о "),
    (regex.compile(r"\b([сС]) (?=\[?(?:[сзшжСЗШЖ][бвгджзйклмнпрстфхцчшщ]|втор))"), r"\1о "),
    (regex.compile(r"\b([кК]) (?=\[?(?:втор|мне\b))"), r"\1о "),
)


def english(marked: str, rng: random.Random) -> str:
    """An English expansion, marks and all, as it is typed."""
    return _cased(_spaced(_AN.sub(r"\1n ", _ARTICLE.sub(r"\1 [", _inside(marked)))), rng)


def russian(marked: str, rng: random.Random) -> str:
    """A Russian expansion, marks and all, as it is typed: most write е for ё, many no capital and no comma."""
    marked = _inside(marked)
    for pattern, fuller in _FULLER:
        marked = pattern.sub(fuller, marked)
    marked = _spaced(marked)
    if rng.random() < 0.7:
        marked = marked.replace("ё", "е").replace("Ё", "Е")
    return _cased(marked, rng)


AS_TYPED: dict[str, Callable[[str, random.Random], str]] = {"en": english, "ru": russian}


def _inside(marked: str) -> str:
    """No space next to the brackets of a span."""
    return regex.sub(r"\[\s*([^\[\]]*?)\s*\]", r"[\1]", marked)


def _spaced(marked: str) -> str:
    """One space between words, none in front of punctuation, no punctuation twice."""
    marked = regex.sub(r"\s+(?=[,.?!])", "", regex.sub(r"\s+", " ", marked)).strip(" ,")
    return regex.sub(r"([?.!,])(?:\s*[,.])+", r"\1", marked)


def _cased(marked: str, rng: random.Random) -> str:
    """All lower case, or a capital at the beginning; with or without a final stop."""
    if rng.random() < 0.35:
        return marked.lower().rstrip(".?!" if rng.random() < 0.5 else "")
    marked = regex.sub(r"^(\[?)(\p{Ll})", lambda match: match[1] + match[2].upper(), marked)
    ends = regex.search(r"[.?!](\]\(\w+\))?$", marked)
    return marked if ends or rng.random() < 0.5 else marked + "."
