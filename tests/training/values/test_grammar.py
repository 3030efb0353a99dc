"""The grammars: every rule and word of both, by law, and the language that they are written in."""

import random

import pytest

from model.errors import ConfigError
from model.values.letters import digits_of
from model.values.resolve import resolve
from model.values.symbols import ALPHABET, UNKNOWN, copied
from model.values.value import Understood
from training.values.evaluate import CONTEXT
from training.values.grammar import Grammar, Part
from training.values.samples import ASKED, LANGUAGES, can_be_said, joined

UNSPOKEN = {"n200", "n300", "n400", "n500", "n600", "n700", "n800", "n900", "n1.5", "TONIGHT", "PAST", "CLK", "AM", "h_christmaseve"}
UNSPOKEN |= {"h_boxing", "h_goodfriday", "h_eastermonday", "h_july4", "h_memorial", "h_labor", "h_defender"}
MOST_TORN = 4  # phrases of 4000 that mean two things: "after tomorrow" in Russian is one word slipped apart, "ten to six" a range or a time
UNDERSTOOD = 0.6  # of the phrases of a kind: the others are 31 February, 5 to 3 people, Monday the 6th that is none


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_gives_phrases_that_copy_their_digits_and_can_be_said(language: str) -> None:
    grammar, rng = Grammar.load(language), random.Random(1)
    for rule in grammar.rules:
        for _ in range(30):
            phrase = joined(grammar.sample(rule, rng), "", language)
            assert set(phrase.symbols) <= set(ALPHABET), rule
            assert copied(phrase.symbols) == digits_of(phrase.text), (rule, phrase.text)
            assert all(0 <= said.start < said.end <= len(phrase.text) for said in phrase.said), (rule, phrase.text)
            assert can_be_said(phrase) or any(a == b for a, b in zip(phrase.symbols, phrase.symbols[1:], strict=False)), (rule, phrase.text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ASKED)
def test_most_phrases_of_a_kind_have_a_value_of_it(language: str, kind: str) -> None:
    grammar, rng = Grammar.load(language), random.Random(2)
    phrases = [joined(grammar.sample(kind, rng), kind, language) for _ in range(300)]
    understood = sum(isinstance(resolve(phrase.symbols, kind, CONTEXT), Understood) for phrase in phrases)
    assert understood / len(phrases) > UNDERSTOOD


def test_the_two_languages_have_words_for_the_whole_alphabet() -> None:
    said = {symbol for language in LANGUAGES for _, symbols in Grammar.load(language).said for symbol in symbols}
    assert {symbol for symbol in ALPHABET if not symbol[0].isdigit()} <= said
    for language in LANGUAGES:
        mine = {symbol for _, symbols in Grammar.load(language).said for symbol in symbols}
        missing = {symbol for symbol in ALPHABET if not symbol[0].isdigit()} - mine
        assert missing <= UNSPOKEN, language


TOY = """
n7 = seven*3 | sev{en,ven}
TH = th
UNK = every
+ = and
n20 = twenty
n2 = two
## a comment
<clock> := n7
 | {half a dozen : HALF n12} "please"
<day> := #8-8 ~ "x" ?"so" (n7 | n7)
<nth> := #22-22 ~ TH
<word> := %n:22-22
"""


def texts(rule: str, count: int = 60) -> set[tuple[str, tuple[str, ...]]]:
    grammar, rng = Grammar(TOY, "en"), random.Random(3)
    phrases = [joined(grammar.sample(rule, rng), "", "en") for _ in range(count)]
    return {(phrase.text, phrase.symbols) for phrase in phrases}


def test_a_grammar_is_written_as_it_says() -> None:
    assert texts("clock") == {
        ("seven", ("n7",)), ("seveen", ("n7",)), ("sevven", ("n7",)), ("half a dozen please", ("HALF", "n12"))
    } - {("seveen", ("n7",))}  # fmt: skip
    assert {text for text, _ in texts("day")} == {"8x so seven", "8x seven", "8x so sevven", "8x sevven"}
    assert texts("nth") == {("22th", ("2", "2a", "TH"))}
    assert {text for text, _ in texts("word")} == {"twenty two", "twenty-two"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("<a> := n9", "no word n9"),
        ("<a> := <b>", "no rule <b>"),
        ("x9 = nine", "no rule and no word"),
        ("<a> := {nine : x9}", "x9"),
        ('<a> := ("b"', "nothing closes"),
        ('<a> := "b")', "nothing opens"),
    ],
)
def test_a_grammar_that_is_none_is_refused_by_name(line: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Grammar(line, "en")


def test_digits_that_stand_together_are_one_group_and_unknown_words_one_part() -> None:
    parts = [Part("5", ("5",)), Part("0", ("0",), True), Part("5", ("5a",), True), Part("foo", (UNKNOWN,)), Part("bar", (UNKNOWN,))]
    phrase = joined(parts, "time", "en")
    assert (phrase.text, phrase.symbols) == ("505 foo bar", ("5", "0a", "5b", UNKNOWN))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ASKED)
def test_a_phrase_of_a_kind_says_one_thing(language: str, kind: str) -> None:
    """A word that sometimes says a symbol and sometimes nothing halves the probability of every reading with it."""
    grammar, rng = Grammar.load(language), random.Random(3)
    said: dict[str, set[tuple[str, ...]]] = {}
    for _ in range(4000):
        phrase = joined(grammar.sample(kind, rng), kind, language)
        said.setdefault(phrase.text, set()).add(phrase.symbols)
    torn = {text: symbols for text, symbols in said.items() if len(symbols) > 1}
    assert len(torn) <= MOST_TORN, torn
