"""Nodes and constants of an ONNX graph under construction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import helper

Weights = Mapping[str, np.ndarray]


@dataclass
class Builder:
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

    def linear(self, weights: Weights, name: str, states: str) -> str:
        """``NAME.weight`` [out, in] and ``NAME.bias`` over the last axis of ``states``."""
        product = self.add("MatMul", states, self.constant(f"{name}.weight", weights[f"{name}.weight"].T))
        return self.add("Add", product, self.constant(f"{name}.bias", weights[f"{name}.bias"]))
