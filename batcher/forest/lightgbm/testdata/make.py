"""Trains models with LightGBM and writes them with hard rows and LightGBM's own answers.

    pip install lightgbm==4.7.0 numpy==2.4.6
    python make.py fixed .                    # the models of this folder
    python make.py random DIR SEED COUNT      # models with random data, objective and parameters

The rows are those that a loader gets wrong: values at thresholds and one float32 beside them,
NaN, infinities, denormals, odd categories. All data is random. The same seed gives the same bytes.
"""
import os
import re
import sys

import lightgbm as lgb
import numpy as np

DIM = 8
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


def hard_rows(rng, rows, text):
    """The rows with the thresholds of the model, their neighbours and odd numbers put in."""
    rows = rows.astype(np.float32)
    at = [[np.float32(v) for v in HARD] for _ in range(rows.shape[1])]
    for tree in text.split("\nTree=")[1:]:
        lists = dict(re.findall(r"^(\w+)=(.*)$", tree, re.M))
        for f, t in zip(lists.get("split_feature", "").split(), lists.get("threshold", "").split()):
            t = np.float32(t)
            at[int(f)] += [t, np.nextafter(t, np.float32(np.inf)), np.nextafter(t, np.float32(-np.inf))]
    for i in range(len(rows)):
        for f in range(rows.shape[1]):
            if rng.random() < 0.5:
                rows[i, f] = at[f][rng.integers(len(at[f]))]
    return rows


def edge_rows(rng, rows, text):
    """Leads each row to a leaf, with each value on the way at its threshold or one float32 beside it."""
    trees = [dict(re.findall(r"^(\w+)=(.*)$", tree, re.M)) for tree in text.split("\nTree=")[1:]]
    trees = [{k: v.split() for k, v in tree.items()} for tree in trees if int(tree["num_leaves"]) > 1]
    for row in rows if trees else ():
        tree, node = trees[rng.integers(len(trees))], 0
        while node >= 0:
            left = rng.random() < 0.5
            if not int(tree["decision_type"][node]) & 1:
                t = np.float32(tree["threshold"][node])
                beside = np.nextafter(t, np.float32(-np.inf if left else np.inf))
                row[int(tree["split_feature"][node])] = t if rng.random() < 0.5 else beside
            node = int(tree["left_child" if left else "right_child"][node])
    return rows


def save(folder, text, rows, classes):
    """Writes a case: the model is loaded from its text before it answers."""
    model = lgb.Booster(model_str=text)
    raw = model.predict(rows, raw_score=True, num_threads=1).reshape(len(rows), -1)
    prob = model.predict(rows, num_threads=1).reshape(len(rows), -1)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "model.txt"), "w", newline="\n") as f:
        f.write(text)
    importance = [model.feature_importance(kind) for kind in ("split", "gain")]
    arrays = {"rows": rows, "raw": raw, "prob": prob, "importance": np.column_stack(importance).astype(np.float64)}
    if classes:
        arrays["class"] = (prob.argmax(1) if prob.shape[1] > 1 else prob[:, 0] > 0.5).astype(np.int32)
    for key, value in arrays.items():
        np.save(os.path.join(folder, key + ".npy"), value)


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


def fixed(folder):
    def case(name, label, rounds=8, edit=None, categories=(), **params):
        rng = np.random.default_rng([ord(c) for c in name])
        x = data(rng, 500)
        train = lgb.Dataset(x, target(rng, x, label), categorical_feature=list(categories))
        text = lgb.train({**BASE, **params}, train, rounds).model_to_string()
        if edit:  # LightGBM believes tree_sizes, and dies of one that is wrong
            text = edit(re.sub(r"^tree_sizes=.*\n", "", text, flags=re.M))
        save(os.path.join(folder, name), text, hard_rows(rng, data(rng, 96), text), label in ("two", "four") or name == "lgb_cross_entropy")

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


REAL = ["regression", "regression_l1", "huber", "fair", "quantile", "mape"]
POSITIVE = ["poisson", "gamma", "tweedie"]
CLASSES = ["binary", "multiclass", "multiclassova", "cross_entropy"]
OBJECTIVES = REAL + POSITIVE + CLASSES + ["cross_entropy_lambda", "lambdarank", "rank_xendcg", "none"]


def label(rng, objective, s, params):
    if objective in ("binary", "lambdarank", "rank_xendcg"):
        return s > 0
    if objective.startswith("multiclass"):
        params["num_class"] = int(rng.integers(2, 6))
        return np.clip((s * 2 + 2).astype(int), 0, params["num_class"] - 1)
    if objective.startswith("cross_entropy"):
        return 1 / (1 + np.exp(-s))
    return np.exp(s) + 0.01 if objective in POSITIVE else s


