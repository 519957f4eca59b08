"""Makes the folders beside it: models of LightGBM, hard rows, and what LightGBM answers for them.

    pip install lightgbm==4.7.0 numpy==2.4.6
    python make.py

The data is random, from a seed for each case. A second run writes the same bytes.
"""
import os
import re

import lightgbm as lgb
import numpy as np

DIM = 8
ROWS = 96
BASE = dict(learning_rate=0.2, num_leaves=12, min_data_in_leaf=5, verbose=-1, num_threads=1, deterministic=True, seed=7)
HARD = [0.0, -0.0, 1e-35, -1e-35, 1.1e-35, 9e-36, 1e-45, -1e-40, np.nan, np.inf, -np.inf, 3e38, -3e38, -0.9, -1.0, 2.5, 1e10]


def data(rng, rows):
    """Six numerical features, some of them missing or zero, and two categories."""
    x = rng.normal(size=(rows, DIM))
    x[:, 1] *= rng.random(rows) < 0.5
    x[:, 2] *= 1e4
    x[:, 6] = rng.integers(0, 5, rows)
    x[:, 7] = rng.integers(0, 80, rows)
    return np.where(rng.random(x.shape) < 0.1, np.nan, x)


def target(rng, x, kind):
    """A label of each kind from the same signal."""
    signal = np.nan_to_num(x[:, 0] - x[:, 1] ** 2 + x[:, 2] / 1e4 + np.isin(x[:, 7] % 7, [1, 4]) * 2)
    signal = signal + rng.normal(size=len(x)) * 0.3
    return {"real": signal, "two": signal > 0, "four": np.digitize(signal, [-1, 0, 1]), "share": 1 / (1 + np.exp(-signal)),
            "positive": np.exp(signal / 2)}[kind]


def hard_rows(rng, text):
    """Ordinary rows with the thresholds of the model, their neighbours and odd numbers put in."""
    rows = data(rng, ROWS).astype(np.float32)
    at = [[np.float32(v) for v in HARD] for _ in range(DIM)]
    for tree in text.split("\nTree=")[1:]:
        lists = dict(re.findall(r"^(\w+)=(.*)$", tree, re.M))
        for f, t in zip(lists.get("split_feature", "").split(), lists.get("threshold", "").split()):
            t = np.float32(t)
            at[int(f)] += [t, np.nextafter(t, np.float32(np.inf)), np.nextafter(t, np.float32(-np.inf))]
    for i in range(ROWS):
        for f in range(DIM):
            if rng.random() < 0.5:
                rows[i, f] = at[f][rng.integers(len(at[f]))]
    return rows


def case(name, label, rounds=8, edit=None, categories=(), **params):
    rng = np.random.default_rng([ord(c) for c in name])
    x = data(rng, 500)
    train = lgb.Dataset(x, target(rng, x, label), categorical_feature=list(categories), free_raw_data=False)
    text = lgb.train({**BASE, **params}, train, rounds).model_to_string()
    if edit:  # LightGBM believes tree_sizes, and dies of one that is wrong
        text = edit(re.sub(r"^tree_sizes=.*\n", "", text, flags=re.M))
    rows = hard_rows(rng, text)
    model = lgb.Booster(model_str=text)
    raw = model.predict(rows, raw_score=True, num_threads=1).reshape(ROWS, -1)
    prob = model.predict(rows, num_threads=1).reshape(ROWS, -1)
    out = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, "model.txt"), "w", newline="\n") as f:
        f.write(text)
    arrays = {"rows": rows, "raw": raw, "prob": prob}
    if label in ("two", "four") or name == "lgb_cross_entropy":
        arrays["class"] = (prob.argmax(1) if prob.shape[1] > 1 else prob[:, 0] > 0.5).astype(np.int32)
    for key, value in arrays.items():
        np.save(os.path.join(out, key + ".npy"), value)


def float32_thresholds(text):
    """LightGBM's own thresholds are no float32 of the data: only these tell <= from <."""
    def rounded(line):
        return "threshold=" + " ".join("%.17g" % np.float32(t) for t in line[1].split())
    return re.sub(r"^threshold=(.*)$", rounded, text, flags=re.M)


def bare(text):
    """Nothing that may be missing, and the line ends of Windows."""
    text = text[:text.index("end of trees")] + "end of trees\n"
    return re.sub(r"^(leaf_count|shrinkage)=.*\n", "", text, flags=re.M).replace("\n", "\r\n")


def constant_tree(text):
    """The third tree becomes a leaf with empty lists, as a stopped training leaves it."""
    trees = text.split("\nTree=")
    trees[3] = "2\nnum_leaves=1\nnum_cat=0\nsplit_feature=\nsplit_gain=\nthreshold=\ndecision_type=\nleft_child=\n" \
        "right_child=\nleaf_value=0.375\nis_linear=0\nshrinkage=1\n\n"
    return "\nTree=".join(trees)


case("lgb_regression", "real", objective="regression")
case("lgb_float32", "real", objective="regression", edit=float32_thresholds)
case("lgb_binary", "two", objective="binary", sigmoid=0.7)
case("lgb_multiclass", "four", rounds=3, objective="multiclass", num_class=4)
case("lgb_multiclassova", "four", rounds=3, objective="multiclassova", num_class=4, sigmoid=1.3)
case("lgb_categorical", "two", objective="binary", categories=[6, 7], min_data_per_group=5, cat_smooth=1, cat_l2=1)
case("lgb_zero", "real", objective="regression", zero_as_missing=True)
case("lgb_no_missing", "real", objective="regression", use_missing=False)
case("lgb_linear", "real", objective="regression", linear_tree=True)
case("lgb_rf", "two", objective="binary", boosting="rf", bagging_freq=1, bagging_fraction=0.7)
case("lgb_dart", "real", objective="regression", boosting="dart")
case("lgb_sqrt", "real", objective="regression", reg_sqrt=True)
case("lgb_fair_sqrt", "real", rounds=3, objective="fair", reg_sqrt=True)
case("lgb_quantile_sqrt", "real", rounds=3, objective="quantile", reg_sqrt=True)
case("lgb_poisson", "positive", rounds=4, objective="poisson")
case("lgb_cross_entropy", "share", rounds=4, objective="cross_entropy")
case("lgb_cross_entropy_lambda", "share", rounds=4, objective="cross_entropy_lambda")
case("lgb_mape_sqrt", "real", rounds=3, objective="mape", reg_sqrt=True)
case("lgb_bare", "real", rounds=3, objective="regression", edit=bare)
case("lgb_constant", "real", rounds=4, objective="regression", edit=constant_tree)
