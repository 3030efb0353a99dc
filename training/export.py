"""The ONNX graph, built by hand from the weights, and the proof that it equals the network.

torch's exporters are not used: the one gives wrong answers for padded LSTM batches, the other cannot take
packed sequences. ONNX's own LSTM takes ``sequence_lens`` and is exact. This module needs no torch.
"""

import dataclasses
import json
from collections.abc import Callable, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from model.decode import DECIMALS, RANKED
from model.errors import SlotlineError
from model.features import FeatureBatch, Features, collate
from model.runtime import OnnxGraph
from training.config import NetworkConfig
from training.onnx_builder import Builder, Weights
from training.onnx_layers import add_layers

OPSET = 17
NETWORK = "network"  # the metadata entry with the settings of the network, as JSON
IR_VERSION = 10
_TO_THE_END = np.iinfo(np.int64).max
_NEVER = -1e9  # attention score of padding: its softmax is exactly 0

TORCH_TOLERANCE = 1e-5
BATCH_TOLERANCE = 1e-6
PLAIN_RNN_TOLERANCE = 2e-6  # onnxruntime's RNN adds up a lone utterance in another order: 1.0e-6 seen; LSTM, GRU and Scan: 0
_VERIFIED_TOGETHER = 16

Predict = Callable[[FeatureBatch], tuple[np.ndarray, np.ndarray]]


class ExportError(SlotlineError):
    """The exported graph does not compute what the network computes; it must not be served."""


def build_graph(weights: Weights, config: NetworkConfig) -> bytes:
    """The serialized graph of a tagger; it carries ``config`` as metadata, so that ``training.restore`` can make the network again.

    ``weights`` (float32): ``word_embedding`` [V, E], ``ngram_embedding`` [buckets + 1, N], ``name_embedding`` [numbers, G], at least one of
    them, row 0 zero;
    ``projection.weight`` [P, (2 window + 1) D] if the words are projected; ``context.weight`` [P, X] if there is a context;
    ``layer{k}.{forward,backward}.{w_ih,w_hh,b_ih,b_hh}`` in torch's gate order (no backward: one direction), ``w_out`` and ``b_out`` too
    for a Jordan network; ``layer{k}.{weight,bias}`` for a feedforward one;
    ``slot.weight`` [tags, H], ``slot.bias``; with intents ``attention.weight`` [A, H], ``attention.bias``,
    ``attention.query`` [A], ``intent.weight`` [intents, H], ``intent.bias``.
    """
    graph = Builder()
    words_BTD = _add_window(graph, _add_word_encoders(graph, weights), config.window)
    if "projection.weight" in weights:
        words_BTD = graph.add("MatMul", words_BTD, graph.constant("projection.weight", weights["projection.weight"].T))
    if "context.weight" in weights:
        added_BP = graph.add("MatMul", "context", graph.constant("context.weight", weights["context.weight"].T))
        words_BTD = graph.add("Add", words_BTD, graph.add("Unsqueeze", added_BP, graph.ints(1)))
    states_BTH = add_layers(graph, weights, words_BTD, config)
    outputs = _add_slot_head(graph, weights, states_BTH)
    if "intent.weight" in weights:
        outputs += _add_intent_head(graph, weights, states_BTH)
    return _serialize(graph, weights, outputs, config)


def _add_word_encoders(graph: Builder, weights: Weights) -> str:
    """Word rows beside the mean of n-gram rows and the sum of name rows: [B, T, E + N + G], zero where there is padding."""
    parts = []
    if "word_embedding" in weights:
        parts.append(graph.add("Gather", graph.constant("word_embedding", weights["word_embedding"]), "word_ids"))
    if "ngram_embedding" in weights:
        rows_BTKN = graph.add("Gather", graph.constant("ngram_embedding", weights["ngram_embedding"]), "ngram_ids")
        zero, one = graph.constant("no_id", np.int32(0)), graph.constant("one", np.float32(1))
        present = graph.add("Cast", graph.add("Greater", "ngram_ids", zero), to=TensorProto.FLOAT)
        count = graph.add("Max", graph.add("ReduceSum", present, graph.ints(2), keepdims=1), one)
        parts.append(graph.add("Div", graph.add("ReduceSum", rows_BTKN, graph.ints(2), keepdims=0), count))
    if "name_embedding" in weights:
        rows_BTMG = graph.add("Gather", graph.constant("name_embedding", weights["name_embedding"]), "name_ids")
        parts.append(graph.add("ReduceSum", rows_BTMG, graph.ints(2), keepdims=0))
    return parts[0] if len(parts) == 1 else graph.add("Concat", *parts, axis=2)


