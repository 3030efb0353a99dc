"""A reader's training run from settings to a scored artefact."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from model.values.letters import KINDS, plain, words_of
from model.values.reader import Reader
from model.values.reader_artifact import ReaderArtifact, ReaderConfig, write_reader
from training.checkpoint import checkpoint_path, load_checkpoint, save_checkpoint
from training.values import numerals
from training.values.card import reader_card
from training.values.config import ReaderTrainingConfig
from training.values.evaluate import Case, cases_of, choose_thresholds, evaluate_reader
from training.values.examples import examples
from training.values.export import build_reader_graph, verify_reader_graph
from training.values.external import Gold, gold_phrases
from training.values.grammar import Grammar
from training.values.loop import ReaderEpoch, ReaderState, fit_reader
from training.values.network import ReaderNetwork
from training.values.samples import LANGUAGES, Phrase, Source
from training.values.words import frequent_words

_VERIFIED = 64


class ReaderListener(Protocol):
    """Whoever watches a run."""

    def step(self, done: int, total: int) -> None:
        """A step of the epoch is done."""

    def reader_epoch(self, epoch: ReaderEpoch) -> None:
        """An epoch is done."""


@dataclass(frozen=True)
class ReaderMaterial:
    """What a run is made of: where phrases come from, real ones to train on, and those with their values."""

    source: Source
    examples: Sequence[Phrase]
    golds: Sequence[Gold]
    sha256: str


def load_material(data: Path) -> ReaderMaterial:
    """Read the public sets under ``data`` and the shipped grammars. Raises OSError where a set is missing."""
    words, golds = frequent_words(data), gold_phrases(data)
    real = examples(golds)
    digest = hashlib.sha256()
    for language in LANGUAGES:
        digest.update(repr((Grammar.load(language).text, words[language])).encode())
    digest.update(repr(real).encode())
    return ReaderMaterial(Source(words, real), real, golds, digest.hexdigest())


def train_reader(config: ReaderTrainingConfig, data: Path, out: Path, listener: ReaderListener, *, resume: bool) -> dict[str, Any]:
    """Train, export, verify, choose thresholds, score the exported file, write ``out``; the scores.

    With ``resume`` from the end of the last epoch of a run with the same settings. Raises TrainingError, ExportError, OSError.
    """
    material = load_material(data)
    network = _fitted(config, material, out, listener, resume=resume)
    cases = cases_of(material.source, material.golds)
    graph = build_reader_graph(network.export_weights(), config.network)
    verify_reader_graph(graph, network.predict, [plain(case.text) for case in cases[:_VERIFIED]])
    artifact = finished(config, graph, cases)
    write_reader(artifact, out)
    checkpoint_path(out).unlink(missing_ok=True)
    return artifact.scores


def _fitted(config: ReaderTrainingConfig, material: ReaderMaterial, out: Path, listener: ReaderListener, *, resume: bool) -> ReaderNetwork:
    identity = {"settings": repr((config.seed, config.network, config.fit)), "data": material.sha256}
    torch.manual_seed(config.seed)
    state = ReaderState(ReaderNetwork(config.network), config.fit)
    path = checkpoint_path(out)
    if resume and (stored := load_checkpoint(path, identity)):
        state.load_dict(stored)
    for epoch in fit_reader(state, material.source, config.fit, seed=config.seed, on_step=listener.step):
        save_checkpoint(path, {"identity": identity, **state.to_dict()})
        listener.reader_epoch(epoch)
    return state.averaged


def finished(config: ReaderTrainingConfig, graph: bytes, cases: Sequence[Case]) -> ReaderArtifact:
    """The artefact with its thresholds, samples, scores and card, all measured on the exported graph."""
    draft = _artifact(config, graph, {})
    thresholds = choose_thresholds(Reader(draft), [case for case in cases if case.chooses], config.max_wrong)
    reader = Reader(_artifact(config, graph, thresholds))
    scores = evaluate_reader(reader, [case for case in cases if not case.chooses])
    return ReaderArtifact(
        config=reader.artifact.config,
        graph=graph,
        quiet=reader.artifact.quiet,
        forms=reader.artifact.forms,
        samples=tuple(reader.sample(text, kind) for kind, text in (sample.split(" | ") for sample in config.samples)),
        scores=scores,
        card=reader_card(config, reader.artifact, scores),
    )


def _artifact(config: ReaderTrainingConfig, graph: bytes, thresholds: dict[str, float]) -> ReaderArtifact:
    named = ReaderConfig(config.name, config.version, config.languages, {kind: thresholds.get(kind, 0.0) for kind in KINDS})
    return ReaderArtifact(named, graph, quiet_words(), spoken_forms())


def quiet_words() -> tuple[str, ...]:
    """The words that may say nothing in both grammars."""
    silent = {word for form, symbols in _forms() if not symbols for word, _, _ in words_of(form)}
    return tuple(sorted(word for word in silent if word.isalpha() or "'" in word))


def spoken_forms() -> tuple[str, ...]:
    """What says something in both grammars, with its symbols: "W5 = fri", "T2 = day after tomorrow", "UNK = weekdays"."""
    endings = {f"TH = {ending}" for ending in numerals.ENDINGS}
    worded = {f"{' '.join(symbols)} = {form}" for form, symbols in _forms() if symbols and any(words_of(form))}
    return tuple(sorted(endings | worded))


def _forms() -> set[tuple[str, tuple[str, ...]]]:
    return {(plain(form), symbols) for language in LANGUAGES for form, symbols in Grammar.load(language).said}
