"""The only door to onnxruntime: arrays in, probabilities out."""

from collections.abc import Mapping

import numpy as np
import onnxruntime

from model.errors import ArtifactError
from model.features import FeatureBatch

Outputs = dict[str, np.ndarray]  # by output name


class OnnxGraph:
    """A graph as onnxruntime runs it: a tagger's, or by ``feed`` any other.

    A tagger's inputs: ``word_ids`` [B, T], ``ngram_ids`` [B, T, K], ``lengths`` [B], ``name_ids`` [B, T, M], all int32, and ``context``
    [B, X], float32; outputs as ``docs/artifact.md`` lists them.
    A graph may lack an input or the intents.
    ``run`` may be called from several threads.
    """

    def __init__(self, serialized: bytes, *, threads: int = 1) -> None:
        """Load the graph. Raises ArtifactError where onnxruntime refuses it."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # A spinning pool burns the cores that the event loop needs (and all of a container's quota).
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(serialized, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's own exception classes have no common base but Exception
            raise ArtifactError(f"onnxruntime cannot load the graph: {error}; export the model again") from error
        self.inputs = frozenset(node.name for node in self._session.get_inputs())
        self.outputs = tuple(node.name for node in self._session.get_outputs())

    def run(self, batch: FeatureBatch) -> Outputs:
        """Probabilities of a batch of at least one word.

        An empty batch aborts the whole process inside onnxruntime's LSTM, so it is refused here.
        """
        if batch.word_ids_BT.size == 0 or batch.lengths_B.min() < 1:
            raise ValueError(f"a batch needs at least one utterance, each of at least one word; got {batch.word_ids_BT.shape}")
        arrays = {"word_ids": batch.word_ids_BT, "ngram_ids": batch.ngram_ids_BTK, "lengths": batch.lengths_B}
        return self.feed(arrays | {"context": batch.context_BX, "name_ids": batch.name_ids_BTM})

    def feed(self, arrays: Mapping[str, np.ndarray]) -> Outputs:
        """The outputs for arrays by input name, those that the graph has no input for left out; no array may be empty."""
        results = self._session.run(self.outputs, {name: arrays[name] for name in self.inputs})
        return dict(zip(self.outputs, results, strict=True))
