"""From an artefact back to the torch network: what was exported can be examined without its training run."""

import json

import numpy as np
import onnx
from onnx import numpy_helper

from model.artifact import ModelArtifact
from model.config import build
from model.errors import ArtifactVersion
from training.config import NetworkConfig
from training.export import NETWORK
from training.network.tagger import TaggerNetwork
from training.onnx_layers import read_layer

_TRANSPOSED = ("projection.weight", "context.weight", "slot.weight", "attention.weight", "intent.weight")


def restore(artifact: ModelArtifact) -> TaggerNetwork:
    """The network whose graph the artefact carries, ready to evaluate or to train on.

    Raises ArtifactVersion for a graph that does not say what network it is: one exported before graphs carried that, or by others.
    """
    proto = onnx.load_from_string(artifact.graph)
    settings = {entry.key: entry.value for entry in proto.metadata_props}.get(NETWORK)
    if settings is None:
        raise ArtifactVersion(f"the graph of {artifact.config.name} {artifact.config.version} does not name its network; train it again")
    config = build(NetworkConfig, json.loads(settings), NETWORK)
    weights = _weights(_constants(proto.graph), config)
    known_words = [0] * len(artifact.vocabulary)
    names = artifact.names.numbers if artifact.names else 0
    network = TaggerNetwork(config, artifact.config.features, artifact.labels, word_counts=known_words, word_dropout=0.0, names=names)
    network.load_weights(weights)
    return network.eval()


def _constants(graph: onnx.GraphProto, prefix: str = "") -> dict[str, np.ndarray]:
    """Every constant by name; those of a Scan's body behind the name of its layer and direction."""
    constants = {prefix + tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                constants |= _constants(attribute.g, attribute.g.name.removesuffix("step"))
    return constants


def _weights(constants: dict[str, np.ndarray], config: NetworkConfig) -> dict[str, np.ndarray]:
    weights = dict(constants) | {name: constants[name].T for name in _TRANSPOSED if name in constants}
    if "attention.query" in constants:
        weights["attention.query"] = constants["attention.query"][:, 0]
    for layer in range(config.layers):
        weights |= read_layer(constants, f"layer{layer}", config)
    return {name: np.array(value) for name, value in weights.items()}
