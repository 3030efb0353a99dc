"""The whole network, and its weights under the names that the exported graph knows."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from model.config import FeatureConfig
from model.labels import LabelScheme
from training.config import NetworkConfig
from training.network.embed import NgramEmbedding, WordEmbedding, neighbours
from training.network.heads import IntentHead, SlotHead
from training.network.stack import RecurrentStack, VariationalDropout


class Logits(NamedTuple):
    """``tags_BTC`` and ``intents_BI`` (None without an intent head), before any softmax."""

    tags_BTC: Tensor
    intents_BI: Tensor | None


class TaggerNetwork(nn.Module):
    """Word encoders, window, projection, recurrent stack, slot head and intent head.

    Takes utterances of one length: int64 ``word_ids_BT`` and ``ngram_ids_BTK``.
    """

    def __init__(
        self, config: NetworkConfig, features: FeatureConfig, scheme: LabelScheme, *, word_counts: list[int], word_dropout: float
    ) -> None:
        """``word_counts``: occurrences in training of each vocabulary index (0: never dropped)."""
        super().__init__()
        self.window = config.window
        encoders = features.word_encoders
        self.words = WordEmbedding(word_counts, config.word_dim, word_dropout) if "vocabulary" in encoders else None
        self.ngrams = NgramEmbedding(features.ngram_buckets, config.ngram_dim) if "letter_ngrams" in encoders else None
        width = (config.word_dim if self.words else 0) + (config.ngram_dim if self.ngrams else 0)
        self.input_dropout = VariationalDropout(config.input_dropout)
        width *= 2 * config.window + 1
        self.projection = nn.Linear(width, config.projection, bias=False) if config.projection else None
        self.stack = RecurrentStack(
            config.projection or width,
            config.hidden,
            layers=config.layers,
            both=config.direction == "both",
            dropout=config.state_dropout,
        )
        self.slot = SlotHead(self.stack.width, len(scheme.tags))
        self.intent = IntentHead(self.stack.width, config.attention_dim, len(scheme.intents)) if scheme.intents else None

    def forward(self, word_ids_BT: Tensor, ngram_ids_BTK: Tensor) -> Logits:
        """Logits of every tag for every word and of every intent."""
        encoded = [self.words(word_ids_BT)] if self.words else []
        encoded += [self.ngrams(ngram_ids_BTK)] if self.ngrams else []
        words_BTD = neighbours(self.input_dropout(torch.cat(encoded, dim=2)), self.window)
        states_BTH = self.stack(self.projection(words_BTD) if self.projection else words_BTD)
        return Logits(self.slot(states_BTH).float(), self.intent(states_BTH).float() if self.intent else None)

    def fold_temperatures(self, tags: float, intents: float) -> None:
        """Divide the logits by temperatures once and for all (Guo et al. 2017), inside the output layers."""
        heads = [(self.slot, tags)] + ([(self.intent.intent, intents)] if self.intent else [])
        with torch.no_grad():
            for head, temperature in heads:
                head.weight.div_(temperature)
                head.bias.div_(temperature)

    def predict(self, word_ids_BT: np.ndarray, ngram_ids_BTK: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities of tags [B, T, tags] and intents [B, intents] for utterances of one length."""
        self.eval()
        with torch.no_grad():
            logits = self(torch.from_numpy(word_ids_BT.astype(np.int64)), torch.from_numpy(ngram_ids_BTK.astype(np.int64)))
        tags = torch.softmax(logits.tags_BTC, dim=-1).numpy()
        intents = np.zeros((len(tags), 0)) if logits.intents_BI is None else torch.softmax(logits.intents_BI, dim=-1).numpy()
        return tags, intents

    def export_weights(self) -> dict[str, np.ndarray]:
        """float32 arrays under the names that ``training.export.build_graph`` documents."""
        weights: dict[str, Tensor] = {"slot.weight": self.slot.weight, "slot.bias": self.slot.bias}
        if self.words:
            weights["word_embedding"] = self.words.rows.weight
        if self.ngrams:
            weights["ngram_embedding"] = self.ngrams.rows.weight
        if self.projection:
            weights["projection.weight"] = self.projection.weight
        if self.intent:
            weights |= {"attention.weight": self.intent.attention.weight, "attention.bias": self.intent.attention.bias}
            weights |= {
                "attention.query": self.intent.query,
                "intent.weight": self.intent.intent.weight,
                "intent.bias": self.intent.intent.bias,
            }
        for index, layer in enumerate(self.stack.layers):
            for suffix, direction in (("_l0", "forward"), ("_l0_reverse", "backward")):
                for part, name in (("w_ih", "weight_ih"), ("w_hh", "weight_hh"), ("b_ih", "bias_ih"), ("b_hh", "bias_hh")):
                    if hasattr(layer, name + suffix):
                        weights[f"layer{index}.{direction}.{part}"] = getattr(layer, name + suffix)
        return {name: tensor.detach().float().numpy().copy() for name, tensor in weights.items()}
