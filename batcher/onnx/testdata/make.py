"""Builds tree ensembles in ONNX and writes them with hard rows and onnxruntime's own answers.

    pip install onnx==1.23.2 onnxruntime==1.31.1 numpy==2.4.6
    python make.py fixed .                    # the models of this folder, and of refuse/
    python make.py random DIR SEED COUNT      # models with random trees, modes and transforms

onnxruntime answers with one thread. The same seed gives the same bytes.
"""
import json
import os
import sys

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

MODES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ"]
POST = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"]
AGGREGATES = ["AVERAGE", "SUM", "MIN", "MAX"]
HARD = [0.0, -0.0, 1e-45, -1e-40, np.nan, np.inf, -np.inf, 3e38, -3e38, 0.5, 1, 2, 3]


def tree(rng, dim, depth, modes, values):
    """Nodes of a tree, each parent before its children: (mode, feature, value, missing, true, false)."""
    nodes = []

    def grow(left):
        at = len(nodes)
        nodes.append(None)
        if left == 0 or (at > 0 and rng.random() < 0.15):
            nodes[at] = ("LEAF", 0, 0.0, 0, 0, 0)
            return at
        value = rng.choice(values) if rng.random() < 0.4 else np.float32(rng.normal())
        head = (str(rng.choice(modes)), int(rng.integers(dim)), float(value), int(rng.integers(2)))
        true = grow(left - 1)
        nodes[at] = (*head, true, grow(left - 1))
        return at

    grow(depth)
    return nodes


def weights(rng, targets, spread, positive):
    """The weights of a leaf: (target, value)."""
    if targets == 1:
        chosen = [0]
    elif spread == "all":
        chosen = range(targets)
    elif spread == "some":
        chosen = [k for k in range(targets) if rng.random() < 0.6]
    else:
        chosen = [spread]
    w = rng.random(targets) if positive else rng.normal(size=targets)
    return [(k, float(np.float32(w[k]))) for k in chosen]


def lists(trees, leaves, prefix):
    """The attributes of ai.onnx.ml 3."""
    a = {f"nodes_{n}": [] for n in ("treeids", "nodeids", "modes", "featureids", "values", "missing_value_tracks_true", "truenodeids", "falsenodeids")}
    w = {f"{prefix}_{n}": [] for n in ("treeids", "nodeids", "ids", "weights")}
    for t, nodes in enumerate(trees):
        for i, (mode, feature, value, missing, true, false) in enumerate(nodes):
            for name, x in zip(a, (t, i, mode, feature, value, missing, true, false)):
                a[name].append(x)
            if mode == "LEAF":
                for k, x in leaves[t][i]:
                    for name, y in zip(w, (t, i, k, x)):
                        w[name].append(y)
    return a | w


def ensemble5(rng, trees, leaves, members):
    """The attributes of ai.onnx.ml 5, whose leaves have one weight each."""
    a = {n: [] for n in ("nodes_featureids", "nodes_missing_value_tracks_true", "nodes_truenodeids", "nodes_trueleafs", "nodes_falsenodeids", "nodes_falseleafs")}
    roots, modes, splits, sets, targets, values = [], [], [], [], [], []
    for t, nodes in enumerate(trees):
        place, leaf = {}, {}
        for i, n in enumerate(nodes):
            if n[0] == "LEAF":
                leaf[i] = len(targets)
                targets.append(leaves[t][i][0][0])
                values.append(leaves[t][i][0][1])
            else:
                place[i] = len(modes) + len(place)
        if not place:  # a root that is a leaf: both sides lead to it
            roots.append(len(modes))
            for name, x in zip(a, (0, 0, leaf[0], 1, leaf[0], 1)):
                a[name].append(x)
            modes.append(0)
            splits.append(0.0)
            continue
        roots.append(min(place.values()))
        for i, (mode, feature, value, missing, true, false) in enumerate(nodes):
            if mode == "LEAF":
                continue
            sides = [(leaf[c], 1) if c in leaf else (place[c], 0) for c in (true, false)]
            for name, x in zip(a, (feature, missing, *sides[0], *sides[1])):
                a[name].append(x)
            if members and rng.random() < 0.4:
                modes.append(6)
                splits.append(0.0)
                sets += [float(x) for x in rng.choice(9, rng.integers(1, 5), replace=False)] + [float("nan")]
            else:
                modes.append(MODES.index(mode))
                splits.append(value)
    f = TensorProto.FLOAT
    a |= {"tree_roots": roots, "leaf_targetids": targets, "leaf_weights": helper.make_tensor("leaf_weights", f, [len(values)], values),
          "nodes_modes": helper.make_tensor("nodes_modes", TensorProto.UINT8, [len(modes)], modes),
          "nodes_splits": helper.make_tensor("nodes_splits", f, [len(splits)], splits)}
    if sets:
        a["membership_values"] = helper.make_tensor("membership_values", f, [len(sets)], sets)
    return a


