"""The reader's ONNX graph, built by hand from the weights, and the proof that it equals the network."""

from collections.abc import Callable, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from model.runtime import OnnxGraph
from model.values.letters import KINDS, PADDING, ids_of
from training.export import BATCH_TOLERANCE, IR_VERSION, OPSET, TORCH_TOLERANCE, ExportError
from training.onnx_builder import Builder, Weights
from training.onnx_layers import add_layers
from training.values.config import ReaderNetworkConfig

_TOGETHER = 16

Predict = Callable[[np.ndarray, np.ndarray], np.ndarray]  # character and kind ids to log probabilities


def build_reader_graph(weights: Weights, config: ReaderNetworkConfig) -> bytes:
    """The serialized graph: ``char_ids`` [B, T], ``kind_ids`` [B] and ``lengths`` [B] (int32) to ``log_probabilities`` [B, T, S + 1].

    ``weights``: as ``ReaderNetwork.export_weights`` names them.
    """
    graph = Builder()
    characters_BTD = graph.add("Gather", graph.constant("char_embedding", weights["char_embedding"]), "char_ids")
    kinds_BD = graph.add("Gather", graph.constant("kind_embedding", weights["kind_embedding"]), "kind_ids")
    inputs_BTD = graph.add("Add", characters_BTD, graph.add("Unsqueeze", kinds_BD, graph.ints(1)))
    states_BTH = add_layers(graph, weights, inputs_BTD, config.stack)
    graph.add("LogSoftmax", graph.linear(weights, "ctc", states_BTH), axis=-1, output="log_probabilities")
    sizes: dict[str, list[str | int]] = {"char_ids": ["batch", "characters"], "kind_ids": ["batch"], "lengths": ["batch"]}
    proto = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "slotline_reader",
            [helper.make_tensor_value_info(name, TensorProto.INT32, size) for name, size in sizes.items()],
            [helper.make_tensor_value_info("log_probabilities", TensorProto.FLOAT, ["batch", "characters", len(weights["ctc.bias"])])],
            [numpy_helper.from_array(value, name) for name, value in graph.constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name="slotline",
        ir_version=IR_VERSION,
    )
    onnx.checker.check_model(proto)
    serialized: bytes = proto.SerializeToString(deterministic=True)
    return serialized


def verify_reader_graph(serialized: bytes, predict: Predict, texts: Sequence[str]) -> None:
    """Hold the graph against the network, batches against single phrases, padded against unpadded, in probabilities.

    ``predict``: the network; ``texts``: plain. Raises ExportError where one differs by more than 1e-5 from the network's, by more than 1e-6
    between a batch and a single phrase, or at all when more padding is added to the same batch.
    """
    graph = OnnxGraph(serialized)
    for start in range(0, len(texts), _TOGETHER):
        rows = texts[start : start + _TOGETHER]
        kinds = np.arange(len(rows), dtype=np.int32) % len(KINDS)
        together, padded = _probabilities(graph, rows, kinds, 0), _probabilities(graph, rows, kinds, 3)
        for row, text in enumerate(rows):
            alone = _probabilities(graph, [text], kinds[[row]], 0)[0]
            wanted = np.exp(predict(np.array([ids_of(text)]), kinds[[row]]))[0]
            mine = together[row, : len(text)]
            _require_close(alone, wanted, TORCH_TOLERANCE, "the network")
            _require_close(mine, alone, BATCH_TOLERANCE, "a batch of one")
            _require_close(padded[row, : len(text)], mine, 0.0, "a batch with less padding")


def _probabilities(graph: OnnxGraph, texts: Sequence[str], kinds: np.ndarray, padding: int) -> np.ndarray:
    lengths = np.array([len(text) for text in texts], dtype=np.int32)
    ids = np.full((len(texts), lengths.max() + padding), PADDING, dtype=np.int32)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = ids_of(text)
    return np.exp(graph.feed({"char_ids": ids, "kind_ids": kinds, "lengths": lengths})["log_probabilities"])


def _require_close(found: np.ndarray, expected: np.ndarray, tolerance: float, reference: str) -> None:
    difference = float(np.abs(found - expected).max(initial=0.0))
    if not difference <= tolerance:  # a NaN is refused too
        raise ExportError(f"the exported graph differs from {reference} by {difference:.2g}, more than {tolerance:g}; nothing was written")
