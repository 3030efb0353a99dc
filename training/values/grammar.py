"""A grammar of phrases and the symbols that they say, read from a text file and sampled.

A line is a word of the lexicon or a rule; a line that begins with a space goes on with the one before::

    n7 = seven*3 | 7th grade          forms of a symbol, one of them three times as likely
    o8 = восьм{ое,ого*3,ому}          three forms of one stem
    o8@gen = восьмого                 the same symbol in one form only
    <clock> := %n:1-12 ?CLK <half> | HALF PAST %n:1-12 *4

In a rule ``?`` makes what follows optional, ``(a | b)`` chooses, ``~`` leaves out the space, ``"on|at"`` is silent,
``{fortnight : n2 u_w}`` says several symbols at once, ``#1-31`` and ``#year`` are written in digits, ``%n:1-31`` and ``%o:1-31`` in words.
"""

import functools
import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import regex

from model.errors import ConfigError
from model.values.symbols import ALPHABET, spelled
from training.values import numerals

_TOKEN = regex.compile(r'"[^"]*"|\{[^{}]*\}|<[a-z_0-9]+>|[?()|]|#[\w-]+|%[no]:\d+-\d+|[^\s?()|"{}<>]+')
_STEM = regex.compile(r"(.*)\{(.*)\}(.*)")
_WEIGHT = regex.compile(r"(.*)\*(\d+)")
_KNOWN = frozenset(ALPHABET)


class Part(NamedTuple):
    """A piece of a phrase, the symbols that it says (none: it is silent), and whether it is written without a space in front."""

    text: str
    symbols: tuple[str, ...] = ()
    glued: bool = False


Sampler = Callable[[random.Random, list[Part]], None]
GLUE = Part("~")