def random_model(rng, kind, **given):
    """A model and its dim. given fixes choices that are random otherwise."""
    def pick(name, choose):
        drawn = choose()
        return given.get(name, drawn)

    dim = pick("dim", lambda: int(rng.integers(1, 7)))
    targets = pick("targets", lambda: int(rng.choice([1, 1, 2, 3, 5])))
    if kind == "classifier":
        targets = max(targets, 2)
    post = pick("post", lambda: str(rng.choice(POST)))
    modes = pick("modes", lambda: [MODES[:1], MODES[1:2], MODES][rng.integers(3)])
    spread = pick("spread", lambda: "all" if rng.random() < 0.5 else "some")
    positive = pick("positive", lambda: bool(rng.random() < 0.4))
    one = pick("one", lambda: bool(rng.random() < 0.5))
    if kind == "classifier" and targets == 2 and post == "PROBIT":
        one = False  # onnxruntime would leave the second score unwritten
    depth = pick("depth", lambda: int(rng.integers(1, 6)))
    count = pick("trees", lambda: int(rng.integers(1, 30)))
    values = np.float32(rng.choice([-1, 0, 0.5, 1, 2, 3, 1e-40, 1e30], 4))
    if post == "PROBIT":
        positive = True
    trees = [tree(rng, dim, 0 if rng.random() < 0.05 else depth, modes, values) for _ in range(count)]
    leaves = []
    for t, nodes in enumerate(trees):
        k = spread
        if kind == "ml5":
            k = int(rng.integers(targets))
        elif kind == "classifier" and targets == 2:
            k = 0 if one else "all"
        elif one:
            k = t % targets
        leaves.append({})
        for i, n in enumerate(nodes):
            if n[0] == "LEAF":
                w = weights(rng, targets, int(rng.integers(targets)) if kind == "ml5" else k, positive)
                if kind == "classifier" and not w:  # onnxruntime fails on a row that no class has a weight for
                    w = weights(rng, targets, int(rng.integers(targets)), positive)
                leaves[t][i] = [(c, x / count / 2) for c, x in w] if post == "PROBIT" else w
    if not any(w for of_tree in leaves for w in of_tree.values()):
        leaf = next(iter(leaves[0]))
        leaves[0][leaf] = weights(rng, targets, int(rng.integers(targets)), positive)
    base = pick("base", lambda: int(rng.random() < 0.5))
    low = [0.1] * targets if post == "PROBIT" else list(rng.normal(size=targets))
    nodes, outputs = [], []
    if kind == "ml5":
        a = ensemble5(rng, trees, leaves, pick("members", lambda: bool(rng.random() < 0.5)))
        a |= {"n_targets": targets, "post_transform": POST.index(post), "aggregate_function": pick("aggregate", lambda: int(rng.integers(4)))}
        nodes.append(helper.make_node("TreeEnsemble", ["input"], ["output"], domain="ai.onnx.ml", name="trees", **a))
    elif kind == "regressor":
        a = lists(trees, leaves, "target")
        a |= {"n_targets": targets, "post_transform": post, "aggregate_function": AGGREGATES[pick("aggregate", lambda: int(rng.integers(4)))]}
        if base:
            a["base_values"] = low
        nodes.append(helper.make_node("TreeEnsembleRegressor", ["input"], ["output"], domain="ai.onnx.ml", name="trees", **a))
    else:
        a = lists(trees, leaves, "class")
        a["post_transform"] = post
        if base:
            a["base_values"] = low[:1] if targets == 2 and rng.random() < 0.7 else low
        names = pick("names", lambda: bool(rng.random() < 0.3))
        labels = [f"label {k}" for k in range(targets)] if names else list(range(targets))
        a["classlabels_strings" if names else "classlabels_int64s"] = labels
        nodes.append(helper.make_node("TreeEnsembleClassifier", ["input"], ["label_", "scores"], domain="ai.onnx.ml", name="trees", **a))
        nodes.append(helper.make_node("Identity", ["label_"], ["label"], name="keep"))
        nodes.append(helper.make_node("Identity", ["scores"], ["output"], name="pass"))
        outputs.append(helper.make_tensor_value_info("label", TensorProto.STRING if names else TensorProto.INT64, ["N"]))
    outputs.append(helper.make_tensor_value_info("output", TensorProto.FLOAT, ["N", targets]))
    graph = helper.make_graph(nodes, "trees", [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", dim])], outputs)
    ml = 5 if kind == "ml5" else 3
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", ml)], producer_name="make.py")
    model.ir_version = 10
    splits = np.float32([n[2] for nodes in trees for n in nodes if n[0] != "LEAF"] + [0])
    return model, dim, splits


def hard_rows(rng, count, dim, splits):
    """Rows with thresholds, their neighbours and odd numbers put in."""
    with np.errstate(over="ignore"):
        values = np.concatenate([np.float32(HARD), splits, np.nextafter(splits, np.float32(np.inf)), np.nextafter(splits, np.float32(-np.inf))])
    rows = rng.normal(size=(count, dim)).astype(np.float32)
    put = rng.random(rows.shape) < 0.5
    return np.where(put, rng.choice(values, rows.shape), rows).astype(np.float32)


def write(folder, model, rows):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    answers = dict(zip([o.name for o in session.get_outputs()], session.run(None, {"input": rows})))
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "model.onnx"), "wb") as f:
        f.write(model.SerializeToString(deterministic=True))
    np.save(os.path.join(folder, "rows.npy"), rows)
    np.save(os.path.join(folder, "raw.npy"), answers["output"])
    if "label" in answers:
        labels = [int(str(x).split()[-1]) for x in answers["label"]]
        np.save(os.path.join(folder, "class.npy"), np.int32(labels))