def features(rng, rows, dim):
    """Columns of random sizes, with ties, zeros and missing values."""
    x = rng.normal(size=(rows, dim)) * 10.0 ** rng.integers(-3, 4, size=dim)
    if rng.random() < 0.15:
        x *= 10.0 ** rng.choice([-41, -36, 33])
    if rng.random() < 0.2:
        x = np.round(x)
    if rng.random() < 0.5:
        x[rng.random(x.shape) < 0.4] = 0
    if rng.random() < 0.6:
        x[rng.random(x.shape) < rng.random() * 0.4] = np.nan
    return x


def one(folder, seed, i):
    rng = np.random.default_rng([seed, i])
    objective = OBJECTIVES[i % len(OBJECTIVES)]
    rows, dim = int(rng.integers(80, 600)), int(rng.integers(1, 20)) if rng.random() < 0.95 else 300
    x = features(rng, rows, dim)
    categories = list(range(int(rng.integers(1, dim)))) if dim > 1 and rng.random() < 0.3 else []
    for f in categories:
        x[:, f] = rng.integers(0, rng.integers(2, 200), size=rows)
    s = np.nan_to_num(x[:, 0]) + np.nan_to_num(x[:, -1])
    s = (s - s.mean()) / (s.std() + 1e-9) + rng.normal(size=rows)
    boosting = str(rng.choice(["gbdt", "gbdt", "gbdt", "dart", "rf"]))
    p = dict(objective=objective, boosting=boosting, verbose=-1, num_threads=1, deterministic=True, seed=int(rng.integers(1 << 30)),
             learning_rate=float(rng.choice([0.05, 0.2, 1])), num_leaves=int(rng.choice([2, 3, 8, 31, 120])),
             min_data_in_leaf=int(rng.choice([1, 5, 20])), max_depth=int(rng.choice([-1, -1, 2, 5])),
             use_missing=bool(rng.random() < 0.9), zero_as_missing=bool(rng.random() < 0.3), extra_trees=bool(rng.random() < 0.2),
             max_bin=int(rng.choice([255, 15])), lambda_l1=float(rng.choice([0, 0, 1])), lambda_l2=float(rng.choice([0, 1])))
    if boosting == "rf":
        p.update(bagging_freq=1, bagging_fraction=0.7)
    if categories:
        p.update(min_data_per_group=5, cat_smooth=1, cat_l2=1, max_cat_to_onehot=int(rng.choice([1, 4, 300])))
    if objective in ("regression", "huber", "binary", "cross_entropy") and boosting != "rf" and rng.random() < 0.4:
        p.update(linear_tree=True, zero_as_missing=False)
    if objective in REAL and rng.random() < 0.3:
        p["reg_sqrt"] = True
    if objective in ("binary", "multiclassova"):
        p["sigmoid"] = float(rng.choice([1, 0.3, 2.7]))
    if objective == "none":
        p["objective"] = lambda predictions, train: (predictions - train.get_label(), np.ones_like(predictions))
        p["boosting"] = "gbdt"
    y = label(rng, objective, s, p)
    if objective in REAL and rng.random() < 0.2:
        y = y * 10.0 ** rng.integers(-38, 38)
    group = [rows] if objective in ("lambdarank", "rank_xendcg") else None
    train = lgb.Dataset(x, y, categorical_feature=categories, group=group, params={"linear_tree": p.get("linear_tree", False)})
    try:
        text = lgb.train(p, train, int(rng.integers(1, 25))).model_to_string()
    except lgb.basic.LightGBMError as e:
        print("model %d of seed %d is left out: %s" % (i, seed, e))  # no feature that it can use, for example
        return
    if re.search(r"^leaf_\w+=.*nan", text, re.M):
        print("model %d of seed %d is left out: its training diverged, and such a file is refused" % (i, seed))
        return
    more = hard_rows(rng, x[rng.integers(0, rows, size=180)], text)
    edge_rows(rng, more[90:], text)
    save(os.path.join(folder, "lgb_%d_%d_%s_%s" % (seed, i, objective, boosting)), text, more, objective in CLASSES)


if __name__ == "__main__":
    if sys.argv[1] == "fixed":
        fixed(sys.argv[2])
    else:
        for i in range(int(sys.argv[4])):
            one(sys.argv[2], int(sys.argv[3]), i)
