"""What a trained tagger is: text -> features -> tags -> slots. No torch, no web framework."""

import os

# onnxruntime reports its use to its maker unless told otherwise before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
