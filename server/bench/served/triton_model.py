"""model.py of Triton's Python backend. All requests that Triton hands over together are one batch."""

import json

import numpy as np
import triton_python_backend_utils as triton

import scorer


class TritonPythonModel:
    def initialize(self, args):
        parameters = json.loads(args["model_config"])["parameters"]
        folder, engine = (parameters[k]["string_value"] for k in ("folder", "engine"))
        self.score = scorer.load(folder, engine)

    def execute(self, requests):
        parts = [triton.get_input_tensor_by_name(r, "rows").as_numpy() for r in requests]
        scores = np.ascontiguousarray(self.score(parts[0] if len(parts) == 1 else np.concatenate(parts)))
        responses, at = [], 0
        for part in parts:
            end = at + len(part)
            responses.append(triton.InferenceResponse([triton.Tensor("scores", scores[at:end].reshape(-1, 1))]))
            at = end
        return responses
