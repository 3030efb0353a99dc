"""What a training run's next epoch depends on besides the data and the settings, whatever the network is."""

from typing import Any, Generic, TypeVar, cast

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

Network = TypeVar("Network", bound=nn.Module)


class State(Generic[Network]):
    """Weights, their exponential moving average, the optimizer, and the epochs done."""

    def __init__(self, network: Network, optimizer: torch.optim.Optimizer, ema_decay: float) -> None:
        """A fresh state around ``network``, before its first epoch."""
        self.network = network
        self.average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(ema_decay))  # type: ignore[no-untyped-call]  # torch's stub
        self.optimizer = optimizer
        self.epochs_done = 0

    @property
    def averaged(self) -> Network:
        """The network with averaged weights: the one to validate and to keep."""
        return cast(Network, self.average.module)

    def to_dict(self) -> dict[str, Any]:
        """Everything, for a checkpoint."""
        return {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epochs_done": self.epochs_done,
        }

    def load_dict(self, stored: dict[str, Any]) -> None:
        """Continue from a checkpoint."""
        self.network.load_state_dict(stored["network"])
        self.average.load_state_dict(stored["average"])
        self.optimizer.load_state_dict(stored["optimizer"])
        self.epochs_done = stored["epochs_done"]
