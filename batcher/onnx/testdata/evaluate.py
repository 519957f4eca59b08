"""Evaluates an ONNX graph on rows in float64, with the bounds of bounded.py.

Trees take one path or another, so they read float32: what onnxruntime computed in front of them if
each of its bits is settled by the operators (EXACT), or else the float64 values, rounded. Rows where
those are too near a threshold are marked in Evaluation.unsure.
"""
import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper

import bounded as b
from bounded import Choice, Number
from operators import Operators, attributes, choices, wrap

# Operators whose answer IEEE 754 settles, given the bits of what they read.
EXACT = set("""TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor Scaler Imputer Binarizer ArrayFeatureExtractor LabelEncoder OneHotEncoder ZipMap
Cast Concat Identity Reshape Flatten Squeeze Unsqueeze Slice Split Gather Transpose Dropout Constant ConstantOfShape Shape Where
Add Sub Mul Div Sum Neg Abs Max Min Clip Relu LeakyRelu Sqrt Reciprocal
Floor Ceil Round Sign ThresholdedRelu PRelu Expand FeatureVectorizer Normalizer
Equal Less Greater LessOrEqual GreaterOrEqual And Or Xor Not IsNaN ArgMax ArgMin""".split())
TREES = ("TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor")


def session(model):
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


class Evaluation:
    """The values of a graph for rows: self.values by name."""

    def __init__(self, model, rows):
        self.model, self.rows = model, rows
        self.opset = {o.domain: o.version for o in model.opset_import}
        self.unsure = np.zeros(len(rows), bool)
        self.values = {model.graph.input[0].name: Number(rows)}
        self.values |= {t.name: wrap(numpy_helper.to_array(t)) for t in model.graph.initializer}
        self.settled = {}
        self.run_settled()
        with np.errstate(all="ignore"):
            for node in model.graph.node:
                self.run(node)

    def run_settled(self):
        """Has onnxruntime compute every value whose bits are settled."""
        known, names, maps = set(self.values), [], {}
        for node in self.model.graph.node:
            if (node.op_type in EXACT or self.over_matrices(node)) and all(i in known for i in node.input if i):
                known |= set(node.output)
                if node.op_type == "ZipMap":
                    maps[node.output[0]] = node.input[0]
                else:
                    names += [o for o in node.output if o]
        copy = onnx.ModelProto()
        copy.CopyFrom(self.model)
        del copy.graph.output[:]
        copy.graph.output.extend(onnx.ValueInfoProto(name=n) for n in names)
        if names:
            self.settled = dict(zip(names, session(copy).run(None, {self.model.graph.input[0].name: self.rows})))
        self.settled |= {name: self.settled[of] for name, of in maps.items()}

    def over_matrices(self, node):
        """Whether a node adds up whole matrices of rows, in their order."""
        if node.op_type not in ("ReduceMean", "ReduceSum"):
            return False
        axes = attributes(node).get("axes")
        if axes is None and len(node.input) > 1 and node.input[1] in self.values:
            axes = self.values[node.input[1]].value.tolist()
        return axes == [0]

    def run(self, node):
        a = attributes(node)
        inputs = [self.values[i] if i else None for i in node.input]
        if node.op_type in TREES:
            results = self.trees(node, inputs[0])
        elif any(isinstance(i, Choice) for i in inputs) and node.op_type in ("Add", "Mul", "Sub") and all(isinstance(i, Choice) for i in inputs):
            results = choices(node.op_type, *inputs)
        else:
            results = getattr(Operators, node.op_type)(self, a, *inputs)
        results = results if isinstance(results, (list, tuple)) else [results]
        for name, r in zip(node.output, results):
            if name in self.settled and (isinstance(r, Choice) or node.op_type == "Binarizer"):
                r = wrap(self.settled[name])  # float32 takes this step, even where float64 takes another
            self.values[name] = r

    def trees(self, node, x):
        """Has onnxruntime follow the trees."""
        outputs = [o for o in node.output if o]
        if outputs[0] in self.settled:
            return [wrap(self.settled[o]) for o in node.output]
        a = attributes(node)
        thresholds = np.float64(a["nodes_values"]) if "nodes_values" in a else numpy_helper.to_array(a["nodes_splits"]).astype(np.float64)
        features = np.int64(a["nodes_featureids"])
        split = [m != b"LEAF" for m in a["nodes_modes"]] if "nodes_values" in a else np.ones(len(features), bool)
        for f, t in set(zip(features[split], thresholds[split])):
            self.unsure |= ~(np.abs(x.value[:, f] - t) > x.bound[:, f] + b.UNIT * np.abs(t)) & ~(np.isnan(x.value[:, f]) & (x.bound[:, f] == 0))
        rows = x.value.astype(np.float32)
        alone = helper.make_graph([node], "trees", [helper.make_tensor_value_info(node.input[0], 1, [None, rows.shape[1]])], [onnx.ValueInfoProto(name=o) for o in outputs])
        m = helper.make_model(alone, opset_imports=self.model.opset_import, ir_version=self.model.ir_version)
        return [wrap(r) for r in session(m).run(None, {node.input[0]: rows})]
