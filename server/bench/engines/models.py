"""The models that are compared, and the rows that they score. Everything is drawn from fixed seeds.

A folder holds rows.f32, and for each model a folder with its file, its file in ONNX if there is a converter, and the
library's own answers. What is there is not made again.
"""
import dataclasses
import importlib.util
import sys

import numpy as np

DIM, TRAINED, SCORED = 128, 60_000, 20_000


@dataclasses.dataclass(frozen=True)
class Model:
    library: str
    trees: int = 0
    size: int = 0  # leaves, or depth
    what: str = ""

    @property
    def file(self):
        return {"lightgbm": "model.txt", "xgboost": "model.json", "catboost": "model.cbm"}.get(self.library, "model.onnx")

    @property
    def exact(self):
        """Whether an answer has one right value in every bit, rounded to float32."""
        return self.library in ("lightgbm", "xgboost", "catboost")


MODELS = {
    "lightgbm-500x31": Model("lightgbm", 500, 31, "LightGBM, 500 trees of 31 leaves"),
    "lightgbm-500x255": Model("lightgbm", 500, 255, "LightGBM, 500 trees of 255 leaves"),
    "lightgbm-1000x63": Model("lightgbm", 1000, 63, "LightGBM, 1,000 trees of 63 leaves"),
    "xgboost-500x6": Model("xgboost", 500, 6, "XGBoost, 500 trees of depth 6"),
    "catboost-500x6": Model("catboost", 500, 6, "CatBoost, 500 trees of depth 6"),
    "forest-100x16": Model("forest", 100, 16, "random forest of scikit-learn, 100 trees of depth 16, up to 1,920 leaves"),
    "mlp": Model("mlp", what="network 128-256-128-1 with Relu, in ONNX"),
}
TINY = {  # for tests: trained in a moment
    "lightgbm-9x7": Model("lightgbm", 9, 7, "LightGBM, 9 trees of 7 leaves"),
    "xgboost-9x3": Model("xgboost", 9, 3, "XGBoost, 9 trees of depth 3"),
    "catboost-9x3": Model("catboost", 9, 3, "CatBoost, 9 trees of depth 3"),
    "forest-9x4": Model("forest", 9, 4, "random forest of scikit-learn, 9 trees of depth 4"),
    "mlp": MODELS["mlp"],
}


