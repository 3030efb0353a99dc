"""A training run from settings to artefact, in the order in which it happens."""

import copy
import dataclasses
import functools
import hashlib
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch

from model.artifact import ModelArtifact, write_artifact
from model.calibration import Calibration
from model.directory import MANIFEST
from model.features import Features
from model.labels import LabelScheme
from model.tagger import Tagger
from training.calibrate import fit_temperature, valid_logits
from training.card import Measured, model_card
from training.checkpoint import checkpoint_path, load_checkpoint, save_checkpoint
from training.config import TrainingConfig, TrainingError
from training.data.batching import TrainingSet, example_features
from training.data.corpus import Corpus, load_corpus, load_names, load_texts
from training.data.fingerprint import fingerprint
from training.data.records import Example
from training.data.texts import TextSet
from training.evaluate import Report, evaluate, selection_score
from training.export import build_graph, verify
from training.lookup import with_gazetteer
from training.loop import Epoch, TrainingState, fit
from training.minimal_pairs import Utterance, count_pairs, read_pairs
from training.mistakes import mistakes
from training.network.tagger import TaggerNetwork
from training.plan import Parts, fresh_network, plan
from training.pretrain import ClozeEpoch, pretrain
from training.report import Past, RunRecord, report_path, write_report
from training.robustness import bearings, scope

SAMPLES = 3  # utterances recorded in an artefact whose config names none
VERIFIED = 512  # utterances on which the exported graph is held against the network


class Progress(Protocol):
    """Who wants to know how a run goes; ``training.__main__`` draws it on a terminal."""

    def corpus(self, train: Corpus, valid: Corpus) -> None:
        """The data are read."""

    def step(self, done: int, total: int) -> None:
        """A batch of the epoch is done."""

    def gradient(self, step: int, network: TaggerNetwork, norm: float) -> None:
        """The gradients of a step are there, not clipped yet; see ``training.loop.fit``."""

    def pretrained(self, epoch: ClozeEpoch) -> None:
        """An epoch of pre-training is done."""

    def epoch(self, epoch: Epoch, report: Report, *, best: bool) -> None:
        """An epoch is done and scored on valid."""


def train(config: TrainingConfig, data: Path, out: Path, progress: Progress, *, resume: bool = False, strict: bool = False) -> Report:
    """Run everything and write the artefact directory ``out``; returns the valid scores of the exported file.

    Raises ConfigError, DataError (with ``strict``), TrainingError, ExportError, FileExistsError.
    """
    if out.exists() and not (out / MANIFEST).is_file():
        raise FileExistsError(f"{out} exists and is no artefact; choose another --out or remove it")
    clock = _Clock()
    train_corpus, valid_corpus = load_corpus(config, data, strict=strict)
    progress.corpus(train_corpus, valid_corpus)
    texts = load_texts(config, data) if config.pretrain.epochs else ()
    looked_up = train_corpus.lexicon.own_slots() if config.gazetteer else ()
    parts = plan(config, train_corpus.examples, texts, load_names(config, data), looked_up)
    pairs = read_pairs(Path(config.minimal_pairs)) if config.minimal_pairs else ()
    run = Run(config, parts, train_corpus, valid_corpus, texts, checkpoint_path(out), pairs)
    clock.ends("data")
    network, best = fit_best(run, progress, resume=resume)
    clock.ends("training")
    temperatures = set_fitted_temperatures(network, run)
    graph = build_graph(network.export_weights(), config.network)
    verify(graph, network.predict, verification_features(run), config.network)
    artifact, reports = score(run, graph, temperatures)
    write_artifact(artifact, out)
    found = mistakes(Tagger(artifact), run.valid.examples)
    clock.ends("scoring")
    parameters = sum(parameter.numel() for parameter in network.parameters())
    history = [Past(**past) for past in best.history]
    what = (config, artifact, train_corpus, valid_corpus, reports, history, best.epoch, found, clock.seconds, parameters)
    write_report(RunRecord(*what, data_sha256=run.identity["data"]), report_path(out))
    run.checkpoint.unlink(missing_ok=True)
    return reports["all"]


