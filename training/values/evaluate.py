"""Scores of a reader: whether the values of its readings are the right ones, and how often it is wrong in silence."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from model.values.letters import KINDS, plain
from model.values.reader import Reader, Reading
from model.values.resolve import resolve
from model.values.value import Context, Understood, context_in
from training.values.answers import Key, key_of
from training.values.external import Gold, is_valid
from training.values.lexicon import lexicon
from training.values.noise import slip
from training.values.samples import TYPO_LETTERS, Phrase, Source, is_held_out

CONTEXT = context_in("Asia/Taipei", datetime.fromisoformat("2026-10-20T10:00:00+08:00"))
LEAST = 0.5  # no reading that is not likelier than all others together is trusted, whatever the validation cases show
_TOGETHER = 64


@dataclass(frozen=True, slots=True)
class Case:
    """A phrase to be read, and the keys any of which is right; none: it must be refused.

    ``part``: "grammar", "real" or "negative"; ``symbols``: what it says, where that is known. ``explained``: some reading of its words
    gives a right value; of other real phrases the grammar lacks a word, or the resolver and the set mean different things. ``clean``: the
    text without its typo.
    """

    text: str
    kind: str
    language: str
    part: str
    source: str
    context: Context
    right: frozenset[Key]
    symbols: tuple[str, ...] | None = None
    explained: bool = True
    typo: bool = False
    clean: str = ""

    @property
    def chooses(self) -> bool:
        """Whether the thresholds are chosen on this case, and it is not scored: half of those of the grammar, by a hash."""
        return self.source == "grammar" and is_held_out(self.clean or self.text, 2)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case: ``right``, ``wrong`` (a value, and not the right one) or ``refused``; ``offered``: right among the others."""

    case: Case
    verdict: str
    offered: bool
    confidence: float


