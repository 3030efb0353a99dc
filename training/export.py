"""The ONNX graph, built by hand from the weights, and the proof that it equals the network.

torch's exporters are not used: the one gives wrong answers for padded LSTM batches, the other cannot take
packed sequences. ONNX's own LSTM takes ``sequence_lens`` and is exact. This module needs no torch.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from model.decode import DECIMALS, RANKED
from model.errors import SlotlineError
from model.features import FeatureBatch, Features, collate
from model.runtime import OnnxGraph

OPSET = 17
IR_VERSION = 10
_TO_THE_END = np.iinfo(np.int64).max
_NEVER = -1e9  # attention score of padding: its softmax is exactly 0

TORCH_TOLERANCE = 1e-5
BATCH_TOLERANCE = 1e-6
_VERIFIED_TOGETHER = 16

Weights = Mapping[str, np.ndarray]
Predict = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


class ExportError(SlotlineError):
    """The exported graph does not compute what the network computes; it must not be served."""


@dataclass
class _Builder:
    """Nodes and constants in the order in which they are added; values are known by name."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, np.ndarray] = field(default_factory=dict)

    def constant(self, name: str, value: np.ndarray | np.generic) -> str:
        """Add a constant once."""
        self.constants.setdefault(name, np.ascontiguousarray(value))
        return name

    def ints(self, *values: int) -> str:
        """An int64 vector constant."""
        return self.constant("ints_" + "_".join(map(str, values)), np.array(values, dtype=np.int64))

    def add(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Add a node and name its (first) output."""
        name = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name


def build_graph(weights: Weights, *, window: int, layers: int) -> bytes:
    """The serialized graph of a tagger.

    ``weights`` (float32): ``word_embedding`` [V, E] and/or ``ngram_embedding`` [buckets + 1, N], row 0 zero;
    ``projection.weight`` [P, (2 window + 1) D] if the words are projected;
    ``layer{k}.{forward,backward}.{w_ih,w_hh,b_ih,b_hh}`` in torch's gate order i, f, g, o (no backward: one direction);
    ``slot.weight`` [tags, H], ``slot.bias``; with intents ``attention.weight`` [A, H], ``attention.bias``,
    ``attention.query`` [A], ``intent.weight`` [intents, H], ``intent.bias``.
    ``window`` is the number of neighbours on either side that each word sees.
    """
    graph = _Builder()
    words_BTD = _add_window(graph, _add_word_encoders(graph, weights), window)
    if "projection.weight" in weights:
        words_BTD = graph.add("MatMul", words_BTD, graph.constant("projection.weight", weights["projection.weight"].T))
    states_BTH = _add_recurrent_layers(graph, weights, words_BTD, layers)
    outputs = _add_slot_head(graph, weights, states_BTH)
    if "intent.weight" in weights:
        outputs += _add_intent_head(graph, weights, states_BTH)
    return _serialize(graph, weights, outputs)


def _add_word_encoders(graph: _Builder, weights: Weights) -> str:
    """Word rows beside the mean of n-gram rows: [B, T, E + N], zero where there is padding."""
    parts = []
    if "word_embedding" in weights:
        parts.append(graph.add("Gather", graph.constant("word_embedding", weights["word_embedding"]), "word_ids"))
    if "ngram_embedding" in weights:
        rows_BTKN = graph.add("Gather", graph.constant("ngram_embedding", weights["ngram_embedding"]), "ngram_ids")
        zero, one = graph.constant("no_id", np.int32(0)), graph.constant("one", np.float32(1))
        present = graph.add("Cast", graph.add("Greater", "ngram_ids", zero), to=TensorProto.FLOAT)
        count = graph.add("Max", graph.add("ReduceSum", present, graph.ints(2), keepdims=1), one)
        parts.append(graph.add("Div", graph.add("ReduceSum", rows_BTKN, graph.ints(2), keepdims=0), count))
    return parts[0] if len(parts) == 1 else graph.add("Concat", *parts, axis=2)


def _add_window(graph: _Builder, words_BTD: str, window: int) -> str:
    """Each word beside its neighbours, zeros outside: [B, T, (2 window + 1) D]."""
    if window == 0:
        return words_BTD
    padded = graph.add("Pad", words_BTD, graph.ints(0, window, 0, 0, window, 0))
    ends = [shift - 2 * window or _TO_THE_END for shift in range(2 * window + 1)]
    slices = [graph.add("Slice", padded, graph.ints(shift), graph.ints(end), graph.ints(1)) for shift, end in enumerate(ends)]
    return graph.add("Concat", *slices, axis=2)


def _add_recurrent_layers(graph: _Builder, weights: Weights, words_BTD: str, layers: int) -> str:
    """A stack of (bidirectional) LSTMs: [B, T, D] to [B, T, directions * hidden]."""
    states = graph.add("Transpose", words_BTD, perm=[1, 0, 2])
    for layer in range(layers):
        states_TRBH = _add_lstm(graph, weights, f"layer{layer}", states)
        beside = graph.add("Transpose", states_TRBH, perm=[0, 2, 1, 3])
        states = graph.add("Reshape", beside, graph.ints(0, 0, -1))
    return graph.add("Transpose", states, perm=[1, 0, 2])


def _add_lstm(graph: _Builder, weights: Weights, layer: str, steps_TBD: str) -> str:
    """One LSTM (Hochreiter and Schmidhuber 1997) in one or both directions: [T, R, B, H]."""
    directions = [name for name in ("forward", "backward") if f"{layer}.{name}.w_ih" in weights]
    stacked = {}
    for part in ("w_ih", "w_hh", "b_ih", "b_hh"):
        stacked[part] = np.stack([_onnx_gates(weights[f"{layer}.{direction}.{part}"]) for direction in directions])
    bias = np.concatenate((stacked["b_ih"], stacked["b_hh"]), axis=1)
    return graph.add(
        "LSTM",
        steps_TBD,
        graph.constant(f"{layer}.W", stacked["w_ih"]),
        graph.constant(f"{layer}.R", stacked["w_hh"]),
        graph.constant(f"{layer}.B", bias),
        "lengths",
        hidden_size=weights[f"{layer}.forward.w_hh"].shape[1],
        direction="bidirectional" if len(directions) == 2 else "forward",
    )


def _onnx_gates(rows: np.ndarray) -> np.ndarray:
    """torch stacks the gates i, f, g, o; ONNX i, o, f, c (its c is torch's g)."""
    i, f, g, o = np.split(rows, 4, axis=0)
    return np.concatenate((i, o, f, g), axis=0)


def _add_linear(graph: _Builder, weights: Weights, name: str, states: str) -> str:
    product = graph.add("MatMul", states, graph.constant(f"{name}.weight", weights[f"{name}.weight"].T))
    return graph.add("Add", product, graph.constant(f"{name}.bias", weights[f"{name}.bias"]))


def _add_slot_head(graph: _Builder, weights: Weights, states_BTH: str) -> list[str]:
    """Many to many: a distribution over tags for every word, and what answers are made of: its labels and the likeliest of them."""
    tags_BTC = graph.add("Softmax", _add_linear(graph, weights, "slot", states_BTH), axis=-1, output="tag_probabilities")
    tags = len(weights["slot.bias"])
    labels_CL = np.zeros((tags, tags // 2 + 1), dtype=np.float32)
    labels_CL[np.arange(tags), (np.arange(tags) + 1) // 2] = 1  # O to O, B- and I- of a slot to that slot: exact sums of two
    labels_BTL = graph.add("MatMul", tags_BTC, graph.constant("labels_of_tags", labels_CL), output="label_probabilities")
    ranked = graph.ints(min(RANKED, tags // 2 + 1))
    graph.nodes.append(helper.make_node("TopK", [labels_BTL, ranked], ["likeliest_exact", "likeliest_labels"], axis=-1))
    rounded = _add_rounding(graph, "likeliest_exact", "likeliest_probabilities")
    best = graph.add("ArgMax", tags_BTC, axis=-1, keepdims=0, output="likeliest_tags")
    return [tags_BTC, labels_BTL, best, "likeliest_labels", rounded]


def _add_rounding(graph: _Builder, values: str, output: str) -> str:
    """float64 with ``DECIMALS`` decimals: what an answer shows, rounded here because numpy would be asked three times for it."""
    scale = graph.constant("scale", np.float64(10**DECIMALS))
    whole = graph.add("Round", graph.add("Mul", graph.add("Cast", values, to=TensorProto.DOUBLE), scale))
    return graph.add("Div", whole, scale, output=output)


def _add_intent_head(graph: _Builder, weights: Weights, states_BTH: str) -> list[str]:
    """Many to one: states pooled by additive attention (Bahdanau et al. 2015), padding left out."""
    keys = graph.add("Tanh", _add_linear(graph, weights, "attention", states_BTH))
    scores_BT1 = graph.add("MatMul", keys, graph.constant("attention.query", weights["attention.query"][:, None]))
    word_BT1 = graph.add("Unsqueeze", graph.add("Greater", "word_ids", graph.constant("no_id", np.int32(0))), graph.ints(2))
    masked_BT1 = graph.add("Where", word_BT1, scores_BT1, graph.constant("never", np.float32(_NEVER)))
    pooled_BH = _add_pooling(graph, states_BTH, masked_BT1)
    intents_BI = graph.add("Softmax", _add_linear(graph, weights, "intent", pooled_BH), axis=-1, output="intent_probabilities")
    graph.nodes.append(helper.make_node("TopK", [intents_BI, graph.ints(1)], ["likeliest_intent_exact", "likeliest_intent"], axis=-1))
    return [intents_BI, "likeliest_intent", _add_rounding(graph, "likeliest_intent_exact", "likeliest_intent_probability")]


def _add_pooling(graph: _Builder, states_BTH: str, scores_BT1: str) -> str:
    """Mean of the states weighted by softmax over words: [B, H].

    onnxruntime's Softmax, ReduceSum and MatMul add up in an order that depends on the padding. A running sum adds one word after
    the other, so that added zeros change no bit; the weights are summed as one more column beside the weighted states.
    """
    highest = graph.add("ReduceMax", scores_BT1, axes=[1], keepdims=1)
    weights_BT1 = graph.add("Exp", graph.add("Sub", scores_BT1, highest))
    columns = graph.add("Concat", graph.add("Mul", states_BTH, weights_BT1), weights_BT1, axis=2)
    running = graph.add("CumSum", columns, graph.constant("word_axis", np.int64(1)))
    sums = graph.add("Squeeze", graph.add("Slice", running, graph.ints(-1), graph.ints(_TO_THE_END), graph.ints(1)), graph.ints(1))
    weighted = graph.add("Slice", sums, graph.ints(0), graph.ints(-1), graph.ints(1))
    total = graph.add("Slice", sums, graph.ints(-1), graph.ints(_TO_THE_END), graph.ints(1))
    return graph.add("Div", weighted, total)


def _serialize(graph: _Builder, weights: Weights, outputs: list[str]) -> bytes:
    shapes: dict[str, list[str | int]] = {"word_ids": ["batch", "words"], "ngram_ids": ["batch", "words", "ngrams"], "lengths": ["batch"]}
    used = {name for node in graph.nodes for name in node.input}
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT32, shape) for name, shape in shapes.items() if name in used]
    types = _output_types(len(weights["slot.bias"]), len(weights.get("intent.bias", ())))
    results = [helper.make_tensor_value_info(name, *types[name]) for name in outputs]
    constants = [numpy_helper.from_array(value, name) for name, value in graph.constants.items()]
    proto = helper.make_model(
        helper.make_graph(graph.nodes, "slotline_tagger", inputs, results, constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name="slotline",
        ir_version=IR_VERSION,
    )
    onnx.checker.check_model(proto)
    serialized: bytes = proto.SerializeToString(deterministic=True)
    return serialized


def _output_types(tags: int, intents: int) -> dict[str, tuple[int, list[str | int]]]:
    """Element type and shape of every output that a graph may have."""
    labels = tags // 2 + 1
    words: list[str | int] = ["batch", "words"]
    return {
        "tag_probabilities": (TensorProto.FLOAT, [*words, tags]),
        "label_probabilities": (TensorProto.FLOAT, [*words, labels]),
        "likeliest_tags": (TensorProto.INT64, words),
        "likeliest_labels": (TensorProto.INT64, [*words, min(RANKED, labels)]),
        "likeliest_probabilities": (TensorProto.DOUBLE, [*words, min(RANKED, labels)]),
        "intent_probabilities": (TensorProto.FLOAT, ["batch", intents]),
        "likeliest_intent": (TensorProto.INT64, ["batch", 1]),
        "likeliest_intent_probability": (TensorProto.DOUBLE, ["batch", 1]),
    }


def verify(serialized: bytes, predict: Predict, utterances: Sequence[Features]) -> None:
    """Hold the graph against the network, its batches against single utterances, and padded against unpadded batches.

    ``predict`` is the network: (word_ids [1, T], ngram_ids [1, T, K]) to (tag, intent) probabilities. Raises ExportError
    where a probability differs by more than 1e-5 from the network's, by more than 1e-6 between a batch and a single
    utterance, or at all when more padding is added to the same batch.
    """
    graph = OnnxGraph(serialized)
    for start in range(0, len(utterances), _VERIFIED_TOGETHER):
        batch = collate(utterances[start : start + _VERIFIED_TOGETHER])
        together, padded = _probabilities(graph, batch), _probabilities(graph, _with_padding(batch))
        for row, length in enumerate(batch.lengths_B):
            single = FeatureBatch(batch.word_ids_BT[[row], :length], batch.ngram_ids_BTK[[row], :length], batch.lengths_B[[row]])
            alone = tuple(values[0] for values in _probabilities(graph, single))
            network = tuple(values[0] for values in predict(single.word_ids_BT, single.ngram_ids_BTK))
            mine = (together[0][row, :length], together[1][row])
            _require_close(alone, network, TORCH_TOLERANCE, "the network")
            _require_close(mine, alone, BATCH_TOLERANCE, "a batch of one")
            _require_close((padded[0][row, :length], padded[1][row]), mine, 0.0, "a batch with less padding")


def _probabilities(graph: OnnxGraph, batch: FeatureBatch) -> tuple[np.ndarray, np.ndarray]:
    outputs = graph.run(batch)
    return outputs["tag_probabilities"], outputs.get("intent_probabilities", np.zeros((len(batch.lengths_B), 0)))


def _with_padding(batch: FeatureBatch) -> FeatureBatch:
    """The same utterances with three more empty words."""
    words = np.pad(batch.word_ids_BT, ((0, 0), (0, 3)))
    return FeatureBatch(words, np.pad(batch.ngram_ids_BTK, ((0, 0), (0, 3), (0, 0))), batch.lengths_B)


def _require_close(found: Sequence[np.ndarray], expected: Sequence[np.ndarray], tolerance: float, reference: str) -> None:
    difference = max(float(np.abs(f - e).max(initial=0.0)) for f, e in zip(found, expected, strict=True))
    if not difference <= tolerance:  # a NaN is refused too
        raise ExportError(f"the exported graph differs from {reference} by {difference:.2g}, more than {tolerance:g}; nothing was written")