class _Clock:
    """The seconds of each stage of a run."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._began = time.perf_counter()

    def ends(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = now - self._began
        self._began = now


@dataclass(frozen=True)
class Run:
    """What stays the same throughout a run."""

    config: TrainingConfig
    parts: Parts
    train: Corpus
    valid: Corpus
    texts: tuple[str, ...]
    checkpoint: Path
    pairs: tuple[Utterance, ...] = ()

    @functools.cached_property
    def identity(self) -> dict[str, Any]:
        """What must be equal for a checkpoint to be continued."""
        texts = hashlib.sha256("\n".join(self.texts).encode("utf-8", "surrogatepass")).hexdigest()
        examples = fingerprint(self.train.examples, self.valid.examples)
        return {"settings": self.config.to_dict(), "data": examples, "texts": texts, "slots": self.parts.scheme.slots}


def fit_best(run: Run, progress: Progress, *, resume: bool) -> tuple[TaggerNetwork, "_Best"]:
    """The averaged network of the epoch with the best valid score, and how it came to be; stops ``patience`` epochs after the best."""
    config = run.config.fit
    torch.use_deterministic_algorithms(True)
    if not resume and run.checkpoint.exists():
        raise TrainingError(f"{run.checkpoint} holds an unfinished run: continue it with --resume, or delete the file to start afresh")
    network = fresh_network(run.config, run.parts)
    if not run.checkpoint.exists():
        for cloze_epoch in pretrain_on_texts(network, run, progress):
            progress.pretrained(cloze_epoch)
    state = TrainingState(network, config)
    best = _restore(state, run) if resume else _Best()
    training_set = run.parts.training_set(run.train.examples)
    epochs = fit(state, training_set, config, seed=run.config.seed, on_step=progress.step, on_gradient=progress.gradient)
    while state.epochs_done < config.epochs and state.epochs_done - best.epoch < config.patience:
        epoch = next(epochs)
        report = validate(run, state.averaged)
        better = _is_better(selection_score(report), best.score, run.config)
        best.history.append(dataclasses.asdict(_past(epoch, report)))
        if better:
            best = _Best(epoch.number, selection_score(report), copy.deepcopy(state.averaged.state_dict()), best.history)
        save_checkpoint(run.checkpoint, {"identity": run.identity, "state": state.to_dict(), "best": dataclasses.asdict(best)})
        progress.epoch(epoch, report, best=better)
    network.load_state_dict(best.weights)
    return network, best


def _past(epoch: Epoch, report: Report) -> Past:
    return Past(
        **dataclasses.asdict(epoch),
        slot_f1=report.slots.f1,
        intent_accuracy=report.intent_accuracy,
        sentence_accuracy=report.sentence_accuracy,
    )


def pretrain_on_texts(network: TaggerNetwork, run: Run, progress: Progress) -> Iterator[ClozeEpoch]:
    """Pre-training as the config asks for it, on its texts and those of the training examples; nothing where it asks for none."""
    if run.config.pretrain.epochs:
        utterances = [*run.texts, *(example.annotation.text for example in run.train.examples)]
        texts = TextSet(utterances, run.parts.featurizer, max_words=run.config.max_words)
        yield from pretrain(network, texts, run.config, words=len(run.parts.vocabulary), on_step=progress.step)


@dataclass(frozen=True, slots=True)
class _Best:
    """The best epoch so far, and all epochs, as ``Past`` has them."""

    epoch: int = 0
    score: float = -1.0
    weights: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)


def _restore(state: TrainingState, run: Run) -> _Best:
    """Bring ``state`` to where the run was stopped; where nothing was stored yet, that is its beginning."""
    stored = load_checkpoint(run.checkpoint, run.identity)
    if stored is None:
        return _Best()
    state.load_dict(stored["state"])
    return _Best(**stored["best"])


def _is_better(score: float, best: float, config: TrainingConfig) -> bool:
    """Of equal epochs the first is kept; but the last where a few held-out examples validate, all of which an early epoch may read."""
    return score > best or (score == best and not config.valid)


def validate(run: Run, network: TaggerNetwork) -> Report:
    """Valid scores of a network, measured through its exported graph like every other score."""
    graph = build_graph(network.export_weights(), run.config.network)
    return evaluate(Tagger(_artifact(run, graph, Calibration.none())), run.valid.examples)


def set_fitted_temperatures(network: TaggerNetwork, run: Run) -> tuple[float, float]:
    """Fit one temperature for tags and one for intents on valid, and have the network divide by them.

    Valid examples with a label that training never showed have no logit to compare with and are left out here, not in the scores.
    """
    scheme = run.parts.scheme
    known = [example for example in run.valid.examples if is_known(example, scheme)]
    tags, intents = valid_logits(network, TrainingSet(known, run.parts.featurizer, scheme))
    temperatures = fit_temperature(*tags), fit_temperature(*intents)
    network.set_temperatures(*temperatures)
    return temperatures


def is_known(example: Example, scheme: LabelScheme) -> bool:
    """Whether the scheme has every label of an example."""
    intent = example.annotation.intent
    return (intent is None or intent.name in scheme.intents) and all(slot.name in scheme.slots for slot in example.annotation.slots)


def verification_features(run: Run) -> list[Features]:
    """Utterances for the export's proof: the first valid ones, shuffled lengths and all."""
    chosen = [example for example in run.valid.examples[:VERIFIED] if example.annotation.tokens]
    return [example_features(example, run.parts.featurizer, run.parts.scheme) for example in chosen]


def score(run: Run, graph: bytes, temperatures: tuple[float, float]) -> tuple[ModelArtifact, dict[str, Report]]:
    """The finished artefact with its samples, calibration, scores and card, and the valid reports they come from, "all" first."""
    unscored = with_gazetteer(_artifact(run, graph, Calibration.none()), run.train.lexicon, run.valid.examples, run.config)
    draft = Tagger(unscored)
    sources = run.valid.by_source()
    reports = {"all": evaluate(draft, run.valid.examples)} | {source: evaluate(draft, examples) for source, examples in sources.items()}
    pairs = count_pairs(draft, run.pairs)
    what = Measured(reports, bearings(draft, run.valid.examples), scope(draft, run.valid.examples), pairs)
    artifact = dataclasses.replace(
        unscored,
        calibration=reports["all"].calibration(*temperatures),
        samples=tuple(draft.sample(text) for text in _samples(run, draft)),
        scores={source: report.to_dict() for source, report in reports.items()},
        card=model_card(run.config, unscored, run.train, what, run.identity["data"]),
    )
    return artifact, reports


def _samples(run: Run, tagger: Tagger) -> Sequence[str]:
    """Those of the config, or the first few texts to validate that the tagger takes."""
    fit = (example for example in run.valid.examples if 0 < len(example.annotation.tokens) <= tagger.max_words)
    return run.config.samples or [example.annotation.text for example in itertools.islice(fit, SAMPLES)]


def _artifact(run: Run, graph: bytes, calibration: Calibration) -> ModelArtifact:
    """An artefact that is not scored yet."""
    return ModelArtifact(
        config=run.config.tagger(),
        labels=run.parts.scheme,
        vocabulary=run.parts.vocabulary,
        calibration=calibration,
        graph=graph,
        samples=(),
        scores={},
        card="",
        names=run.parts.listed,
    )
