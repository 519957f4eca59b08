"""Fits random scikit-learn, LightGBM and XGBoost models, and writes them as ONNX.

    python pipelines.py random DIR SEED COUNT
    python pipelines.py fixed .               # some of them, for this folder

Needs scikit-learn, skl2onnx, onnxmltools, lightgbm and xgboost-cpu beside what make.py needs.
"""
import os
import sys
import warnings

import numpy as np
from sklearn import calibration, cluster, compose, cross_decomposition, decomposition, discriminant_analysis, ensemble, feature_selection, impute
from sklearn import linear_model, mixture, model_selection, multiclass, multioutput, naive_bayes, neural_network, pipeline, preprocessing, svm, tree

from skl2onnx import to_onnx
from skl2onnx.common import _container as container
import lightgbm
import onnxmltools
import xgboost
from onnxmltools.convert.common.data_types import FloatTensorType

import judge

warnings.filterwarnings("ignore")
os.environ["OMP_NUM_THREADS"] = "1"

def pick(rng, *of):
    return of[rng.integers(len(of))]


def depth(rng):
    return dict(max_depth=int(rng.integers(1, 6)), random_state=1)


def few(rng):
    return dict(n_estimators=int(rng.integers(1, 8)), random_state=1)


# Each takes a random generator, and returns an estimator.
REGRESSORS = {
    "LinearRegression": lambda r: linear_model.LinearRegression(fit_intercept=pick(r, True, False)),
    "Ridge": lambda r: linear_model.Ridge(),
    "Lasso": lambda r: linear_model.Lasso(alpha=0.01),
    "ElasticNet": lambda r: linear_model.ElasticNet(alpha=0.01),
    "LinearSVR": lambda r: svm.LinearSVR(random_state=1, max_iter=100),
    "SGDRegressor": lambda r: linear_model.SGDRegressor(random_state=1, max_iter=50),
    "PoissonRegressor": lambda r: linear_model.PoissonRegressor(),
    "MLPRegressor": lambda r: neural_network.MLPRegressor(hidden_layer_sizes=layers(r), activation=activation(r), max_iter=20, random_state=1),
    "DecisionTreeRegressor": lambda r: tree.DecisionTreeRegressor(**depth(r)),
    "RandomForestRegressor": lambda r: ensemble.RandomForestRegressor(**depth(r), n_estimators=5),
    "ExtraTreesRegressor": lambda r: ensemble.ExtraTreesRegressor(**depth(r), n_estimators=5),
    "GradientBoostingRegressor": lambda r: ensemble.GradientBoostingRegressor(**few(r)),
    "HistGradientBoostingRegressor": lambda r: ensemble.HistGradientBoostingRegressor(max_iter=int(r.integers(1, 8)), random_state=1),
    "BaggingRegressor": lambda r: ensemble.BaggingRegressor(one(r, REGRESSORS, SIMPLE_REGRESSORS), **few(r)),
    "VotingRegressor": lambda r: ensemble.VotingRegressor(members(r, REGRESSORS, SIMPLE_REGRESSORS)),
    "IsolationForest": lambda r: ensemble.IsolationForest(n_estimators=int(r.integers(1, 4)), random_state=1),
    "TweedieRegressor": lambda r: linear_model.TweedieRegressor(power=pick(r, 1, 1.5)),
    "HuberRegressor": lambda r: linear_model.HuberRegressor(max_iter=50),
    "BayesianRidge": lambda r: linear_model.BayesianRidge(),
    "GridSearchCV": lambda r: model_selection.GridSearchCV(linear_model.Ridge(), {"alpha": [0.1, 1]}, cv=2),
    "PLSRegression": lambda r: cross_decomposition.PLSRegression(2),
    "MultiOutputRegressor": lambda r: multioutput.MultiOutputRegressor(one(r, REGRESSORS, SIMPLE_REGRESSORS)),
    "KMeans": lambda r: cluster.KMeans(int(r.integers(2, 5)), n_init=1, random_state=1),
    "GaussianMixture": lambda r: mixture.GaussianMixture(2, covariance_type=pick(r, "full", "diag", "tied", "spherical"), reg_covar=0.01, random_state=1),
    "StackingRegressor": lambda r: ensemble.StackingRegressor(members(r, REGRESSORS, SIMPLE_REGRESSORS), linear_model.Ridge(), cv=2),
}
CLASSIFIERS = {
    "LogisticRegression": lambda r: linear_model.LogisticRegression(max_iter=50),
    "LogisticRegressionOvR": lambda r: multiclass.OneVsRestClassifier(linear_model.LogisticRegression(max_iter=50)),
    "LinearSVC": lambda r: svm.LinearSVC(random_state=1, max_iter=100),
    "SGDClassifier": lambda r: linear_model.SGDClassifier(loss=pick(r, "log_loss", "hinge", "modified_huber"), random_state=1, max_iter=50),
    "Perceptron": lambda r: linear_model.Perceptron(random_state=1, max_iter=50),
    "RidgeClassifier": lambda r: linear_model.RidgeClassifier(),
    "MLPClassifier": lambda r: neural_network.MLPClassifier(layers(r), activation=activation(r), max_iter=20, random_state=1),
    "DecisionTreeClassifier": lambda r: tree.DecisionTreeClassifier(**depth(r)),
    "RandomForestClassifier": lambda r: ensemble.RandomForestClassifier(**depth(r), n_estimators=5),
    "ExtraTreesClassifier": lambda r: ensemble.ExtraTreesClassifier(**depth(r), n_estimators=5),
    "GradientBoostingClassifier": lambda r: ensemble.GradientBoostingClassifier(**few(r)),
    "HistGradientBoostingClassifier": lambda r: ensemble.HistGradientBoostingClassifier(max_iter=int(r.integers(1, 8)), random_state=1),
    "AdaBoostClassifier": lambda r: ensemble.AdaBoostClassifier(tree.DecisionTreeClassifier(max_depth=2), **few(r)),
    "BaggingClassifier": lambda r: ensemble.BaggingClassifier(one(r, CLASSIFIERS, PROBABLE), **few(r)),
    "VotingClassifier": lambda r: ensemble.VotingClassifier(members(r, CLASSIFIERS, PROBABLE), voting=pick(r, "soft", "hard"), flatten_transform=False),
    "StackingClassifier": lambda r: ensemble.StackingClassifier(members(r, CLASSIFIERS, PROBABLE), linear_model.LogisticRegression(max_iter=50), cv=2),
    "OneVsRestClassifier": lambda r: multiclass.OneVsRestClassifier(one(r, CLASSIFIERS, PROBABLE)),
    "CalibratedClassifierCV": lambda r: calibration.CalibratedClassifierCV(one(r, CLASSIFIERS, PROBABLE), method=pick(r, "sigmoid", "isotonic"), cv=2),
    "LinearDiscriminantAnalysis": lambda r: discriminant_analysis.LinearDiscriminantAnalysis(),
    "GaussianNB": lambda r: naive_bayes.GaussianNB(),
    "MultinomialNB": lambda r: pipeline.make_pipeline(preprocessing.MinMaxScaler(clip=True), naive_bayes.MultinomialNB()),
    "ComplementNB": lambda r: pipeline.make_pipeline(preprocessing.MinMaxScaler(clip=True), naive_bayes.ComplementNB()),
    "OneVsOneClassifier": lambda r: multiclass.OneVsOneClassifier(linear_model.LogisticRegression(max_iter=50)),
    "BernoulliNB": lambda r: naive_bayes.BernoulliNB(),
}
SIMPLE_REGRESSORS = ["LinearRegression", "Ridge", "DecisionTreeRegressor", "RandomForestRegressor"]
PROBABLE = ["LogisticRegression", "DecisionTreeClassifier", "RandomForestClassifier", "GaussianNB"]
TRANSFORMERS = {
    "StandardScaler": lambda r: preprocessing.StandardScaler(with_mean=pick(r, True, True, False), with_std=pick(r, True, True, False)),
    "MinMaxScaler": lambda r: preprocessing.MinMaxScaler(clip=pick(r, True, False)),
    "RobustScaler": lambda r: preprocessing.RobustScaler(),
    "MaxAbsScaler": lambda r: preprocessing.MaxAbsScaler(),
    "Normalizer": lambda r: preprocessing.Normalizer(pick(r, "l1", "l2", "max")),
    "SimpleImputer": lambda r: impute.SimpleImputer(strategy=pick(r, "mean", "median", "most_frequent")),
    "SelectKBest": lambda r: feature_selection.SelectKBest(k=2),
    "PCA": lambda r: decomposition.PCA(2, whiten=pick(r, True, False)),
    "Binarizer": lambda r: preprocessing.Binarizer(threshold=float(np.float32(r.normal()))),
    "TruncatedSVD": lambda r: decomposition.TruncatedSVD(2),
    "KernelPCA": lambda r: decomposition.KernelPCA(2, kernel="linear"),
    "KBinsDiscretizer": lambda r: preprocessing.KBinsDiscretizer(3, encode=str(r.choice(["ordinal", "onehot-dense"]))),
    "FeatureUnion": lambda r: pipeline.FeatureUnion([("a", preprocessing.StandardScaler()), ("b", decomposition.PCA(2))]),
    "PolynomialFeatures": lambda r: preprocessing.PolynomialFeatures(2),
}