def features(random, rows):
    """Columns of four kinds, as tables have them: normal, heavy-tailed, small whole numbers, and mostly zero."""
    x = random.standard_normal((rows, DIM))
    x[:, 1::4] = np.exp(x[:, 1::4])
    x[:, 2::4] = np.floor(np.exp(x[:, 2::4]))
    x[:, 3::4] *= random.random((rows, DIM // 4)) < 0.3
    return x.astype(np.float32)


def target(random, x):
    """Some columns matter much more than others, and some pairs together. A third is noise with heavy tails."""
    y = np.tanh(x) @ random.exponential(1, DIM) ** 2
    for i in range(0, DIM, 8):
        y += 2 * x[:, i] * np.sin(x[:, i + 1]) + (x[:, i + 2] > 2) * x[:, i + 3]
    return y + 0.5 * y.std() * random.standard_t(3, len(y))


def write_rows(folder):
    if not (folder / "rows.f32").exists():
        features(np.random.default_rng(2), SCORED).tofile(folder / "rows.f32")


def read_rows(folder):
    return np.fromfile(folder / "rows.f32", np.float32).reshape(-1, DIM)


def make(folder, name, model):
    """Makes a model, unless it is there. Returns "", or why it cannot.

    The answers are written last: they say that the rest is whole.
    """
    if (folder / name / "answers.f64").exists():
        return ""
    (folder / name).mkdir(exist_ok=True)
    print(f"making {name}", file=sys.stderr, flush=True)
    random = np.random.default_rng(1)
    x = features(random, TRAINED)
    try:
        answers = MAKERS[model.library](folder / name, model, x, target(random, x), read_rows(folder))
    except ImportError as failed:
        return str(failed)
    np.asarray(answers, np.float64).ravel().tofile(folder / name / "answers.f64")
    return ""


def make_lightgbm(folder, model, x, y, rows):
    import lightgbm
    parameters = {"objective": "regression", "num_leaves": model.size, "seed": 1, "deterministic": True, "verbose": -1}
    booster = lightgbm.train(parameters, lightgbm.Dataset(x, y), model.trees)
    booster.save_model(folder / "model.txt")
    if installed("onnxmltools", "skl2onnx"):
        import onnxmltools
        save_onnx(folder, onnxmltools.convert_lightgbm(booster, initial_types=onnx_input(), zipmap=False))
    return booster.predict(rows, raw_score=True)


def make_xgboost(folder, model, x, y, rows):
    import xgboost
    parameters = {"objective": "reg:squarederror", "max_depth": model.size, "tree_method": "hist", "seed": 1}
    booster = xgboost.train(parameters, xgboost.DMatrix(x, y), model.trees)
    booster.save_model(folder / "model.json")
    if installed("onnxmltools", "skl2onnx"):
        import onnxmltools
        save_onnx(folder, onnxmltools.convert_xgboost(booster, initial_types=onnx_input()))
    return booster.predict(xgboost.DMatrix(rows), output_margin=True)


def make_catboost(folder, model, x, y, rows):
    import catboost
    regressor = catboost.CatBoostRegressor(
        iterations=model.trees, depth=model.size, random_seed=1, verbose=False, allow_writing_files=False)
    regressor.fit(x, y)
    regressor.save_model(str(folder / "model.cbm"))
    regressor.save_model(str(folder / "model.cpp"), format="cpp")
    if installed("onnx"):
        import onnx
        regressor.save_model(str(folder / "model.onnx"), format="onnx")
        built = onnx.load(folder / "model.onnx")  # it says [N], and is [N, 1]
        built.graph.output[0].type.tensor_type.shape.dim.add().dim_value = 1
        save_onnx(folder, built)
    return regressor.predict(rows, prediction_type="RawFormulaVal")


def make_forest(folder, model, x, y, rows):
    import joblib
    from skl2onnx import to_onnx
    from sklearn.ensemble import RandomForestRegressor
    forest = RandomForestRegressor(
        model.trees, max_depth=model.size, max_leaf_nodes=1920, max_features=0.3, random_state=1, n_jobs=-1)
    forest.fit(x[:20_000], y[:20_000])
    joblib.dump(forest, folder / "model.joblib")
    save_onnx(folder, to_onnx(forest, rows[:1]))
    return forest.predict(rows)


def make_mlp(folder, model, x, y, rows):
    """A network as it is before training: for its time, the weights do not matter."""
    from onnx import TensorProto, checker, helper, numpy_helper
    random, nodes, constants, answers = np.random.default_rng(3), [], [], rows.astype(np.float64)
    for i, (ins, outs) in enumerate([(DIM, 256), (256, 128), (128, 1)]):
        weights = (random.standard_normal((ins, outs)) * np.sqrt(2 / ins)).astype(np.float32)
        bias = (random.standard_normal(outs) * 0.1).astype(np.float32)
        constants += [numpy_helper.from_array(weights, f"w{i}"), numpy_helper.from_array(bias, f"b{i}")]
        nodes.append(helper.make_node("Gemm", [f"r{i}", f"w{i}", f"b{i}"], [f"g{i}"]))
        answers = answers @ weights.astype(np.float64) + bias
        if outs > 1:
            nodes.append(helper.make_node("Relu", [f"g{i}"], [f"r{i + 1}"]))
            answers = np.maximum(answers, 0)
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None, w]) for n, w in (("r0", DIM), ("g2", 1))]
    graph = helper.make_graph(nodes, "mlp", ends[:1], ends[1:], constants)
    built = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(built)
    save_onnx(folder, built)
    return answers


def installed(*packages):
    return all(importlib.util.find_spec(package) for package in packages)


def onnx_input():
    from onnxmltools.convert.common.data_types import FloatTensorType
    return [("rows", FloatTensorType([None, DIM]))]


def save_onnx(folder, built):
    (folder / "model.onnx").write_bytes(built.SerializeToString())


MAKERS = {"lightgbm": make_lightgbm, "xgboost": make_xgboost, "catboost": make_catboost,
          "forest": make_forest, "mlp": make_mlp}