class Grammar:
    """A lexicon and rules of one language."""

    def __init__(self, text: str, language: str) -> None:
        """``text``: as the module's docstring shows. Raises ConfigError for a word or rule that is not there."""
        self.text, self.language = text, language
        self.lexicon: dict[str, list[tuple[str, int]]] = {}
        self.said: dict[tuple[str, tuple[str, ...]], None] = {}  # every form with its symbols, in the order of the file
        self._rules: dict[str, Sampler] = {}
        bodies: dict[str, str] = {}
        for line in _joined(text):
            name, mark, body = line.partition(" := ")
            if mark:
                bodies[name.strip()] = body
            else:
                self._add_word(line)
        self.rules = tuple(name.strip("<>") for name in bodies)
        for name, body in bodies.items():
            tokens = _TOKEN.findall(body)
            self._rules[name], rest = self._choice(tokens)
            if rest:
                raise ConfigError(f"rule {name} of the {language} grammar has a bracket that nothing opens")
        if missing := [name for body in bodies.values() for name in regex.findall(r"<[a-z_0-9]+>", body) if name not in bodies]:
            raise ConfigError(f"the {language} grammar has no rule {missing[0]}")

    @classmethod
    @functools.cache
    def load(cls, language: str) -> "Grammar":
        """The shipped grammar of "en" or "ru"."""
        return cls(Path(__file__).with_name(f"{language}.grammar").read_text(encoding="utf-8"), language)

    def sample(self, rule: str, rng: random.Random) -> list[Part]:
        """One phrase of a rule, in parts."""
        parts: list[Part] = []
        self._rules[f"<{rule}>"](rng, parts)
        return list(_glued(parts))

    @functools.cached_property
    def _single(self) -> frozenset[str]:
        """Forms that say one thing wherever they stand."""
        meanings: dict[str, set[tuple[str, ...]]] = {}
        for form, symbols in self.said:
            for word in (form, *(form.split() if " " in form else ())):
                meanings.setdefault(word, set()).add(symbols)
        return frozenset(form for form, found in meanings.items() if len(found) == 1)

    def is_plain(self, part: Part) -> bool:
        """Whether a part says the same wherever it stands: "seven" does, "second" and "to" do not."""
        return part.text in self._single and len(part.text) > 2

    def word(self, key: str, rng: random.Random, *, glued: bool = False) -> Part:
        """A symbol in one of its forms."""
        return self._word(key)(rng)._replace(glued=glued)

    @functools.cache  # noqa: B019  # grammars live as long as the process
    def _word(self, key: str) -> Callable[[random.Random], Part]:
        if key not in self.lexicon:
            raise ConfigError(f"the {self.language} grammar has no word {key}")
        forms = [form for form, _ in self.lexicon[key]]
        weights = list(itertools.accumulate(weight for _, weight in self.lexicon[key]))
        symbols = (key.partition("@")[0],)
        if len(forms) == 1:
            only = Part(forms[0], symbols)
            return lambda rng: only
        return lambda rng: Part(rng.choices(forms, cum_weights=weights)[0], symbols)

    def _add_word(self, line: str) -> None:
        key, mark, body = line.partition(" = ")
        key = key.strip()
        symbol = key.partition("@")[0]
        if not mark or symbol not in _KNOWN:
            raise ConfigError(f"{line!r} of the {self.language} grammar is no rule and no word of the alphabet")
        self.lexicon[key] = [(form, weight) for each in body.split(" | ") for form, weight in _forms(each.strip())]
        self.said |= dict.fromkeys((form, (symbol,)) for form, _ in self.lexicon[key])

    def _choice(self, tokens: list[str]) -> tuple[Sampler, list[str]]:
        """Alternatives up to a closing bracket or the end, and what stands behind them."""
        alternatives, weights = [], []
        while True:
            sampler, weight, tokens = self._sequence(tokens)
            alternatives.append(sampler)
            weights.append(weight)
            if not tokens or tokens[0] != "|":
                break
            tokens = tokens[1:]
        if len(alternatives) == 1:
            return alternatives[0], tokens
        bounds = list(itertools.accumulate(weights))

        def choose(rng: random.Random, parts: list[Part]) -> None:
            rng.choices(alternatives, cum_weights=bounds)[0](rng, parts)

        return choose, tokens

    def _sequence(self, tokens: list[str]) -> tuple[Sampler, int, list[str]]:
        items: list[Sampler] = []
        weight = 1
        while tokens and tokens[0] not in "|)":
            if tokens[0][0] == "*" and tokens[0][1:].isdigit():
                weight, tokens = int(tokens[0][1:]), tokens[1:]
                continue
            item, tokens = self._item(tokens)
            items.append(item)

        def sample(rng: random.Random, parts: list[Part]) -> None:
            for item in items:
                item(rng, parts)

        return items[0] if len(items) == 1 else sample, weight, tokens

    def _item(self, tokens: list[str]) -> tuple[Sampler, list[str]]:
        first, rest = tokens[0], tokens[1:]
        if first == "?":
            item, rest = self._item(rest)
            return (lambda rng, parts: item(rng, parts) if rng.random() < 0.5 else None), rest
        if first == "(":
            group, rest = self._choice(rest)
            if not rest:
                raise ConfigError(f"the {self.language} grammar has a bracket that nothing closes")
            return group, rest[1:]
        return self._terminal(first), rest

    def _terminal(self, token: str) -> Sampler:
        if token == "~":
            return lambda rng, parts: parts.append(GLUE)
        if token[0] == "<":
            return lambda rng, parts: self._rules[token](rng, parts)
        if token[0] == "#":
            write = numerals.digits(token[1:], self.language)
            return lambda rng, parts: parts.extend(_written(write(rng)))
        if token[0] == "%":
            low, high = map(int, token[3:].split("-"))
            speak = numerals.cardinal if token[1] == "n" else numerals.ordinal
            return lambda rng, parts: parts.extend(self._spoken(speak(rng.randint(low, high), self.language, rng), rng))
        if token[0] in '"{':
            return self._literal(token)
        word = self._word(token)
        return lambda rng, parts: parts.append(word(rng))

    def _literal(self, token: str) -> Sampler:
        """A silent word, or words with the symbols that they say."""
        said, _, named = token[1:-1].partition(" : ") if token[0] == "{" else (token[1:-1], "", "")
        symbols = tuple(named.split())
        if wrong := [symbol for symbol in symbols if symbol not in _KNOWN]:
            raise ConfigError(f"{token} of the {self.language} grammar says {wrong[0]}, which is not in the alphabet")
        choices = [Part(text.strip(), symbols) for text in said.split("|")]
        self.said |= dict.fromkeys((part.text, symbols) for part in choices)
        return lambda rng, parts: parts.append(rng.choice(choices))

    def _spoken(self, keys: Sequence[str], rng: random.Random) -> Iterator[Part]:
        """The words of a number; "~-" glues two of them with a hyphen, as in twenty-one."""
        for key in keys:
            if key == "~-":
                yield from (GLUE, Part("-"), GLUE)
            else:
                yield self.word(key, rng)


def _joined(text: str) -> Iterator[str]:
    """Lines with those that go on with them; comments and empty ones left out."""
    line = ""
    for each in text.splitlines():
        if not each.strip() or each.startswith("##"):
            continue
        if each[0] == " ":
            line += " " + each.strip()
            continue
        if line:
            yield line
        line = each
    if line:
        yield line


def _forms(text: str) -> Iterator[tuple[str, int]]:
    """``восьм{ое,ого*3}`` -> ("восьмое", 1), ("восьмого", 3)."""
    if stem := _STEM.fullmatch(text):
        for ending in stem[2].split(","):
            form, weight = _weighted(ending)
            yield f"{stem[1]}{form}{stem[3]}", weight
    else:
        yield _weighted(text)


def _weighted(text: str) -> tuple[str, int]:
    match = _WEIGHT.fullmatch(text)
    return (match[1], int(match[2])) if match else (text, 1)


def _written(text: str) -> Iterator[Part]:
    """Digits as parts of one character each, and the ending of "2nd" as another."""
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyzабвгдежзийклмнопрстуфхцчшщъыьэюя-")
    for place, symbol in enumerate(spelled(digits)):
        yield Part(digits[place], (symbol,), place > 0)
    if ending := text[len(digits) :]:
        yield Part(ending, ("TH",), True)


def _glued(parts: Sequence[Part]) -> Iterator[Part]:
    """Parts with the glue between them as a property of the one behind."""
    glue = False
    for part in parts:
        if part is GLUE:
            glue = True
        else:
            yield part._replace(glued=True) if glue else part
            glue = False
