"""The reader's network: characters and the kind that is asked for, a stack of recurrent layers, a CTC head."""

import numpy as np
import torch
from torch import Tensor, nn

from model.values.letters import CHARACTERS, KINDS
from model.values.symbols import ALPHABET
from training.network.heads import CtcHead, ctc_loss
from training.network.stack import Directions, LayerStack
from training.values.config import ReaderNetworkConfig

_FORBIDDEN = -1e4


class ReaderNetwork(nn.Module):
    """[B, T] characters of phrases of one length to logits of the blank and every symbol, [B, T, S + 1]."""

    def __init__(self, config: ReaderNetworkConfig) -> None:
        """Untrained."""
        super().__init__()
        self.characters = nn.Embedding(len(CHARACTERS) + 2, config.char_dim, padding_idx=0)
        self.kinds = nn.Embedding(len(KINDS), config.char_dim)
        self.stack = LayerStack(config.char_dim, config.stack, outputs=0)
        self.head = CtcHead(self.stack.width, len(ALPHABET))

    def forward(self, char_ids_BT: Tensor, kind_ids_B: Tensor) -> Tensor:
        """The logits."""
        characters_BTD = self.characters(char_ids_BT) + self.kinds(kind_ids_B)[:, None]
        logits_BTS: Tensor = self.head(self.stack(characters_BTD))
        return logits_BTS

    @torch.no_grad()
    def predict(self, char_ids_BT: np.ndarray, kind_ids_B: np.ndarray) -> np.ndarray:
        """Log probabilities [B, T, S + 1], without dropout."""
        self.eval()
        logits = self(torch.from_numpy(char_ids_BT).long(), torch.from_numpy(kind_ids_B).long())
        return np.asarray(torch.log_softmax(logits, dim=-1).numpy())

    def export_weights(self) -> dict[str, np.ndarray]:
        """float32 weights under the names that ``training.values.export.build_graph`` reads."""
        named = {"char_embedding": self.characters.weight, "kind_embedding": self.kinds.weight}
        named |= {"ctc.weight": self.head.weight, "ctc.bias": self.head.bias}
        for number, layer in enumerate(self.stack.layers):
            assert isinstance(layer, Directions)
            for direction, cell in layer.named_cells().items():
                named |= {f"layer{number}.{direction}.{name}": parameter for name, parameter in cell.named_parameters()}
        return {name: parameter.detach().float().numpy() for name, parameter in named.items()}


def aligned_ctc_loss(logits_BTS: Tensor, targets: list[list[int]], allowed_BTS: Tensor) -> Tensor:
    """Mean of -log p(target) over the paths that say each symbol where its characters are (Sak et al. 2015).

    ``allowed_BTS``: which symbols each step may say. A path's probability is the product over steps of the mass that the allowed symbols
    have and of the symbol's share in it; so the loss is the CTC loss of the shares plus what the masses cost.
    """
    logits_BTS = logits_BTS.float()
    within_BTS = logits_BTS.masked_fill(~allowed_BTS, _FORBIDDEN)
    mass_BT = torch.logsumexp(within_BTS, dim=-1) - torch.logsumexp(logits_BTS, dim=-1)
    lengths_B = torch.full((len(targets),), logits_BTS.shape[1])
    return ctc_loss(within_BTS, lengths_B, targets) - mass_BT.sum(dim=1).mean()