def cases_of(source: Source, golds: Iterable[Gold], *, seed: int = 1, count: int = 4000) -> list[Case]:
    """The validation cases: held-out phrases of the grammar, the validation share of real ones, negatives; each also with one typo.

    ``count``: phrases of the grammar.
    """
    cases = []
    for clean, slipped in source.held_out(seed, count, typos=1):
        case = _grammar_case(clean)
        cases += [case, replace(case, text=slipped.text, typo=True, clean=clean.text)]
    rng = random.Random(seed)
    for gold in golds:
        if is_valid(gold):
            part = "real" if gold.right else "negative"
            explained = lexicon().said_of(gold.text, gold.kind, gold.context, gold.right) is not None
            case = Case(gold.text, gold.kind, gold.language, part, gold.source, gold.context, gold.right, None, explained)
            cases.append(case)
            if slipped_text := with_typo(gold.text, rng):
                cases.append(replace(case, text=slipped_text, typo=True, clean=gold.text))
    for phrase in source.negatives(seed, count // 4):
        cases.append(Case(phrase.text, phrase.kind, phrase.language, "negative", "grammar", CONTEXT, frozenset(), phrase.symbols))
    return cases


def _grammar_case(phrase: Phrase) -> Case:
    found = resolve(phrase.symbols, phrase.kind, CONTEXT)
    right = frozenset({key_of(found.value)} if isinstance(found, Understood) else ())
    return Case(phrase.text, phrase.kind, phrase.language, "grammar", "grammar", CONTEXT, right, phrase.symbols)


def with_typo(text: str, rng: random.Random) -> str:
    """A plain text with one slip in a word of at least TYPO_LETTERS letters that gives no word of the lexicon; "" where none does."""
    words = plain(text).split(" ")
    long = [place for place, word in enumerate(words) if sum(letter.isalpha() for letter in word) >= TYPO_LETTERS]
    for _ in range(10 if long else 0):
        place = rng.choice(long)
        slipped = slip(words[place], rng)
        if slipped != words[place] and not lexicon().knows(slipped):
            return " ".join([*words[:place], slipped, *words[place + 1 :]])
    return ""


Read = Callable[[Sequence[tuple[str, str | None]]], list[Reading]]


def outcomes(read: Read, cases: Sequence[Case]) -> list[Outcome]:
    """What a reader makes of the cases; a reading in doubt is a refusal."""
    found = []
    for start in range(0, len(cases), _TOGETHER):
        chunk = cases[start : start + _TOGETHER]
        readings = read([(case.text, case.kind) for case in chunk])
        found += [_outcome(case, reading) for case, reading in zip(chunk, readings, strict=True)]
    return found


def _outcome(case: Case, reading: Reading) -> Outcome:
    value = None if reading.doubt else resolve(reading.symbols, case.kind or None, case.context)
    if not isinstance(value, Understood):
        return Outcome(case, "refused", False, reading.confidence)
    verdict = "right" if key_of(value.value) in case.right else "wrong"
    offered = any(key_of(other) in case.right for other in value.alternatives)
    return Outcome(case, verdict, offered, reading.confidence)


def choose_thresholds(reader: Reader, cases: Sequence[Case], max_wrong: float) -> dict[str, float]:
    """By kind the lowest probability from LEAST on at which at most the share ``max_wrong`` of the cases is wrong in silence.

    ``reader``: one whose thresholds are 0; an unknown kind takes the highest. ``cases``: those that choose; with a typo they count as those
    without. Real phrases do not choose, for where the sets and the resolver mean different days by the same words no probability helps.
    """
    by_kind: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes(reader.read_batch, cases):
        by_kind[outcome.case.kind].append(outcome)
    thresholds = {kind: _threshold(found, max_wrong) for kind, found in by_kind.items()}
    return {kind: thresholds.get(kind, max(thresholds.values(), default=0.0)) for kind in KINDS}


def _threshold(found: Sequence[Outcome], max_wrong: float) -> float:
    wrong = sorted((outcome.confidence for outcome in found if outcome.verdict == "wrong" and not outcome.offered), reverse=True)
    allowed = int(max_wrong * len(found))
    return round(max(LEAST, min(0.95, wrong[allowed] + 1e-4)), 4) if len(wrong) > allowed else LEAST


def evaluate_reader(reader: Reader, cases: Sequence[Case]) -> dict[str, Any]:
    """Shares by part, language and typo, and by kind: see ``tally``. Symbol error rates where the symbols are known."""
    found = outcomes(reader.read_batch, cases)
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in found:
        case = outcome.case
        name = " ".join((case.part, case.language, "typo" if case.typo else "clean"))
        groups[name].append(outcome)
        if case.part != "negative":
            groups[f"{name} {case.kind}"].append(outcome)
        if case.part == "real":
            groups[f"{name} {case.source}"].append(outcome)
            groups[f"{name} {'explained' if case.explained else 'unexplained'}"].append(outcome)
    scores: dict[str, Any] = {name: tally(group) for name, group in sorted(groups.items())}
    scores["symbol error rate"] = round(_symbol_error_rate(reader, cases), 4)
    return scores


def tally(found: Sequence[Outcome]) -> dict[str, float]:
    """Counts and shares. Of phrases with a value: right, wrong in silence (``wrong``: no reading offered is right), refused.

    ``offered``: wrong, but the right value is among the alternatives. Of phrases without one (``void``): how many got a value.
    """
    valued = [outcome for outcome in found if outcome.case.right]
    void = [outcome for outcome in found if not outcome.case.right]
    count = max(1, len(valued))
    return {
        "phrases": len(valued),
        "right": round(sum(outcome.verdict == "right" for outcome in valued) / count, 4),
        "offered": round(sum(outcome.verdict == "wrong" and outcome.offered for outcome in valued) / count, 4),
        "wrong": round(sum(outcome.verdict == "wrong" and not outcome.offered for outcome in valued) / count, 4),
        "refused": round(sum(outcome.verdict == "refused" for outcome in valued) / count, 4),
        "void": len(void),
        "void read": round(sum(outcome.verdict != "refused" for outcome in void) / max(1, len(void)), 4),
    }


def _symbol_error_rate(reader: Reader, cases: Sequence[Case]) -> float:
    """Edits between what was read and what was said, a symbol said."""
    known = [case for case in cases if case.symbols is not None and not case.typo]
    readings = [reading for start in range(0, len(known), _TOGETHER) for reading in _read(reader, known[start : start + _TOGETHER])]
    edits = sum(edit_distance(reading.symbols, case.symbols or ()) for reading, case in zip(readings, known, strict=True))
    return edits / max(1, sum(len(case.symbols or ()) for case in known))


def _read(reader: Reader, cases: Sequence[Case]) -> list[Reading]:
    return reader.read_batch([(case.text, case.kind) for case in cases])


def edit_distance(first: Sequence[str], second: Sequence[str]) -> int:
    """How many symbols must be dropped, added or replaced (Levenshtein 1966)."""
    row = list(range(len(second) + 1))
    for place, symbol in enumerate(first, start=1):
        before, row[0] = row[0], place
        for other in range(1, len(row)):
            before, row[other] = row[other], min(row[other] + 1, row[other - 1] + 1, before + (symbol != second[other - 1]))
    return row[-1]


def scores_text(scores: dict[str, Any]) -> str:
    """The scores as a table to read."""
    lines = [f"{'':44}{'phrases':>8}{'right':>9}{'offered':>9}{'wrong':>9}{'refused':>9}{'void':>7}{'read':>9}"]
    for name, row in scores.items():
        if isinstance(row, dict):
            shares = "".join(f"{row[key]:9.2%}" for key in ("right", "offered", "wrong", "refused"))
            lines.append(f"{name:44}{row['phrases']:8d}{shares}{row['void']:7d}{row['void read']:9.2%}")
    return "\n".join([*lines, f"symbol error rate {scores['symbol error rate']:.2%}"])