def _add_window(graph: Builder, words_BTD: str, window: int) -> str:
    """Each word beside its neighbours, zeros outside: [B, T, (2 window + 1) D]."""
    if window == 0:
        return words_BTD
    padded = graph.add("Pad", words_BTD, graph.ints(0, window, 0, 0, window, 0))
    ends = [shift - 2 * window or _TO_THE_END for shift in range(2 * window + 1)]
    slices = [graph.add("Slice", padded, graph.ints(shift), graph.ints(end), graph.ints(1)) for shift, end in enumerate(ends)]
    return graph.add("Concat", *slices, axis=2)


def _add_slot_head(graph: Builder, weights: Weights, states_BTH: str) -> list[str]:
    """Many to many: a distribution over tags for every word, and what answers are made of: its labels and the likeliest of them."""
    tags_BTC = graph.add("Softmax", graph.linear(weights, "slot", states_BTH), axis=-1, output="tag_probabilities")
    tags = len(weights["slot.bias"])
    labels_CL = np.zeros((tags, tags // 2 + 1), dtype=np.float32)
    labels_CL[np.arange(tags), (np.arange(tags) + 1) // 2] = 1  # O to O, B- and I- of a slot to that slot: exact sums of two
    labels_BTL = graph.add("MatMul", tags_BTC, graph.constant("labels_of_tags", labels_CL), output="label_probabilities")
    ranked = graph.ints(min(RANKED, tags // 2 + 1))
    graph.nodes.append(helper.make_node("TopK", [labels_BTL, ranked], ["likeliest_exact", "likeliest_labels"], axis=-1))
    rounded = _add_rounding(graph, "likeliest_exact", "likeliest_probabilities")
    best = graph.add("ArgMax", tags_BTC, axis=-1, keepdims=0, output="likeliest_tags")
    return [tags_BTC, labels_BTL, best, "likeliest_labels", rounded]


def _add_rounding(graph: Builder, values: str, output: str) -> str:
    """float64 with ``DECIMALS`` decimals: what an answer shows, rounded here because numpy would be asked three times for it."""
    scale = graph.constant("scale", np.float64(10**DECIMALS))
    whole = graph.add("Round", graph.add("Mul", graph.add("Cast", values, to=TensorProto.DOUBLE), scale))
    return graph.add("Div", whole, scale, output=output)


def _add_intent_head(graph: Builder, weights: Weights, states_BTH: str) -> list[str]:
    """Many to one: states pooled by additive attention (Bahdanau et al. 2015), padding left out."""
    keys = graph.add("Tanh", graph.linear(weights, "attention", states_BTH))
    scores_BT1 = graph.add("MatMul", keys, graph.constant("attention.query", weights["attention.query"][:, None]))
    word_BT1 = graph.add("Unsqueeze", graph.add("Greater", "word_ids", graph.constant("no_id", np.int32(0))), graph.ints(2))
    masked_BT1 = graph.add("Where", word_BT1, scores_BT1, graph.constant("never", np.float32(_NEVER)))
    pooled_BH = _add_pooling(graph, states_BTH, masked_BT1)
    intents_BI = graph.add("Softmax", graph.linear(weights, "intent", pooled_BH), axis=-1, output="intent_probabilities")
    graph.nodes.append(helper.make_node("TopK", [intents_BI, graph.ints(1)], ["likeliest_intent_exact", "likeliest_intent"], axis=-1))
    return [intents_BI, "likeliest_intent", _add_rounding(graph, "likeliest_intent_exact", "likeliest_intent_probability")]


def _add_pooling(graph: Builder, states_BTH: str, scores_BT1: str) -> str:
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


def _serialize(graph: Builder, weights: Weights, outputs: list[str], config: NetworkConfig) -> bytes:
    possible: dict[str, tuple[int, list[str | int]]] = {
        "word_ids": (TensorProto.INT32, ["batch", "words"]),
        "ngram_ids": (TensorProto.INT32, ["batch", "words", "ngrams"]),
        "lengths": (TensorProto.INT32, ["batch"]),
        "context": (TensorProto.FLOAT, ["batch", "context"]),
        "name_ids": (TensorProto.INT32, ["batch", "words", "lists"]),
    }
    used = {name for node in graph.nodes for name in node.input}
    inputs = [helper.make_tensor_value_info(name, *possible[name]) for name in possible if name in used]
    types = _output_types(len(weights["slot.bias"]), len(weights.get("intent.bias", ())))
    results = [helper.make_tensor_value_info(name, *types[name]) for name in outputs]
    constants = [numpy_helper.from_array(value, name) for name, value in graph.constants.items()]
    proto = helper.make_model(
        helper.make_graph(graph.nodes, "slotline_tagger", inputs, results, constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name="slotline",
        ir_version=IR_VERSION,
    )
    helper.set_model_props(proto, {NETWORK: json.dumps(dataclasses.asdict(config), sort_keys=True)})
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


def verify(serialized: bytes, predict: Predict, utterances: Sequence[Features], config: NetworkConfig) -> None:
    """Hold the graph against the network, its batches against single utterances, and padded against unpadded batches.

    ``predict`` is the network: an utterance to (tag, intent) probabilities. Raises ExportError
    where a probability differs by more than 1e-5 from the network's, by more than 1e-6 (Elman and IRNN: 2e-6) between a batch and a
    single utterance, or at all when more padding is added to the same batch.
    """
    graph = OnnxGraph(serialized)
    in_batch = PLAIN_RNN_TOLERANCE if config.cell in ("elman", "irnn") else BATCH_TOLERANCE
    for start in range(0, len(utterances), _VERIFIED_TOGETHER):
        batch = collate(utterances[start : start + _VERIFIED_TOGETHER])
        together, padded = _probabilities(graph, batch), _probabilities(graph, _with_padding(batch))
        for row, length in enumerate(batch.lengths_B):
            words = (batch.word_ids_BT[[row], :length], batch.ngram_ids_BTK[[row], :length])
            single = FeatureBatch(*words, batch.lengths_B[[row]], batch.context_BX[[row]], batch.name_ids_BTM[[row], :length])
            alone = tuple(values[0] for values in _probabilities(graph, single))
            network = tuple(values[0] for values in predict(single))
            mine = (together[0][row, :length], together[1][row])
            _require_close(alone, network, TORCH_TOLERANCE, "the network")
            _require_close(mine, alone, in_batch, "a batch of one")
            _require_close((padded[0][row, :length], padded[1][row]), mine, 0.0, "a batch with less padding")


def _probabilities(graph: OnnxGraph, batch: FeatureBatch) -> tuple[np.ndarray, np.ndarray]:
    outputs = graph.run(batch)
    return outputs["tag_probabilities"], outputs.get("intent_probabilities", np.zeros((len(batch.lengths_B), 0)))


def _with_padding(batch: FeatureBatch) -> FeatureBatch:
    """The same utterances with three more empty words."""
    words = np.pad(batch.word_ids_BT, ((0, 0), (0, 3)))
    ngrams, names = (np.pad(ids, ((0, 0), (0, 3), (0, 0))) for ids in (batch.ngram_ids_BTK, batch.name_ids_BTM))
    return dataclasses.replace(batch, word_ids_BT=words, ngram_ids_BTK=ngrams, name_ids_BTM=names)


def _require_close(found: Sequence[np.ndarray], expected: Sequence[np.ndarray], tolerance: float, reference: str) -> None:
    difference = max(float(np.abs(f - e).max(initial=0.0)) for f, e in zip(found, expected, strict=True))
    if not difference <= tolerance:  # a NaN is refused too
        raise ExportError(f"the exported graph differs from {reference} by {difference:.2g}, more than {tolerance:g}; nothing was written")
