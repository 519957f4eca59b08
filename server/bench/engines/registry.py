"""The engines that are compared: ours first, then the others, then the floor."""
import dataclasses
import importlib.metadata


@dataclasses.dataclass(frozen=True)
class Engine:
    name: str
    title: str
    libraries: tuple = ()  # whose models it scores; (): of all
    module: str = ""       # in peers; "": a program of its own
    package: str = ""      # whose version the table says
    compiled: str = ""     # the file that it makes of a model beforehand
    kernel: str = ""       # of ours
    way: str = ""          # which of the library's several ways it is

    @property
    def ours(self):
        return self.name.startswith("disrust")

    def full_title(self):
        """The title with the version."""
        version = ""
        if self.package:
            try:
                version = " " + importlib.metadata.version(self.package)
            except importlib.metadata.PackageNotFoundError:
                pass
        return self.title + version + (", " + self.way if self.way else "")


BOOSTED = "lightgbm", "xgboost", "catboost"
ENGINES = [
    Engine("disrust", "disrust", kernel="auto"),
    Engine("disrust-portable", "disrust", kernel="portable", way="portable"),
    Engine("disrust-avx2", "disrust", kernel="avx2", way="avx2"),
    Engine("disrust-avx512", "disrust", kernel="avx512", way="avx512"),
    Engine("lightgbm", "LightGBM", ("lightgbm",), "lightgbm", "lightgbm"),
    Engine("xgboost", "XGBoost", ("xgboost",), "xgboost", "xgboost-cpu"),
    Engine("catboost", "CatBoost", ("catboost",), "catboost", "catboost"),
    Engine("catboost-pool", "CatBoost", ("catboost",), "catboost_pool", "catboost", way="Pools made beforehand"),
    Engine("catboost-cpp", "CatBoost", ("catboost",), "catboost_cpp", "catboost", "catboost_cpp.so", way="exported C++"),
    Engine("scikit-learn", "scikit-learn", ("forest",), "sklearn", "scikit-learn"),
    Engine("onnxruntime", "onnxruntime", (), "onnxruntime", "onnxruntime"),
    Engine("onedal", "oneDAL", BOOSTED, "onedal", "daal"),
    Engine("lleaves", "lleaves", ("lightgbm",), "lleaves", "lleaves", "lleaves.bin"),
    Engine("tl2cgen", "tl2cgen", ("lightgbm", "xgboost"), "tl2cgen", "tl2cgen", "tl2cgen.so"),
    Engine("leaves", "leaves, in Go", ("lightgbm",)),
    Engine("floor", "floor in C", ("lightgbm", "xgboost")),
]


def engines_for(name, model, chosen):
    """The engines that score a model. The floor is for trees that fit it."""
    for e in ENGINES:
        fits = e.name != "floor" or leaves(model) <= 64
        asked = not chosen or e.name in chosen or e.name == "disrust"
        if fits and asked and (not e.libraries or model.library in e.libraries):
            yield e


def leaves(model):
    return model.size if model.library == "lightgbm" else 2 ** model.size
