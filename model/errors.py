"""Every error that this package raises on purpose, and what each one means.

SlotlineError
├── TextError                 the text cannot be annotated; the caller's to mend
├── LabelError                spans or tags that no label scheme allows
├── ConfigError               a setting is unknown or has a value that is not allowed
└── ArtifactError             the artefact directory cannot be trusted
    ├── ArtifactMissing       a file that the manifest names, or the manifest, is not there
    ├── ArtifactChanged       a file's bytes are not those that the manifest vouches for
    ├── ArtifactVersion       written in a format that this code does not read
    └── ReplayError           the graph no longer gives the answers recorded with it
"""


class SlotlineError(Exception):
    """Base of all errors raised on purpose: the message says what, which value and what to do."""


class TextError(SlotlineError):
    """The text cannot be annotated."""


class LabelError(SlotlineError):
    """Spans or tags that the label scheme does not allow."""


class ConfigError(SlotlineError):
    """A setting is unknown or its value is not allowed."""


class ArtifactError(SlotlineError):
    """The artefact directory cannot be trusted."""


class ArtifactMissing(ArtifactError):
    """A file of the artefact is not there."""


class ArtifactChanged(ArtifactError):
    """A file's bytes are not the ones that were written."""


class ArtifactVersion(ArtifactError):
    """The artefact's format is not one that this code reads."""


class ReplayError(ArtifactError):
    """The loaded graph does not reproduce the answers recorded in the artefact."""
