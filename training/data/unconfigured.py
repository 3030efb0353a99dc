"""A config for data that came without one: labels, languages and the length of training are taken from the data."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model.config import build
from model.language import language_of
from training.data.corpus import Allowed, Corpus, load_sources
from training.data.formats.table import files_of
from training.data.records import DataError, Example
from training.data_config import SourceConfig

HELD_OUT = 0.1
STEPS = 1000  # of training, about: what a small set needs until its network tells roles apart
MOST_EPOCHS, FEWEST_EPOCHS = 60, 20
BATCHES = 25  # in an epoch of a small set; a large one has batches of MOST_BATCH_WORDS
FEWEST_BATCH_WORDS, MOST_BATCH_WORDS = 24, 200


def settings_for(path: Path) -> dict[str, Any]:
    """The settings of a model that is trained on a data file or folder of any format, to be overridden one by one.

    Raises DataError for a path that is not there or of no known format, and for one without any example.
    """
    if not path.exists():
        raise DataError(f"{path} is not there; name a config such as training/configs/atis.toml, or a data file")
    files = files_of(path)
    sources = [{"path": str(file.relative_to(path.parent))} for file in files]
    corpus = load_sources([build(SourceConfig, source, "train") for source in sources], path.parent, Allowed())
    if not corpus.examples:
        raise DataError(f"{path} has no example that can be used; {_why(corpus)}")
    return {
        "name": re.sub(r"[^A-Za-z0-9_-]+", "-", path.name.split(".")[0]).strip("-") or "own",
        "version": "1.0.0",
        "languages": _languages(corpus.examples),
        "held_out": HELD_OUT,
        "train": sources,
        "fit": _fit(sum(len(example.annotation.tokens) for example in corpus.examples)),
    }


def _why(corpus: Corpus) -> str:
    reasons = [*map(str, corpus.problems[:1]), *corpus.dropped]
    return reasons[0] if reasons else "it is empty"


def _languages(examples: Sequence[Example]) -> tuple[str, ...]:
    """The languages in whose letters at least a tenth of the texts are, the commonest first: en or ru, for their letters tell no more."""
    counts = Counter(language_of(example.annotation.text, ("en", "ru")) for example in examples)
    return tuple(language for language, count in counts.most_common() if count * 10 >= len(examples))


def _fit(words: int) -> dict[str, Any]:
    """Few examples want small batches and many epochs, and an average over the last steps that is no longer than an epoch."""
    batch = min(MOST_BATCH_WORDS, max(FEWEST_BATCH_WORDS, words // BATCHES))
    steps = max(1, words // batch)
    epochs = min(MOST_EPOCHS, max(FEWEST_EPOCHS, STEPS // steps))
    return {
        "epochs": epochs,
        "patience": epochs // 2,
        "batch_words": batch,
        "learning_rate": 4e-3,
        "warmup_steps": 20,
        "ema_decay": min(0.998, 1 - 1 / steps if steps > 1 else 0.5),
    }
