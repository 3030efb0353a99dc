"""The cases of Russian place names, by their endings: Казань, Казани, Казанью; Нижний Новгород, Нижнего Новгорода.

Rules and no dictionary, so that an operator's own names are declined too. They give a form too many (both genders of a name in -ь) rather
than one too few; a name that goes its own way (Орёл, Орла) has its forms among its aliases.
"""

import re

CASES = ("genitive", "dative", "accusative", "instrumental", "prepositional")
_HUSHING, _VELAR = "жшчщц", "гкх"


def forms_of(name: str) -> set[str]:
    """The name in its cases, itself included: adjectives and the last word change, and the word in front of "на" (Ростов-на-Дону)."""
    parts = re.split(r"([ -])", name)
    words = parts[::2]
    cores = {words.index("на") - 1 if "на" in words else len(words) - 1}
    if len(words) == 2 and _is_adjective(words[1]):
        cores.add(0)  # Петропавловск-Камчатский
    found = {name}
    for case in range(len(CASES)):
        variants = [[word] for word in words]
        for place, word in enumerate(words):
            if place in cores or (_is_adjective(word) and place < max(cores)):
                variants[place] = _word(word, case)
        found |= {_joined(parts, choice) for choice in _choices(variants)}
    return found


def _joined(parts: list[str], words: list[str]) -> str:
    return "".join(words[place // 2] if place % 2 == 0 else part for place, part in enumerate(parts))


def _choices(variants: list[list[str]]) -> list[list[str]]:
    """One variant for each word, the nth of all together."""
    return [[options[min(number, len(options) - 1)] for options in variants] for number in range(max(map(len, variants)))]


def _is_adjective(word: str) -> bool:
    return word[-2:] in ("ий", "ый", "ая", "ые", "ие", "ое") and len(word) > 4


def _word(word: str, case: int) -> list[str]:
    """One word in a case: every form that its ending allows."""
    stem, last = word[:-1], word[-1]
    if _is_adjective(word):
        return [word[:-2] + ending for ending in _adjective(word, case)]
    if word.endswith("ия"):
        return [stem + ("и", "и", "ю", "ей", "и")[case]]
    if last == "а":
        soft = "и" if stem[-1] in _VELAR + "жшчщ" else "ы"
        return [stem + (soft, "е", "у", "ей" if stem[-1] in _HUSHING else "ой", "е")[case]]
    if last == "я":
        return [stem + ("и", "е", "ю", "ей", "е")[case]]
    if last == "ь":
        return [stem + ("и", "и", "ь", "ью", "и")[case], stem + ("я", "ю", "ь", "ем", "е")[case]]
    if last == "й":
        return [stem + ("я", "ю", "й", "ем", "е")[case]]
    if (last == "ы" and len(word) > 3) or (last == "и" and len(word) > 4 and stem[-1] in _VELAR + _HUSHING + "л"):
        genitives = [stem, f"{stem}ов", f"{stem}ей"]  # Афин, Челнов, Мытищей; others in -и, as Тбилиси, never change
        return genitives if case == 0 else [stem + ("", "ам", last, "ами", "ах")[case]]
    if word[-2:] in ("во", "но"):
        return [word, stem + ("а", "у", "о", "ом", "е")[case]]
    if last.lower() in "оеёиуюэы" or not last.isalpha():
        return [word]
    return _masculine(word, case)


def _masculine(word: str, case: int) -> list[str]:
    """A word that ends in a consonant; Череповец loses its vowel."""
    stem = f"{word[:-2]}ц" if word.endswith("ец") and len(word) > 4 else word
    instrumental = ["ем"] if word[-1] in _HUSHING else ["ом"]
    instrumental += ["ым"] if word[-2:] in ("ов", "ев", "ёв", "ин", "ын") else []
    endings = (["а"], ["у"], [""], instrumental, ["е"])[case]
    return [(stem if ending else word) + ending for ending in endings]


def _adjective(word: str, case: int) -> tuple[str, ...]:
    ending = word[-2:]
    if ending in ("ые", "ие"):
        vowel = ending[0]
        return ((f"{vowel}х",), (f"{vowel}м",), (ending,), (f"{vowel}ми",), (f"{vowel}х",))[case]
    if ending == "ая":
        return (("ой",), ("ой",), ("ую",), ("ой",), ("ой",))[case]
    soft = ending == "ий" and word[-3] not in _VELAR + _HUSHING
    vowel, instrumental = ("е", "им") if soft else ("о", "им" if ending == "ий" else "ым")
    nominative = ending
    return ((f"{vowel}го",), (f"{vowel}му",), (nominative,), (instrumental,), (f"{vowel}м",))[case]