def layers(rng):
    return tuple(int(n) for n in rng.integers(1, 12, rng.integers(1, 4)))


def activation(rng):
    return pick(rng, "relu", "tanh", "logistic", "identity")


def one(rng, kinds, names):
    return kinds[pick(rng, *names)](rng)


def members(rng, kinds, names):
    return [(f"m{i}", kinds[n](rng)) for i, n in enumerate(rng.choice(names, 2, replace=False))]


def whole_numbers(make):
    """skl2onnx hands NumPy's numbers to onnx, which takes Python's only."""
    def plain(x):
        return int(x) if isinstance(x, (bool, np.bool_)) else x.item() if isinstance(x, np.generic) else x
    return lambda *a, **k: make(*a, **{n: [plain(x) for x in v] if isinstance(v, (list, np.ndarray)) else v for n, v in k.items()})


container.make_node = whole_numbers(container.make_node)


def data(rng, dim, kind, missing):
    x = (rng.normal(size=(90, dim)) * rng.choice([0.3, 1, 5], dim)).astype(np.float32)
    s = x @ rng.normal(size=dim) + x[:, 0] * x[:, -1]
    s = s / s.std()
    whole = x
    if missing:
        x = np.where(rng.random(x.shape) < 0.1, np.float32(np.nan), x)
    if kind == "classes":
        count = int(rng.integers(2, 5))
        return x, np.digitize(s, np.quantile(s, np.arange(1, count) / count))
    if kind == "counts":
        return x, np.floor(np.exp(s / 2))
    targets = int(rng.integers(1, 4))
    return x, s if targets == 1 else np.stack([s * (k + 1) + whole[:, k % dim] for k in range(targets)], 1)