FIXED = {
    "one": ("regressor", dict(targets=1, base=0, post="NONE", aggregate=1, modes=MODES[:1], dim=5)),
    "modes": ("regressor", dict(targets=1, base=1, post="NONE", aggregate=1, modes=MODES, dim=4)),
    "average": ("regressor", dict(targets=1, base=1, post="NONE", aggregate=0)),
    "min": ("regressor", dict(targets=3, base=1, post="NONE", aggregate=2, spread="some", one=False)),
    "max": ("regressor", dict(targets=1, base=0, post="NONE", aggregate=3)),
    "probit": ("regressor", dict(targets=1, base=1, post="PROBIT", aggregate=1)),
    "softmax": ("regressor", dict(targets=3, base=1, post="SOFTMAX", aggregate=1, spread="all", one=False)),
    "softmax_zero": ("regressor", dict(targets=3, base=0, post="SOFTMAX_ZERO", aggregate=1, spread="some", one=False)),
    "logistic": ("regressor", dict(targets=2, base=0, post="LOGISTIC", aggregate=1, one=True)),
    "binary": ("classifier", dict(targets=2, base=0, post="NONE", one=True, positive=False)),
    "binary_positive": ("classifier", dict(targets=2, base=0, post="NONE", one=True, positive=True, names=True)),
    "binary_logistic": ("classifier", dict(targets=2, base=1, post="LOGISTIC", one=True, positive=False)),
    "binary_two": ("classifier", dict(targets=2, base=0, post="NONE", one=False, positive=True)),
    "classes": ("classifier", dict(targets=4, base=0, post="NONE", one=False, spread="all", positive=True)),
    "classes_softmax": ("classifier", dict(targets=3, base=1, post="SOFTMAX", one=True, names=True)),
    "ml5": ("ml5", dict(targets=1, post="NONE", aggregate=1, members=False, modes=MODES)),
    "ml5_members": ("ml5", dict(targets=1, post="NONE", aggregate=1, members=True, modes=MODES[:1])),
    "ml5_targets": ("ml5", dict(targets=3, post="LOGISTIC", aggregate=0, members=False)),
}


def of(m, name):
    return next(a for a in m.graph.node[0].attribute if a.name == name)


def attribute(name, at=None, value=None):
    """An edit of an attribute: element at becomes value; without at the last element goes."""
    def edit(m):
        a, new = of(m, name), value(m) if callable(value) else value
        field = {1: "f", 2: "i", 3: "s", 6: "floats", 7: "ints", 8: "strings"}[a.type]
        if field in ("f", "i", "s"):
            setattr(a, field, new)
        elif at is None:
            del getattr(a, field)[-1]
        else:
            getattr(a, field)[at] = new
    return edit


def add(*nodes):
    """An edit that puts nodes behind the others, whose last makes the output."""
    def edit(m):
        m.graph.node[-1].output[0] = "before"
        m.graph.node.extend(helper.make_node(op, inputs, outputs, name=name, **a) for op, name, inputs, outputs, a in nodes)
    return edit


