"""Trains models with CatBoost and writes them with hard rows and CatBoost's own answers.

    pip install catboost==1.2.10 numpy==2.4.6
    python make.py fixed .                    # the models of this folder
    python make.py random DIR SEED COUNT      # models with random data, loss and parameters

The answers are those of the model that was trained: CatBoost's own reader of JSON rounds decimals
wrongly. All data is random. The same seed gives the same bytes.
"""
import json
import os
import sys
import tempfile

import catboost as cb
import numpy as np

BASE = dict(thread_count=1, verbose=0, allow_writing_files=False, random_seed=7, learning_rate=0.3)
HARD = [0.0, -0.0, 1e-45, -1e-40, np.nan, np.inf, -np.inf, 3e38, -3e38, 3.4028235e38, -3.4028235e38, 0.5]
EXPONENT = ("Poisson", "Tweedie")
BINARY = ("Logloss", "CrossEntropy", "Focal")
MANY = ("MultiClass", "MultiClassOneVsAll")


def data(rng, rows, dim, missing):
    x = rng.normal(size=(rows, dim))
    x[:, dim // 2] = rng.integers(0, 6, rows)
    x[:, 0] *= 10.0 ** rng.integers(-3, 4)
    return np.where(rng.random(x.shape) < missing, np.nan, x).astype(np.float32)


def target(rng, x, loss):
    """A label for the loss."""
    signal = np.nan_to_num(x[:, 0] / (np.nanstd(x[:, 0]) + 1e-9) - x[:, -1] ** 2) + rng.normal(size=len(x)) * 0.3
    signal = np.clip(signal, -8, 8)
    if loss in MANY:
        return np.digitize(signal, [-1, 0, 0.7])
    return {"Logloss": signal > 0, "Focal": signal > 0, "CrossEntropy": 1 / (1 + np.exp(-signal)), "Poisson": np.floor(np.exp(signal / 2)),
            "Tweedie": np.maximum(np.exp(signal / 2) - 0.5, 0), "MAPE": signal + 9, "MultiRMSE": np.c_[signal, signal * 3 + 5]}.get(loss, signal)


def hard_rows(rng, rows, file):
    """The rows with the borders of the model, their neighbours and odd numbers put in."""
    for feature in file["features_info"]["float_features"]:
        values = [np.float32(v) for v in HARD]
        for border in feature["borders"] or []:
            b = np.float32(border)
            with np.errstate(over="ignore"):
                values += [b, np.nextafter(b, np.float32(np.inf)), np.nextafter(b, np.float32(-np.inf))]
        column = feature["flat_feature_index"]
        for i in np.flatnonzero(rng.random(len(rows)) < 0.5):
            rows[i, column] = values[rng.integers(len(values))]
    return rows


CHANGING = ("model_guid", "train_finish_time", "output_options", "training")  # what a file says differently from run to run


def save(folder, model, rng, rows):
    """Writes a case, the model in both formats. rows become hard ones."""
    loss = model.get_all_params().get("loss_function", "").split(":")[0]
    metadata = model.get_metadata()
    for key in CHANGING:
        del metadata[key]
    os.makedirs(folder, exist_ok=True)
    model.save_model(os.path.join(folder, "trained.cbm"))
    with tempfile.TemporaryDirectory() as temporary:
        path = os.path.join(temporary, "m.json")
        model.save_model(path, format="json")
        with open(path) as f:
            file = json.load(f)
    file["model_info"].get("params", {}).pop("metadata", None)
    rows = hard_rows(rng, rows, file)
    if any(f["nan_value_treatment"] == "AsIs" and f.get("has_nans") for f in file["features_info"]["float_features"]):
        rows = np.nan_to_num(rows, nan=0.25)
    raw = model.predict(rows, prediction_type="RawFormulaVal", thread_count=1)
    prob = raw
    if loss in EXPONENT:
        prob = model.predict(rows, prediction_type="Exponent", thread_count=1)
    elif loss in BINARY or loss in MANY:
        prob = model.predict(rows, prediction_type="Probability", thread_count=1)
        if loss in BINARY:
            prob = prob[:, 1]
    with open(os.path.join(folder, "model.json"), "w") as f:
        json.dump(file, f, separators=(",", ":"))
    arrays = {"rows": rows, "raw": raw, "prob": prob}
    if loss in BINARY or loss in MANY:  # by the raw scores: probabilities that round to the same number do not decide
        labels = model.predict(rows, prediction_type="Class", thread_count=1).ravel().astype(np.float64)
        names = np.array(model.classes_ if len(model.classes_) else [0, 1], dtype=np.float64)
        arrays["class"] = np.array([np.flatnonzero(names == label)[0] for label in labels], dtype=np.int32)
    for name, array in arrays.items():
        np.save(os.path.join(folder, name + ".npy"), np.ascontiguousarray(array).reshape(len(rows), -1))


def fixed(folder):
    def case(name, loss, rounds=6, missing=0.15, names=None, scale=None, **params):
        rng = np.random.default_rng([ord(c) for c in name])
        x = data(rng, 400, 6, missing)
        pool = cb.Pool(x, target(rng, x, loss.split(":")[0]), feature_names=names)
        model = cb.CatBoost({**BASE, "iterations": rounds, "depth": 3, "loss_function": loss, **params}).fit(pool)
        if scale:
            model.set_scale_and_bias(*scale)
        save(os.path.join(folder, name), model, rng, data(rng, 96, 6, missing))

    case("cat_rmse", "RMSE", names=["age", "income", "days", "visits", "x 1", "größe"])
    case("cat_logloss", "Logloss")
    case("cat_cross_entropy", "CrossEntropy")
    case("cat_multiclass", "MultiClass")
    case("cat_one_vs_all", "MultiClassOneVsAll", rounds=4)
    case("cat_multi_rmse", "MultiRMSE", rounds=4)
    case("cat_poisson", "Poisson")
    case("cat_tweedie", "Tweedie:variance_power=1.4")
    case("cat_quantile", "Quantile:alpha=0.7")
    case("cat_nan_max", "RMSE", nan_mode="Max", missing=0.3)
    case("cat_nan_min", "RMSE", nan_mode="Min", missing=0.3)
    case("cat_nan_forbidden", "RMSE", nan_mode="Forbidden", missing=0)
    case("cat_scale_bias", "RMSE", scale=(0.3, -2.5))
    case("cat_depth_10", "RMSE", rounds=2, depth=10)
    case("cat_lossguide", "RMSE", grow_policy="Lossguide", max_leaves=20, depth=6)
    case("cat_depthwise", "Logloss", grow_policy="Depthwise")
    case("cat_lossguide_classes", "MultiClass", rounds=3, grow_policy="Lossguide", max_leaves=7)
    case("cat_constant", "RMSE", rounds=3, grow_policy="Lossguide", min_data_in_leaf=100000)


def random(folder, seed, count):
    for i in range(count):
        rng = np.random.default_rng([seed, i])
        pick = lambda *choices: choices[rng.integers(len(choices))]
        dim, missing = int(rng.integers(1, 12)), pick(0, 0.1, 0.4)
        loss = pick("RMSE", "MAE", "Quantile:alpha=0.3", "Huber:delta=1", "Expectile:alpha=0.3", "MAPE", "Logloss", "CrossEntropy", "Poisson",
                    "Tweedie:variance_power=1.5", "MultiClass", "MultiClassOneVsAll", "MultiRMSE", "LogCosh")
        params = dict(iterations=int(rng.integers(1, 40)), depth=int(rng.integers(1, 9)), border_count=int(pick(1, 5, 32, 254, 400)),
                      learning_rate=float(pick(0.03, 0.3, 1)), l2_leaf_reg=float(pick(0, 3, 100)), random_seed=int(rng.integers(1 << 20)),
                      nan_mode=pick("Min", "Max"), bootstrap_type=pick("No", "Bayesian", "Bernoulli"))
        if loss != "MultiRMSE":
            params["grow_policy"] = pick("SymmetricTree", "SymmetricTree", "Depthwise", "Lossguide")
        if params.get("grow_policy") == "Lossguide":
            params["max_leaves"] = int(rng.integers(2, 40))
        x = data(rng, int(rng.integers(30, 500)), dim, missing)
        y = target(rng, x, loss.split(":")[0])
        try:
            model = cb.CatBoost({**BASE, "loss_function": loss, **params}).fit(x, y)
        except cb.CatBoostError as e:
            print(f"cat{i}: not trained: {str(e).splitlines()[0][:120]}", file=sys.stderr)
            continue
        if rng.random() < 0.1 and loss != "MultiRMSE" and not loss.startswith("MultiClass"):
            model.set_scale_and_bias(float(rng.normal()), float(rng.normal()))
        save(os.path.join(folder, f"cat{i}"), model, rng, data(rng, 120, dim, missing))


if __name__ == "__main__":
    if sys.argv[1] == "fixed":
        fixed(sys.argv[2])
    else:
        random(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
