"""How long and how much to measure."""

from dataclasses import dataclass, replace
from pathlib import Path

from model.tagger import Tagger

CONNECTIONS = (1, 8, 32, 128)
USUAL = 32  # connections at which throughput is compared


@dataclass(frozen=True, slots=True)
class Options:
    """``seconds`` of one measurement, ``rounds`` of each; ``requests`` and ``lines`` where a number and not a time is asked for."""

    artifact: Path = Path("model/artifacts/booking")
    seconds: float = 3.0
    rounds: int = 5
    texts: int = 20_000
    requests: int = 100_000
    lines: int = 100_000
    peer_python: str = ""  # the interpreter that has the peers; empty: none

    def quick(self) -> "Options":
        """Enough to see that everything works, too little to believe a figure."""
        return replace(self, seconds=0.5, rounds=2, texts=10_000, requests=2_000, lines=5_000)

    def tagger(self) -> Tagger:
        """The tagger of the artefact, one thread."""
        return Tagger.load(self.artifact)
