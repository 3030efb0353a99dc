"""The whole network, and its weights under the names that the exported graph knows."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from model.config import FeatureConfig
from model.features import FeatureBatch
from model.labels import LabelScheme
from model.names import NO_NAME
from training.config import NetworkConfig
from training.network.cells import Jordan
from training.network.embed import NameEmbedding, NgramEmbedding, WordEmbedding, neighbours
from training.network.heads import IntentHead, SlotHead
from training.network.stack import Directions, Feedforward, LayerStack, VariationalDropout


class Logits(NamedTuple):
    """``tags_BTC`` and ``intents_BI`` (None without an intent head), before any softmax."""

    tags_BTC: Tensor
    intents_BI: Tensor | None


class TaggerNetwork(nn.Module):
    """Word encoders, window, projection, layers, slot head and intent head.

    Takes utterances of one length: int64 ``word_ids_BT`` and ``ngram_ids_BTK``, ``context_BX`` if its features have a context, and int64
    ``name_ids_BTM`` if they have lists of names.
    """

    temperatures: Tensor

    def __init__(
        self,
        config: NetworkConfig,
        features: FeatureConfig,
        scheme: LabelScheme,
        *,
        word_counts: list[int],
        word_dropout: float,
        names: int = 0,
    ) -> None:
        """``word_counts``: occurrences in training of each vocabulary index (0: never dropped). ``names``: of the lists of names."""
        super().__init__()
        self.config = config
        encoders = features.word_encoders
        self.words = WordEmbedding(word_counts, config.word_dim, word_dropout) if "vocabulary" in encoders else None
        self.ngrams = NgramEmbedding(features.ngram_buckets, config.ngram_dim) if "letter_ngrams" in encoders else None
        self.names = NameEmbedding(names, config.name_dim, config.name_dropout) if "names" in encoders else None
        width = (config.word_dim if self.words else 0) + (config.ngram_dim if self.ngrams else 0) + (config.name_dim if self.names else 0)
        self.input_dropout = VariationalDropout(config.input_dropout)
        width *= 2 * config.window + 1
        self.projection = nn.Linear(width, config.projection, bias=False) if config.projection else None
        width = config.projection or width
        known = len(scheme.slots) + len(scheme.intents)
        self.context = nn.Linear(known, width, bias=False) if features.context else None  # added to every word
        self.stack = LayerStack(width, config, outputs=len(scheme.tags))
        # A Jordan network's slot head is the output that it feeds back.
        self.slot = None if config.cell == "jordan" else SlotHead(self.stack.width, len(scheme.tags))
        self.intent = IntentHead(self.stack.width, config.attention_dim, len(scheme.intents)) if scheme.intents else None
        self.register_buffer("temperatures", torch.ones(2))  # of tags and intents (Guo et al. 2017)

    def words_seen(
        self, word_ids_BT: Tensor, ngram_ids_BTK: Tensor, context_BX: Tensor | None = None, name_ids_BTM: Tensor | None = None
    ) -> Tensor:
        """What the first layer sees of every word: [B, T, D]."""
        encoded = [self.words(word_ids_BT)] if self.words else []
        encoded += [self.ngrams(ngram_ids_BTK)] if self.ngrams else []
        if self.names:
            encoded.append(self.names(torch.full_like(word_ids_BT, NO_NAME)[:, :, None] if name_ids_BTM is None else name_ids_BTM))
        words_BTD = neighbours(self.input_dropout(torch.cat(encoded, dim=2)), self.config.window)
        if self.projection:
            words_BTD = self.projection(words_BTD)
        return words_BTD if self.context is None or context_BX is None else words_BTD + self.context(context_BX)[:, None]

    def forward(
        self, word_ids_BT: Tensor, ngram_ids_BTK: Tensor, context_BX: Tensor | None = None, name_ids_BTM: Tensor | None = None
    ) -> Logits:
        """Logits of every tag for every word and of every intent."""
        states_BTH = self.stack(self.words_seen(word_ids_BT, ngram_ids_BTK, context_BX, name_ids_BTM))
        tags_BTC = nn.functional.linear(states_BTH, *self.slot_layer()).float() / self.temperatures[0]
        return Logits(tags_BTC, self.intent(states_BTH).float() / self.temperatures[1] if self.intent else None)

    def slot_layer(self) -> tuple[Tensor, Tensor]:
        """Weight [tags, H] and bias [tags] of the slot head."""
        if self.slot:
            return self.slot.weight, self.slot.bias
        top = self.stack.layers[-1]
        cells = [cell for cell in top.modules() if isinstance(cell, Jordan)]
        return torch.cat([cell.w_out for cell in cells], dim=1), torch.stack([cell.b_out for cell in cells]).sum(dim=0)

    def set_temperatures(self, tags: float, intents: float) -> None:
        """Divide the logits by these from now on; an exported graph has them folded into its output layers."""
        self.temperatures.copy_(torch.tensor([tags, intents]))

    def predict(self, batch: FeatureBatch) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities of tags [B, T, tags] and intents [B, intents] for utterances of one length."""
        self.eval()
        ids = (torch.from_numpy(each.astype(np.int64)) for each in (batch.word_ids_BT, batch.ngram_ids_BTK, batch.name_ids_BTM))
        words, ngrams, names = ids
        with torch.no_grad():
            logits = self(words, ngrams, torch.from_numpy(batch.context_BX.copy()), names)
        tags = torch.softmax(logits.tags_BTC, dim=-1).numpy()
        intents = np.zeros((len(tags), 0)) if logits.intents_BI is None else torch.softmax(logits.intents_BI, dim=-1).numpy()
        return tags, intents

    def export_weights(self) -> dict[str, np.ndarray]:
        """float32 arrays under the names that ``training.export.build_graph`` documents, temperatures folded in."""
        tags, intents = self.temperatures
        weight, bias = self.slot_layer()
        weights = self._named_weights() | {"slot.weight": weight / tags, "slot.bias": bias / tags}
        if self.intent:
            weights |= {name: weights[name] / intents for name in ("intent.weight", "intent.bias")}
        return {name: tensor.detach().float().numpy().copy() for name, tensor in weights.items()}

    def load_weights(self, weights: Mapping[str, np.ndarray]) -> None:
        """The reverse of ``export_weights``, but for temperatures, which stay in the output layers."""
        with torch.no_grad():
            for name, parameter in self._named_weights().items():
                parameter.copy_(torch.from_numpy(weights[name]))
            if self.slot is None:  # the head's own copy is colder or hotter than what is fed back
                self.temperatures[0] = self.slot_layer()[0].norm() / float(np.linalg.norm(weights["slot.weight"]))

    def _named_weights(self) -> dict[str, Tensor]:
        """Every parameter under its name in the graph."""
        weights: dict[str, Tensor] = {}
        if self.slot:
            weights |= {"slot.weight": self.slot.weight, "slot.bias": self.slot.bias}
        if self.words:
            weights["word_embedding"] = self.words.rows.weight
        if self.ngrams:
            weights["ngram_embedding"] = self.ngrams.rows.weight
        if self.names:
            weights["name_embedding"] = self.names.rows.weight
        if self.projection:
            weights["projection.weight"] = self.projection.weight
        if self.context:
            weights["context.weight"] = self.context.weight
        if self.intent:
            weights |= {"attention.weight": self.intent.attention.weight, "attention.bias": self.intent.attention.bias}
            weights |= {"attention.query": self.intent.query}
            weights |= {"intent.weight": self.intent.intent.weight, "intent.bias": self.intent.intent.bias}
        for index, layer in enumerate(self.stack.layers):
            if isinstance(layer, Feedforward):
                weights |= {f"layer{index}.weight": layer.linear.weight, f"layer{index}.bias": layer.linear.bias}
            if isinstance(layer, Directions):
                for direction, cell in layer.named_cells().items():
                    weights |= {f"layer{index}.{direction}.{name}": parameter for name, parameter in cell.named_parameters()}
        return weights
