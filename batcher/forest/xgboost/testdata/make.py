"""Trains models with XGBoost and writes them with rows and XGBoost's own answers.

    pip install xgboost-cpu==3.2.0 numpy==2.4.6
    python make.py fixed .                    # the models of this folder
    python make.py random DIR SEED COUNT      # models with random data, objective and parameters

The rows are those that a loader gets wrong: values at thresholds and one float32 beside them,
NaN, denormals, 3e38, odd categories. All data is synthetic. The same seed gives the same bytes.
"""
import json
import os
import sys

import numpy as np
import xgboost as xgb

f32 = np.float32


def trees_of(booster):
    text = bytes(booster.save_raw("json")).replace(b"\\u", b"\\\\u")  # a name with \u is not escaped
    gb = json.loads(text)["learner"]["gradient_booster"]
    return gb.get("gbtree", gb)["model"].get("trees", [])


def hard_rows(rng, X, booster, n):
    rows = X[rng.integers(0, len(X), n)].copy()
    for share, value in ((0.05, np.nan), (0.02, 3e38), (0.02, -0.5), (0.02, 1e-40), (0.02, -0.0), (0.02, 2.0**24)):
        rows[rng.random(rows.shape) < share] = f32(value)
    splits = [(f, f32(c)) for t in trees_of(booster) for f, c, l in zip(t["split_indices"], t["split_conditions"], t["left_children"]) if l != -1]
    for row in rows if splits else ():
        for _ in range(3):
            f, c = splits[rng.integers(len(splits))]
            row[f] = (c, np.nextafter(c, f32(np.inf)), np.nextafter(c, f32(-np.inf)))[rng.integers(3)]
    rows[np.isinf(rows)] = 0
    return rows


def importance(booster):
    """A line for each feature: splits and gain or, of gblinear, its weights."""
    names = booster.feature_names or ["f%d" % i for i in range(booster.num_features())]
    try:
        scores = [booster.get_score(importance_type=kind) for kind in ("weight", "total_gain")]
    except xgb.core.XGBoostError:  # gblinear has weights only
        scores = [booster.get_score(importance_type="weight")]
    nothing = np.zeros_like(next(iter(scores[0].values()), 0.0))
    return np.column_stack([[kind.get(name, nothing) for name in names] for kind in scores]).astype(np.float64)


def edge_rows(rng, rows, booster):
    """Leads each row to a leaf, with each value on the way at its threshold or one float32 beside it."""
    trees = trees_of(booster)
    for row in rows if trees else ():
        tree, node = trees[rng.integers(len(trees))], 0
        while tree["left_children"][node] != -1:
            left = rng.random() < 0.5
            if not tree["split_type"][node]:
                t = f32(tree["split_conditions"][node])
                row[tree["split_indices"][node]] = np.nextafter(t, f32(-np.inf)) if left or rng.random() < 0.2 else t
            node = tree["left_children" if left else "right_children"][node]
    rows[np.isinf(rows)] = 0


def save(folder, rng, booster, X, dmatrix, params, n, ubj=False, best=False, edges=0):
    """Writes a case: the model is loaded from its file before it answers."""
    file = bytes(booster.save_raw("ubj" if ubj else "json"))
    rows = hard_rows(rng, X, booster, n)
    edge_rows(rng, rows[n - edges:], booster)
    booster = xgb.Booster({"nthread": 1})
    booster.load_model(bytearray(file))
    d = xgb.DMatrix(rows, nthread=1, **dmatrix)
    kw = dict(iteration_range=(0, int(booster.attr("best_iteration")) + 1)) if best else {}
    raw = booster.predict(d, output_margin=True, **kw).reshape(n, -1)
    prob = booster.predict(d, **kw).reshape(n, -1)
    os.makedirs(folder, exist_ok=True)
    with open(folder + "/model." + ("ubj" if ubj else "json"), "wb") as f:
        f.write(file)
    arrays = dict(rows=rows, raw=raw.astype(f32), prob=prob.astype(f32), importance=importance(booster))
    objective = params["objective"]
    if objective.startswith("binary:") and raw.shape[1] == 1:
        arrays["class"] = (prob[:, 0] > (0 if objective == "binary:logitraw" else 0.5)).astype(np.int32)
    if objective == "multi:softprob":
        arrays["class"] = prob.argmax(axis=1).astype(np.int32)
    if objective == "multi:softmax":
        arrays["class"] = prob[:, 0].astype(np.int32)
    for name, a in arrays.items():
        np.save(folder + "/" + name + ".npy", a)
    about = dict(library="xgboost", version=xgb.__version__, params={k: v if isinstance(v, (str, list)) else float(v) for k, v in params.items()})
    if best:
        about["iteration_range"] = kw["iteration_range"]
    with open(folder + "/about.json", "w") as f:
        json.dump(about, f, indent=1)
        f.write("\n")