def tensor(m, **fields):
    t = m.graph.initializer.add()
    t.name, t.data_type = "by", TensorProto.FLOAT
    t.dims[:] = fields.get("dims", [1])
    if "external" in fields:
        t.data_location = TensorProto.EXTERNAL
    else:
        t.raw_data = fields.get("raw", b"\0\0\0\0")
    if "kind" in fields:
        t.data_type = fields["kind"]


def second_input(m):
    m.graph.input.add().CopyFrom(helper.make_tensor_value_info("more", TensorProto.FLOAT, ["N", 2]))


def input_of(kind, shape):
    return lambda m: m.graph.input[0].CopyFrom(helper.make_tensor_value_info("input", kind, shape))


def clear(*fields):
    return lambda m: [m.graph.ClearField(f) for f in fields]


def functions(*bodies, opset=17, more=(), **attributes):
    """An edit: functions of domain d, each of a name and the operators in its body, and a call of f."""
    def edit(m):
        for name, operators in bodies:
            nodes, at = [], "x"
            for i, op in enumerate(operators):
                domain, op = op.split(".") if "." in op else ("", op)
                nodes.append(helper.make_node(op, [at], [f"y{i}"], domain=domain))
                at = f"y{i}"
            m.functions.append(helper.make_function("d", name, ["x"], [at], nodes, [helper.make_opsetid("", opset)]))
        m.opset_import.append(helper.make_opsetid("d", 1))
        m.graph.node[-1].output[0] = "before"
        m.graph.node.append(helper.make_node("f", ["before"], ["output", *more], name="odd", domain="d", **attributes))
    return edit


# What is wrong with a model of 4 features and one target, and words of the refusal.
WRONG = {
    "cycle_tree": (attribute("nodes_truenodeids", 0, 0), ["nodes_truenodeids", "tree 0, node 0", "root"]),
    "two_parents": (attribute("nodes_truenodeids", 0, lambda m: of(m, "nodes_falsenodeids").ints[0]), ["tree 0, node 0", "two parents"]),
    "child": (attribute("nodes_falsenodeids", 0, 5000), ["nodes_falsenodeids", "tree 0, node 0", "5000"]),
    "feature": (attribute("nodes_featureids", 0, 4), ["nodes_featureids", "tree 0, node 0", "feature 4 of 4"]),
    "feature_negative": (attribute("nodes_featureids", 0, -1), ["nodes_featureids", "-1"]),
    "mode": (attribute("nodes_modes", 0, b"BRANCH_ABOUT"), ["nodes_modes", "BRANCH_ABOUT", "BRANCH_LEQ"]),
    "leaf_root": (attribute("nodes_modes", 0, b"LEAF"), ["node 0 of tree 0", "leaf"]),
    "threshold_nan": (attribute("nodes_values", 0, float("nan")), ["nodes_values", "tree 0, node 0", "NaN"]),
    "short_values": (attribute("nodes_values"), ["nodes_values"]),
    "short_modes": (attribute("nodes_modes"), ["nodes_modes"]),
    "short_weights": (attribute("target_weights"), ["target_treeids", "target_weights"]),
    "short_missing": (attribute("nodes_missing_value_tracks_true"), ["nodes_missing_value_tracks_true"]),
    "target": (attribute("target_ids", 0, 9), ["target_ids", "9 of 1"]),
    "target_node": (attribute("target_nodeids", 0, 999), ["target_nodeids", "999"]),
    "weight_twice": (attribute("target_nodeids", 0, lambda m: of(m, "target_nodeids").ints[1]), ["target_nodeids"]),
    "node_twice": (attribute("nodes_nodeids", 1, 0), ["nodes_nodeids", "node 0 of tree 0", "twice"]),
    "tree_apart": (attribute("nodes_treeids", 1, 7), ["nodes_treeids", "tree 0", "together"]),
    "targets": (attribute("n_targets", value=70000), ["70000", "65535"]),
    "targets_none": (attribute("n_targets", value=-3), ["outputs"]),
    "post": (attribute("post_transform", value=b"LOG"), ["post_transform", "LOG", "LOGISTIC"]),
    "aggregate": (attribute("aggregate_function", value=b"MEDIAN"), ["aggregate_function", "MEDIAN"]),
    "attribute": (lambda m: m.graph.node[0].attribute.append(helper.make_attribute("colour", 3)), ["colour", "trees"]),
    "attribute_type": (lambda m: of(m, "n_targets").CopyFrom(helper.make_attribute("n_targets", 1.5)), ["n_targets", "FLOAT", "INT"]),
    "operator": (add(("Gelu2", "odd", ["before"], ["output"], {})), ["Gelu2", "odd", "not supported"]),
    "domain": (add(("Identity", "odd", ["before"], ["output"], {"domain": "com.microsoft"})), ["com.microsoft.Identity", "odd"]),
    "nowhere": (add(("Identity", "odd", ["nothing"], ["output"], {})), ["odd", "nothing", "nowhere"]),
    "cycle": (add(("Identity", "one", ["b"], ["a"], {}), ("Identity", "two", ["a"], ["b"], {}), ("Identity", "odd", ["before"], ["output"], {})), ["one", "cycle"]),
    "made_twice": (add(("Identity", "odd", ["before"], ["before"], {})), ["odd", "before", "twice"]),
    "cast": (add(("Cast", "odd", ["before"], ["output"], {"to": TensorProto.DOUBLE})), ["Cast", "odd", "double"]),
    "across_rows": (add(("ReduceMean", "odd", ["before"], ["output"], {"axes": [0]})), ["ReduceMean", "odd"]),
    "dims_bomb": (lambda m: tensor(m, dims=[1 << 30, 1 << 30]), ["by", "dims"]),
    "dims_negative": (lambda m: tensor(m, dims=[-5]), ["by", "dims", "-5"]),
    "dims_wrong": (lambda m: tensor(m, dims=[3]), ["by", "dims", "3"]),
    "data_type": (lambda m: tensor(m, kind=TensorProto.STRING), ["by", "data_type", "string"]),
    "external": (lambda m: tensor(m, external=True), ["by", "external_data"]),
    "second_input": (second_input, ["second", "more"]),
    "double_input": (input_of(TensorProto.DOUBLE, ["N", 4]), ["input", "double"]),
    "vector_input": (input_of(TensorProto.FLOAT, ["N"]), ["input", "1 dimensions"]),
    "unknown_features": (input_of(TensorProto.FLOAT, ["N", "M"]), ["input", "features"]),
    "no_nodes": (clear("node"), ["0 nodes"]),
    "no_outputs": (clear("output"), ["0 outputs"]),
    "no_input": (clear("input"), ["no input"]),
    "output": (lambda m: m.graph.output.add().CopyFrom(helper.make_tensor_value_info("extra", TensorProto.FLOAT, ["N"])), ["extra", "no node"]),
    "opset": (lambda m: setattr(m.opset_import[0], "version", 99), ["opset 99"]),
    "no_opset": (lambda m: m.ClearField("opset_import"), ["opset", "ai.onnx.ml"]),
    "functions_recursive": (functions(("f", ["Identity", "d.f"])), ["d.f", "node 1", "32 deep"]),
    "functions_bomb": (functions(*((f"f{i or ''}", [f"d.f{i + 1}"] * 4) for i in range(20)), ("f20", [])), ["d.f", "node 1", "values and attributes"]),
    "functions_twice": (functions(("f", ["Identity"]), ("f", ["Identity"])), ["function f", "twice"]),
    "functions_opset": (functions(("f", ["Identity"]), opset=16), ["d.f", "odd", "opset 16", "17"]),
    "functions_attribute": (functions(("f", ["Identity"]), alpha=1.0), ["d.f", "odd", "alpha"]),
    "functions_outputs": (functions(("f", ["Identity"]), more=["another"]), ["d.f", "odd", "2 outputs"]),
}


