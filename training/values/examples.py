"""Real phrases with their symbols: those whose value the lexicon's rules can explain, and those that must be refused."""

from collections.abc import Iterable, Iterator

from model.values.letters import plain
from model.values.symbols import UNKNOWN
from training.values.external import Gold, is_valid
from training.values.lexicon import lexicon
from training.values.samples import LONGEST, Phrase, Said, can_be_said


def examples(golds: Iterable[Gold]) -> list[Phrase]:
    """The training share as phrases; a phrase that no reading of its words explains is left out."""
    found = (_example(gold) for gold in golds if not is_valid(gold))
    return [phrase for phrase in found if phrase and 0 < len(phrase.text) <= LONGEST and can_be_said(phrase)]


def _example(gold: Gold) -> Phrase | None:
    words = lexicon()
    said = words.said_of(gold.text, gold.kind, gold.context, gold.right) if gold.right else _refused(gold)
    return None if said is None else Phrase(plain(gold.text), gold.kind, tuple(_merged(said)), gold.language)


def _refused(gold: Gold) -> tuple[Said, ...] | None:
    """What a phrase without a value says, if a word of it says nothing that we know."""
    said = next(iter(lexicon().candidates(plain(gold.text))), ())
    return said if any(each.symbol == UNKNOWN for each in said) else None


def _merged(said: Iterable[Said]) -> Iterator[Said]:
    """A run of unknown words as one."""
    before: Said | None = None
    for each in said:
        if before and before.symbol == each.symbol == UNKNOWN:
            before = before._replace(end=each.end)
            continue
        if before:
            yield before
        before = each
    if before:
        yield before
