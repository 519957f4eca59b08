"""Trains models with CatBoost on features that are no numbers.

    pip install catboost==1.2.10 numpy==2.4.6
    python make.py .

All data is random. CatBoost gives what it makes of text and embeddings new ids in each run.
"""
import os
import sys

import catboost as cb
import numpy as np

BASE = dict(iterations=2, depth=2, thread_count=1, verbose=0, allow_writing_files=False, random_seed=7)


def save(name, pool, **params):
    model = cb.CatBoostClassifier(**BASE, **params).fit(pool)
    metadata = model.get_metadata()
    for key in ("model_guid", "train_finish_time", "output_options", "training"):  # they change from run to run
        del metadata[key]
    model.save_model(os.path.join(sys.argv[1], name + ".cbm"))


rng = np.random.default_rng(15)
x = rng.normal(size=60)
city = rng.integers(0, 4, 60)
label = ((x > 0) ^ (city > 1)).astype(int)
numbers = [[float(v)] for v in x]
words = np.array(["red", "green", "blue", "white"])
with_city = cb.Pool([[float(v), str(words[c])] for v, c in zip(x, city)], label, cat_features=[1], feature_names=["x", "city"])
save("ctr", with_city, one_hot_max_size=2)
save("one_hot", with_city, one_hot_max_size=10)
save("text", cb.Pool([[float(v), str(words[c]) + " " + str(words[c - 1])] for v, c in zip(x, city)], label, text_features=[1],
                     feature_names=["x", "note"]))
save("embedding", cb.Pool([[float(v), [float(c), float(v)]] for v, c in zip(x, city)], label, embedding_features=[1],
                          feature_names=["x", "point"]))
