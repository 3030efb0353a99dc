"""The layers of a network as ONNX nodes: each cell is the operator of its name, a Jordan cell a Scan.

ONNX's LSTM, GRU and RNN take the lengths of a padded batch, so that the backward direction begins at each utterance's last word.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from training.config import NetworkConfig
from training.onnx_builder import Builder, Weights

_OPERATORS = {"elman": "RNN", "irnn": "RNN", "gru": "GRU", "lstm": "LSTM"}
_GATES = {"elman": (0,), "irnn": (0,), "gru": (1, 0, 2), "lstm": (0, 3, 1, 2)}  # torch's r z n and i f g o to ONNX's z r h and i o f c
_ACTIVATIONS = {"tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu"}
_PARTS = ("w_ih", "w_hh", "b_ih", "b_hh")


def add_layers(graph: Builder, weights: Weights, words_BTD: str, config: NetworkConfig) -> str:
    """All layers: [B, T, D] to [B, T, width]."""
    if config.cell == "feedforward":
        states = words_BTD
        for layer in range(config.layers):
            states = graph.add(_ACTIVATIONS[config.activation], graph.linear(weights, f"layer{layer}", states))
        return states
    states = graph.add("Transpose", words_BTD, perm=[1, 0, 2])
    for layer in range(config.layers):
        states = (_add_jordan if config.cell == "jordan" else _add_recurrent)(graph, weights, f"layer{layer}", states, config)
    return graph.add("Transpose", states, perm=[1, 0, 2])


def _directions(config: NetworkConfig) -> Sequence[str]:
    return ("forward", "backward") if config.both else ("forward",)


def _activation(config: NetworkConfig) -> str:
    return _ACTIVATIONS["relu" if config.cell == "irnn" else config.activation]


def _add_recurrent(graph: Builder, weights: Weights, layer: str, steps_TBD: str, config: NetworkConfig) -> str:
    """One layer in one or both directions: [T, B, D] to [T, B, width]."""
    directions = _directions(config)
    stacked = {
        part: np.stack([_onnx_gates(weights[f"{layer}.{direction}.{part}"], config.cell) for direction in directions]) for part in _PARTS
    }
    attributes: dict[str, Any] = {"hidden_size": config.hidden, "direction": "bidirectional" if config.both else "forward"}
    if _OPERATORS[config.cell] == "RNN":
        attributes["activations"] = [_activation(config)] * len(directions)
    if config.cell == "gru":
        attributes["linear_before_reset"] = 1
    states_TRBH = graph.add(
        _OPERATORS[config.cell],
        steps_TBD,
        graph.constant(f"{layer}.W", stacked["w_ih"]),
        graph.constant(f"{layer}.R", stacked["w_hh"]),
        graph.constant(f"{layer}.B", np.concatenate((stacked["b_ih"], stacked["b_hh"]), axis=1)),
        "lengths",
        **attributes,
    )
    return graph.add("Reshape", graph.add("Transpose", states_TRBH, perm=[0, 2, 1, 3]), graph.ints(0, 0, -1))


def _onnx_gates(rows: np.ndarray, cell: str) -> np.ndarray:
    gates = np.split(rows, len(_GATES[cell]), axis=0)
    return np.concatenate([gates[gate] for gate in _GATES[cell]], axis=0)


def _torch_gates(rows: np.ndarray, cell: str) -> np.ndarray:
    gates = np.split(rows, len(_GATES[cell]), axis=0)
    return np.concatenate([gates[_GATES[cell].index(gate)] for gate in range(len(gates))], axis=0)


def read_layer(constants: Weights, layer: str, config: NetworkConfig) -> dict[str, np.ndarray]:
    """The weights that ``add_layers`` made constants of, under their names and in torch's order again."""
    if config.cell == "feedforward":
        return {f"{layer}.weight": constants[f"{layer}.weight"].T, f"{layer}.bias": constants[f"{layer}.bias"]}
    weights: dict[str, np.ndarray] = {}
    for index, direction in enumerate(_directions(config)):
        name = f"{layer}.{direction}"
        if config.cell == "jordan":
            bias = constants[f"{name}.bias"]
            weights |= {f"{name}.w_ih": constants[f"{name}.w_ih"].T, f"{name}.b_ih": bias, f"{name}.b_hh": np.zeros_like(bias)}
            weights |= {f"{name}.{part}": constants[f"{name}.{part}"].T for part in ("w_hh", "w_out", "b_out")}
        else:
            biases = np.split(constants[f"{layer}.B"][index], 2)
            parts = zip(_PARTS, (constants[f"{layer}.W"][index], constants[f"{layer}.R"][index], *biases), strict=True)
            weights |= {f"{name}.{part}": _torch_gates(rows, config.cell) for part, rows in parts}
    return weights


def _add_jordan(graph: Builder, weights: Weights, layer: str, steps_TBD: str, config: NetworkConfig) -> str:
    """One layer in one or both directions: [T, B, D] to [T, B, width]. The mask holds the state at zero on padding."""
    word_TB = graph.add("Transpose", graph.add("Greater", "word_ids", graph.constant("no_id", np.int32(0))), perm=[1, 0])
    mask_TB1 = graph.add("Unsqueeze", graph.add("Cast", word_TB, to=TensorProto.FLOAT), graph.ints(2))
    columns = graph.add("Slice", graph.add("Shape", steps_TBD), graph.ints(1), graph.ints(2), graph.ints(0))
    zeros_BH = graph.add("Expand", graph.constant("zero", np.float32(0)), graph.add("Concat", columns, graph.ints(config.hidden), axis=0))
    states = []
    for backward, direction in enumerate(_directions(config)):
        name = f"{layer}.{direction}"
        driven_TBH = graph.add("MatMul", steps_TBD, graph.constant(f"{name}.w_ih", weights[f"{name}.w_ih"].T))
        bias = graph.constant(f"{name}.bias", weights[f"{name}.b_ih"] + weights[f"{name}.b_hh"])
        last, every = f"{name}.last", f"{name}.states"
        node = helper.make_node(
            "Scan",
            [zeros_BH, graph.add("Add", driven_TBH, bias), mask_TB1],
            [last, every],
            body=_jordan_step(weights, name, config),
            num_scan_inputs=2,
            scan_input_directions=[backward, backward],
            scan_output_directions=[backward],
        )
        graph.nodes.append(node)
        states.append(every)
    return states[0] if len(states) == 1 else graph.add("Concat", *states, axis=2)


def _jordan_step(weights: Weights, name: str, config: NetworkConfig) -> onnx.GraphProto:
    """h_t from h_{t-1}: the output that h_{t-1} gives returns as an input."""
    step = Builder()
    logits = step.add("MatMul", "before", step.constant("w_out", weights[f"{name}.w_out"].T))
    output = step.add("Softmax", step.add("Add", logits, step.constant("b_out", weights[f"{name}.b_out"])), axis=-1)
    returned = step.add("MatMul", output, step.constant("w_hh", weights[f"{name}.w_hh"].T))
    hidden = step.add(_activation(config), step.add("Add", "driven", returned))
    after = step.add("Mul", hidden, "mask", output="after")
    step.add("Identity", after, output="state")
    shape: list[str | int] = ["batch", config.hidden]
    inputs: list[tuple[str, list[str | int]]] = [("before", shape), ("driven", shape), ("mask", ["batch", 1])]
    return helper.make_graph(
        step.nodes,
        f"{name}.step",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("after", "state")],
        [numpy_helper.from_array(value, name) for name, value in step.constants.items()],
    )
