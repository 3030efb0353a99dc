"""The recurrent networks that are put side by side, by the names that the command line knows."""

import dataclasses
from dataclasses import dataclass

from model.config import require
from training.config import ACTIVATIONS, CELLS, NetworkConfig

OWN_ACTIVATION = ("irnn", "gru", "lstm")  # they have activations of their own
RECURRENT = tuple(cell for cell in CELLS if cell != "feedforward")


@dataclass(frozen=True, slots=True)
class Kind:
    """A cell, and the activation where it has a choice: ``elman`` with tanh, ``elman-sigmoid``."""

    cell: str
    activation: str = "tanh"

    @property
    def name(self) -> str:
        """As ``kind_of`` reads it."""
        return self.cell if self.activation == "tanh" else f"{self.cell}-{self.activation}"

    def of(self, network: NetworkConfig) -> NetworkConfig:
        """The same network with this cell."""
        return dataclasses.replace(network, cell=self.cell, activation=self.activation)


def kind_of(name: str) -> Kind:
    """``gru``, ``elman``, ``elman-sigmoid``, ``jordan-relu``. Raises ConfigError for another name."""
    cell, _, activation = name.partition("-")
    require(cell in RECURRENT, "cell", name, f"one of {', '.join(RECURRENT)}; elman and jordan also with -sigmoid or -relu")
    require(not activation or (activation in ACTIVATIONS and cell not in OWN_ACTIVATION), "cell", name, "elman or jordan before a dash")
    return Kind(cell, activation or "tanh")