def scikit(rng, name, kinds, steps, opset, ml):
    """A fitted pipeline of scikit-learn as ONNX, its labels, and its data."""
    classes = kinds is CLASSIFIERS
    missing = "SimpleImputer" in steps or not steps and name.startswith("Hist")
    dim = int(rng.integers(3, 8))
    x, y = data(rng, dim, "classes" if classes else "counts" if name in COUNTS else "numbers", missing)
    if y.ndim == 2 and (name not in SEVERAL or "SelectKBest" in steps):
        y = y[:, 0]
    if name == "MultiOutputRegressor":
        y = y.reshape(len(y), -1)
    names = classes and name != "OneVsOneClassifier" and rng.random() < 0.2  # it says that its labels are numbers
    if names:
        y = np.array([f"label {k}" for k in range(9)])[y]
    last = kinds[name](rng)
    parts = [TRANSFORMERS[s](rng) for s in steps]
    if parts and rng.random() < 0.2 and not missing and steps[0] not in WHOLE:
        some, rest = list(range(dim // 2)), list(range(dim // 2, dim))
        parts[0] = compose.ColumnTransformer([("some", parts[0], some), ("rest", "passthrough", rest)])
    model = pipeline.make_pipeline(*parts, last) if parts else last
    model.fit(x, y)
    options = {id(last): {"raw_scores": True}} if name == "LinearSVC" and parts else {}
    if classes and name not in PLAIN:
        options = {id(model): {"zipmap": pick(rng, False, False, True, "columns")}}
    converted = to_onnx(model, x[:1], target_opset={"": opset, "ai.onnx.ml": ml}, options=options or None)
    labels = model.classes_.tolist() if classes else None
    return converted, labels, x


def boosted(rng, name, opset):
    """A model of LightGBM or XGBoost as ONNX, its labels, and its data."""
    library, task = name.split()
    x, y = data(rng, int(rng.integers(3, 8)), "classes" if task == "classifier" else "numbers", rng.random() < 0.3)
    y = y if y.ndim == 1 else y[:, 0]
    given = dict(n_estimators=int(rng.integers(1, 6)), max_depth=int(rng.integers(1, 5)), n_jobs=1)
    types = [("input", FloatTensorType([None, x.shape[1]]))]
    if library == "LightGBM":
        kind = lightgbm.LGBMClassifier if task == "classifier" else lightgbm.LGBMRegressor
        model = kind(verbose=-1, min_child_samples=5, **given).fit(x, y)
        converted = onnxmltools.convert_lightgbm(model, initial_types=types, target_opset=opset, zipmap=bool(rng.random() < 0.3))
    else:
        kind = xgboost.XGBClassifier if task == "classifier" else xgboost.XGBRegressor
        model = kind(**given).fit(x, y)
        converted = onnxmltools.convert_xgboost(model, initial_types=types, target_opset=opset)
    return converted, model.classes_.tolist() if task == "classifier" else None, x


# Regressors of several targets. skl2onnx writes MLPRegressor and BaggingRegressor with several too, but their rows run into one another.
SEVERAL = ["LinearRegression", "Ridge", "Lasso", "ElasticNet", "DecisionTreeRegressor", "RandomForestRegressor", "ExtraTreesRegressor", "MultiOutputRegressor"]
# Their converters write operators of opset 11 whatever is asked for.
NEWER = {"MinMaxScaler", "MultinomialNB", "ComplementNB", "OneVsOneClassifier"}
COUNTS = ["PoissonRegressor", "TweedieRegressor"]
# Transformers that need several columns, or whose converter fails on some of the columns.
WHOLE = ["PCA", "SelectKBest", "TruncatedSVD", "FeatureUnion", "KBinsDiscretizer"]
PLAIN = ["LinearSVC", "Perceptron", "RidgeClassifier"]
BOOSTED = ["LightGBM classifier", "LightGBM regressor", "XGBoost classifier", "XGBoost regressor"]
OPSETS = [(9, 1), (10, 1), (11, 1), (12, 1), (13, 2), (14, 2), (15, 3), (16, 3), (17, 3), (18, 3), (19, 3), (20, 3), (21, 3), (22, 3)]


def draw(rng, name=None, steps=None):
    """A random model as ONNX, its labels, its data, and what it is."""
    everything = {n: REGRESSORS for n in REGRESSORS} | {n: CLASSIFIERS for n in CLASSIFIERS} | {n: None for n in BOOSTED}
    name = name or pick(rng, *everything)
    opset, ml = OPSETS[rng.integers(len(OPSETS))]
    if everything[name] is None:
        return *boosted(rng, name, min(opset, 15)), [name]
    if steps is None:
        steps = [str(s) for s in rng.choice(list(TRANSFORMERS), rng.choice([0, 1, 1, 2]), replace=False)]
        steps.sort(key="SimpleImputer".__ne__)
    if opset < 11 and NEWER & {name, *steps}:
        opset, ml = 11, 1
    if name == "IsolationForest" and ml == 1:
        opset, ml = 13, 2
    return *scikit(rng, name, everything[name], steps, opset, ml), steps + [name]


def loadable(rng, given, failures):
    """A random model that the libraries can fit, convert and load. Some combinations they can't."""
    while True:
        try:
            model, *rest = draw(rng, *given)
            judge.session(model)
            return model, *rest
        except Exception as e:  # of any library
            failures.append(f"{type(e).__name__}: {e}")
            if len(failures) > 50:
                raise


def write(folder, rng, *given, keep=40, failures=None):
    failures = [] if failures is None else failures
    model, labels, x, names = loadable(rng, given, failures)
    missing = rng.random() < 0.5 and "Binarizer" not in names  # onnxruntime's Binarizer fails on NaN
    rows = np.concatenate([x[:20], judge.hard_rows(rng, 40, x.shape[1], missing)])
    if "Binarizer" in names:
        rows = np.clip(np.nan_to_num(rows), -1e4, 1e4)
    try:
        judge.write(folder, model, rng.permutation(rows), {"estimator": " + ".join(names)}, labels, keep)
    except judge.Unsure:
        write(folder, rng, *given, keep=keep, failures=failures)  # another one


FIXED = {
    "linear": ("LinearRegression", ["StandardScaler"]),
    "poisson": ("PoissonRegressor", ["MinMaxScaler"]),
    "logistic": ("LogisticRegression", ["SimpleImputer", "StandardScaler"]),
    "logistic_each": ("LogisticRegressionOvR", ["Normalizer"]),
    "svc": ("LinearSVC", []),
    "sgd": ("SGDClassifier", ["MaxAbsScaler"]),
    "ridge": ("RidgeClassifier", ["PCA"]),
    "mlp": ("MLPClassifier", ["RobustScaler"]),
    "boosting": ("GradientBoostingClassifier", ["StandardScaler"]),
    "adaboost": ("AdaBoostClassifier", []),
    "isolation": ("IsolationForest", []),
    "bagging": ("BaggingClassifier", []),
    "voting": ("VotingClassifier", ["SelectKBest"]),
    "stacking": ("StackingRegressor", []),
    "calibrated": ("CalibratedClassifierCV", []),
    "bayes": ("GaussianNB", ["PolynomialFeatures"]),
    "multinomial": ("MultinomialNB", []),
    "each_pair": ("OneVsOneClassifier", []),
    "clusters": ("KMeans", []),
    "mixture": ("GaussianMixture", ["FeatureUnion"]),
    "bernoulli": ("BernoulliNB", ["Binarizer"]),
    "lightgbm": ("LightGBM classifier",),
}


def main():
    if sys.argv[1] == "fixed":
        for i, (name, given) in enumerate(FIXED.items()):
            write(os.path.join(sys.argv[2], "bound_sk_" + name), np.random.default_rng([4, i]), *given, keep=20)
        return
    folder, seed, count = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    failures = []
    for i in range(count):
        write(os.path.join(folder, f"bound_pipeline_{i:04}"), np.random.default_rng([seed, 8, i]), failures=failures)
    for f in failures:
        print("drawn again after", f.splitlines()[0][:200])


if __name__ == "__main__":
    main()
