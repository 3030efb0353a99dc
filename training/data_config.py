"""The part of a training run's settings that says which examples there are: sets, grammar, lists of names, noise."""

from dataclasses import dataclass, field
from pathlib import Path

from model.config import require

GRAMMARS = ("en", "ru")  # the languages that training.data.generate has a grammar for
MISALIGNED = ("report", "snap", "drop", "fail")  # what to do with spans off word borders; training.data.borders does it


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One set of examples: where it is under the data directory, its format ("": told from the file) and the mapping of its labels.

    ``rename_slots``, ``rename_intents``: what its labels are called in the model; a slot called "" is not marked, such an intent not known.
    ``misaligned``: what becomes of a span that does not fall on word borders, see ``training.data.borders``.
    ``sample``: the share of its records to take. ``copies``: how many equal records to keep, letter case aside; 0 keeps all.
    ``dialogue``: the share that is read with the context of its dialogue, where the set knows it.
    """

    path: str
    format: str = ""
    convert: str = "none"
    rename_slots: dict[str, str] = field(default_factory=dict, hash=False)
    rename_intents: dict[str, str] = field(default_factory=dict, hash=False)
    misaligned: str = "report"
    sample: float = 1.0
    copies: int = 0
    dialogue: float = 0.0

    def __post_init__(self) -> None:
        require(0 <= self.dialogue <= 1, "dialogue", self.dialogue, "a share, 0 to 1")
        require(self.misaligned in MISALIGNED, "misaligned", self.misaligned, f"one of {', '.join(MISALIGNED)}")
        require(self.copies >= 0, "copies", self.copies, "0 or more")
        require(
            not Path(self.path).is_absolute() and ".." not in Path(self.path).parts, "path", self.path, "a path inside the data directory"
        )
        require(0 < self.sample <= 1, "sample", self.sample, "a share above 0, at most 1")


@dataclass(frozen=True, slots=True)
class GeneratorConfig:
    """How many utterances the grammar of each language adds to training and validation.

    ``answers``: for each of them, how many further ones that say no more than what was asked for. ``gazetteer`` is a folder of the
    data directory; without one the few cities of the grammar are named.
    """

    train: int = 0
    valid: int = 0
    answers: float = 0.0
    gazetteer: str = ""
    languages: tuple[str, ...] = ("en",)

    def __post_init__(self) -> None:
        for name in ("train", "valid", "answers"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        for language in self.languages:
            require(language in GRAMMARS, "languages", language, f"any of {', '.join(GRAMMARS)}")


@dataclass(frozen=True, slots=True)
class NamesConfig:
    """What stands in the lists of names that the ``names`` word encoder knows, besides the values of every slot in training.

    ``sources``: labelled sets whose values make lists of their own, one for each folder and label. ``places``: a gazetteer folder of
    the data directory, whose cities make a list. ``longest``: words; what is longer is no name.
    """

    sources: tuple[SourceConfig, ...] = ()
    places: str = ""
    longest: int = 8

    def __post_init__(self) -> None:
        require(1 <= self.longest <= 50, "longest", self.longest, "1 to 50")


@dataclass(frozen=True, slots=True)
class AugmentConfig:
    """The shares of training examples that are shown once more with typos, plain (no case, no punctuation), with fillers, other values."""

    typos: float = 0.0
    plain: float = 0.0
    fillers: float = 0.0
    values: float = 0.0

    def __post_init__(self) -> None:
        for name in ("typos", "plain", "fillers", "values"):
            require(0 <= getattr(self, name) <= 1, name, getattr(self, name), "a share, 0 to 1")
