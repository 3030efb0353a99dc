"""The model card: what a trained tagger is, what it was trained on, how well it does and how to make it again."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from model.artifact import ModelArtifact
from model.gazetteer import Gazetteer
from training.config import NetworkConfig, TrainingConfig
from training.data.corpus import Corpus
from training.evaluate import Report
from training.minimal_pairs import PairScore
from training.robustness import Bearing, Scope

_HEADER = "| source | examples | slot F1 | strict F1 | intent | sentence |\n|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Measured:
    """Valid scores under "all" and by source, what rewriting the texts costs, how scope is told (None where nothing tells), and pairs."""

    reports: dict[str, Report]
    bearings: Sequence[Bearing]
    scope: Scope | None
    pairs: Sequence[PairScore] = ()


def model_card(config: TrainingConfig, artifact: ModelArtifact, train: Corpus, measured: Measured, data_sha256: str) -> str:
    """Markdown."""
    reports = measured.reports
    overall = reports["all"]
    counts = Counter(example.source.partition("/")[0] for example in train.examples)
    sections = [
        f"# {config.name} {config.version}",
        config.card.strip(),
        f"Languages: {', '.join(config.languages)}. Slots: {len(artifact.labels.slots)}. Intents: {len(artifact.labels.intents)}. "
        f"{_network(config.network)} Known words: {len(artifact.vocabulary.words)}.{_names(artifact)} "
        f"Graph: {len(artifact.graph) / 1e6:.1f} MB.",
        "## Scores on validation data",
        "Measured on this exported file through the class that serves it. Slot F1 counts spans as conlleval does.",
        "\n".join([_HEADER, *(_row(source, report) for source, report in reports.items())]),
        f"Expected calibration error: word {overall.word.error:.2%}, span {overall.span.error:.2%}, intent {overall.intent.error:.2%}.",
        "## Scores by label",
        "\n".join(
            ["| label | precision | recall | F1 | gold |", "|---|---|---|---|---|"]
            + [f"| {label} | {s.precision:.2%} | {s.recall:.2%} | {s.f1:.2%} | {s.gold} |" for label, s in overall.per_label.items()]
        ),
        "## When people type otherwise",
        "\n".join(
            ["| the same texts | slot F1 | spans found again |", "|---|---|---|"]
            + [f"| {_WRITTEN[one.kind]} | {one.slot_f1:.2%} | {one.same:.2%} |" for one in measured.bearings]
        ),
        _scope(measured.scope),
        _pairs(measured.pairs),
        _gazetteer(artifact.gazetteer),
        "## Training data",
        "\n".join(f"- {source}: {count} examples" for source, count in sorted(counts.items())),
        f"sha256 of all examples, training and validation, in order: `{data_sha256}`",
        "## Made by",
        f"    python -m training train training/configs/{config.name}.toml --data DIR --seed {config.seed}",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


_WRITTEN = {
    "as it was": "as they are",
    "lower": "in lower case",
    "upper": "in capitals",
    "plain": "in lower case without punctuation",
    "typos": "with an edit in a third of the words",
}


def _names(artifact: ModelArtifact) -> str:
    names = artifact.names
    return f" Names: {len(names.phrases)} in {len(names.lists)} lists." if names else ""


def _network(config: NetworkConfig) -> str:
    layers = f"{config.layers} layers" if config.layers > 1 else "one layer"
    directions = "" if config.cell == "feedforward" else ", both directions" if config.both else ", one direction"
    return f"Network: {config.cell}, {layers} of {config.hidden} units{directions}."


def _scope(scope: Scope | None) -> str:
    if scope is None:
        return ""
    return (
        f"Of {scope.out_of_scope} texts that are out of scope {scope.recall:.1%} are told, with {scope.accuracy:.1%} of the others' "
        f"intents right; in {scope.spans} of them a slot was found."
    )


def _pairs(pairs: Sequence[PairScore]) -> str:
    """What a file of minimal pairs gave; nothing where there is none."""
    if not pairs:
        return ""
    table = ["| language | utterances | right | pairs | both right |", "|---|---|---|---|---|"]
    table += [f"| {one.language} | {one.utterances} | {one.right} | {one.pairs} | {one.whole} |" for one in pairs]
    about = "Two utterances that differ in a word and in a role, none of them trained on; right is every slot with its borders."
    return "\n\n".join(["## Minimal pairs", about, "\n".join(table)])


def _gazetteer(gazetteer: Gazetteer | None) -> str:
    """The tables whose phrases are looked up; nothing where there is none."""
    tables = [table for table in gazetteer.tables if table.extracts] if gazetteer else []
    if not tables:
        return ""
    rows = [f"| {', '.join(table.slots)} | {len(table.phrases)} | {table.confidence:.2f} |" for table in tables]
    about = "Phrases looked up where the network finds nothing or doubts, and the share of right ones among such finds on validation data."
    return "\n\n".join(["## Gazetteer", about, "\n".join(["| slots | phrases | confidence |", "|---|---|---|", *rows])])


def _row(source: str, report: Report) -> str:
    """A row of the table; a set without gold slots has no F1, one without gold intents no accuracy."""
    slots = (f"{report.slots.f1:.2%}", f"{report.strict.f1:.2%}") if report.slots.gold else ("no slots", "no slots")
    intent = f"{report.intent_accuracy:.2%}" if report.intent_count else "no intents"
    return f"| {source} | {report.examples} | {slots[0]} | {slots[1]} | {intent} | {report.sentence_accuracy:.2%} |"