def refused(folder):
    """The models of WRONG, and refuse.json with the words."""
    os.makedirs(folder, exist_ok=True)
    for name, (edit, _) in WRONG.items():
        model, _, _ = random_model(np.random.default_rng(12), "regressor", trees=2, depth=2, dim=4, targets=1, base=0, post="NONE", aggregate=1)
        edit(model)
        with open(os.path.join(folder, name + ".onnx"), "wb") as f:
            f.write(model.SerializeToString(deterministic=True))
    with open(os.path.join(folder, "refuse.json"), "w") as f:
        json.dump({name: words for name, (_, words) in WRONG.items()}, f, indent=1)
        f.write("\n")


def main():
    if sys.argv[1] == "fixed":
        refused(os.path.join(sys.argv[2], "refuse"))
        for i, (name, (kind, given)) in enumerate(FIXED.items()):
            rng = np.random.default_rng([1, i])
            model, dim, splits = random_model(rng, kind, **({"trees": 7, "depth": 3} | given))
            write(os.path.join(sys.argv[2], "onnx_" + name), model, hard_rows(rng, 60, dim, splits))
        return
    folder, seed, count = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    for i in range(count):
        rng = np.random.default_rng([seed, i])
        kind = str(rng.choice(["regressor", "classifier", "ml5"]))
        model, dim, splits = random_model(rng, kind)
        write(os.path.join(folder, f"onnx_random_{i:04}"), model, hard_rows(rng, 100, dim, splits))


if __name__ == "__main__":
    main()