def fixed(folder):
    def case(name, label, rounds=4, ubj=False, best=False, names=None, dim=12, types=None, X=None, **params):
        rng = np.random.default_rng([1, *name.encode()])
        X = rng.normal(size=(300, dim)).astype(f32) if X is None else X(rng)
        X[rng.random(X.shape) < 0.1] = np.nan
        signal = np.nan_to_num(X[:, 0]) + np.nan_to_num(X[:, 1]) * np.nan_to_num(X[:, 2]) + rng.normal(size=300) / 4
        dm = dict(feature_names=names, feature_types=types, enable_categorical=bool(types))
        d = xgb.DMatrix(X, label(signal), nthread=1, **dm)
        p = dict(dict(max_depth=3, nthread=1, seed=7, verbosity=0), **params)
        b = xgb.train(p, d, rounds)
        if best:
            b.set_attr(best_iteration=str(rounds // 2))
        save(folder + "/xgb_" + name, rng, b, X, dm, p, 64, ubj, best)

    def binary(s):
        return (s > 0).astype(f32)

    def classes(s):
        return np.clip((s * 2 + 2).astype(int), 0, 3)

    def same(s):
        return s

    def categories(rng):
        X = rng.normal(size=(300, 4)).astype(f32)
        X[:, 2:] = rng.integers(0, 70, size=(300, 2))
        return X

    case("logistic", binary, objective="binary:logistic", base_score=0.50117493)  # not the correctly rounded logarithm
    case("one_class", lambda s: np.ones(len(s)), objective="binary:logistic", gamma=10)
    case("softprob_forest", classes, 2, objective="multi:softprob", num_class=4, num_parallel_tree=2, subsample=0.6)
    case("softmax", classes, 2, objective="multi:softmax", num_class=4)
    case("labels", lambda s: np.c_[s > 0, s > 1, s > -1].astype(f32), 2, objective="binary:logistic", ubj=True)
    case("logitraw", binary, objective="binary:logitraw", ubj=True)
    case("hinge", binary, objective="binary:hinge")
    case("poisson", lambda s: np.floor(np.exp(s)), objective="count:poisson", ubj=True)
    case("poisson_zero", np.zeros_like, 2, objective="count:poisson")  # the margin is -inf
    case("quantiles", same, 2, objective="reg:quantileerror", quantile_alpha=[0.1, 0.9])
    case("aft", same, 0, objective="survival:aft", base_score=2.938)  # no tree; expf has another bit here than exp
    case("best", binary, 6, objective="binary:logistic", best=True)
    case("pruned", same, objective="reg:squarederror", tree_method="exact", gamma=20, max_depth=5)
    case("constant", same, 2, objective="reg:squarederror", gamma=1e9)
    case("names", same, 2, objective="reg:squarederror", dim=3, names=["a \"b\"", "é\\u", "x"], ubj=False)
    case("dart", binary, 6, objective="binary:logistic", booster="dart", rate_drop=0.5, ubj=True)
    case("categorical", same, objective="reg:squarederror", X=categories, types=["q", "q", "c", "c"], max_cat_to_onehot=1, max_cat_threshold=64, ubj=True)
    case("onehot", same, objective="reg:squarederror", X=categories, types=["q", "q", "c", "c"], max_cat_to_onehot=100)
    case("linear", binary, 10, objective="binary:logistic", booster="gblinear", ubj=True)
    case("linear_classes", classes, 10, objective="multi:softprob", num_class=4, booster="gblinear")


OBJECTIVES = ["reg:squarederror", "reg:squaredlogerror", "reg:logistic", "reg:pseudohubererror", "reg:absoluteerror", "reg:quantileerror",
              "reg:gamma", "reg:tweedie", "count:poisson", "survival:cox", "survival:aft", "rank:pairwise", "rank:ndcg", "rank:map",
              "binary:logistic", "binary:logitraw", "binary:hinge", "multi:softmax", "multi:softprob"]


def labels(rng, objective, s, params):
    if objective in ("binary:logistic", "binary:logitraw", "binary:hinge") or objective.startswith("rank"):
        return (s > 0) * 1.0
    if objective == "reg:logistic":
        return 1 / (1 + np.exp(-s))
    if objective.startswith("multi"):
        params["num_class"] = int(rng.integers(2, 6))
        return np.clip((s * 2 + 2).astype(int), 0, params["num_class"] - 1)
    if objective in ("reg:tweedie", "reg:gamma", "survival:aft"):
        return np.exp(s) + 0.01
    if objective == "count:poisson":
        return np.floor(np.exp(s))
    if objective == "survival:cox":
        return (np.abs(s) + 0.1) * np.where(rng.random(len(s)) < 0.3, -1, 1)
    if objective == "reg:squaredlogerror":
        return np.abs(s)
    if objective == "reg:quantileerror":
        params["quantile_alpha"] = [0.1, 0.5, 0.9][:int(rng.integers(1, 4))]
    return s


def base_score(rng, objective):
    b = float(rng.random())
    if objective in ("binary:logistic", "reg:logistic"):
        return float(rng.choice([b, 1e-8, 1e-4, 0.5, 1 - 1e-7]))
    if objective in ("count:poisson", "reg:gamma", "reg:tweedie", "survival:aft", "survival:cox"):
        return float(rng.choice([b, 3.7, 1e-6, 1e5]))
    return float(rng.choice([b, -3.3, 100]))


def one(folder, seed, i):
    rng = np.random.default_rng([seed, i])
    objective = OBJECTIVES[i % len(OBJECTIVES)]
    n, dim = int(rng.integers(50, 400)), int(rng.integers(1, 20)) if rng.random() < 0.95 else 300
    X = rng.normal(size=(n, dim)) * 10.0 ** rng.integers(-3, 4, size=dim)
    if rng.random() < 0.15:
        X *= 10.0 ** rng.choice([-41, -36, 33])
    if rng.random() < 0.5:
        X[rng.random(X.shape) < rng.random() * 0.4] = np.nan
    types = None
    if rng.random() < 0.3 and dim > 2:
        k = int(rng.integers(1, dim))
        types = ["c"] * k + ["q"] * (dim - k)
        X[:, :k] = rng.integers(0, rng.integers(2, 100), size=(n, k))
    if rng.random() < 0.2:
        X = np.round(X)
    X = X.astype(f32)
    s = np.nan_to_num(X[:, 0]) + rng.normal(size=n)
    s = (s - s.mean()) / (s.std() + 1e-9)
    booster = "gbtree" if types else str(rng.choice(["gbtree", "gbtree", "gbtree", "dart", "gblinear"]))
    p = dict(objective=objective, booster=booster, nthread=1, seed=int(rng.integers(1 << 30)), verbosity=0, eta=float(rng.choice([0.05, 0.3, 1])))
    if booster != "gblinear":
        p.update(max_depth=int(rng.integers(1, 9)), tree_method=str(rng.choice(["hist", "approx"] if types else ["hist", "approx", "exact"])),
                 gamma=float(rng.choice([0, 0, 1, 10])), subsample=float(rng.choice([1, 0.7])), num_parallel_tree=int(rng.choice([1, 1, 3])),
                 min_child_weight=float(rng.choice([0, 1])), reg_lambda=float(rng.choice([0.1, 1])))
        if types:
            p["max_cat_to_onehot"] = int(rng.choice([1, 4, 100]))
        if rng.random() < 0.2 and p["tree_method"] != "exact":
            p.update(grow_policy="lossguide", max_leaves=int(rng.integers(2, 60)))
    if booster == "dart":
        p.update(rate_drop=0.3, normalize_type=str(rng.choice(["tree", "forest"])), one_drop=1)
    y = labels(rng, objective, s, p)
    if objective in ("reg:squarederror", "binary:logistic", "reg:absoluteerror") and rng.random() < 0.2:
        y = np.c_[y, 1 - y]
    if rng.random() < 0.4:
        p["base_score"] = base_score(rng, objective)
    if objective in ("reg:squarederror", "reg:absoluteerror", "reg:quantileerror") and rng.random() < 0.2:
        y = y * 10.0 ** rng.integers(-38, 38)
    dm = dict(feature_types=types, enable_categorical=bool(types))
    d = xgb.DMatrix(X, None if objective == "survival:aft" else y, nthread=1, **dm)
    if objective == "survival:aft":
        d.set_float_info("label_lower_bound", y)
        d.set_float_info("label_upper_bound", np.where(rng.random(n) < 0.3, np.inf, y))
    if objective.startswith("rank"):
        d.set_group([n])
    try:
        b = xgb.train(p, d, int(rng.integers(1, 25)))
    except xgb.core.XGBoostError as e:
        print("model %d of seed %d is left out: %s" % (i, seed, str(e).splitlines()[0]))  # its quantiles fail now and then
        return
    if b"NaN" in bytes(b.save_raw("json")):
        print("model %d of seed %d is left out: its training diverged, and such a file is refused" % (i, seed))
        return
    best = booster != "gblinear" and rng.random() < 0.2
    if best:
        b.set_attr(best_iteration=str(b.num_boosted_rounds() // 2))
    name = "xgb_%d_%d_%s_%s" % (seed, i, objective.replace(":", "_"), booster)
    save(os.path.join(folder, name), rng, b, X, dm, p, 180, ubj=rng.random() < 0.5, best=best, edges=90)


if __name__ == "__main__":
    if sys.argv[1] == "fixed":
        fixed(sys.argv[2])
    else:
        for i in range(int(sys.argv[4])):
            one(sys.argv[2], int(sys.argv[3]), i)
