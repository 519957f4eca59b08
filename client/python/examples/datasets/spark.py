"""Score a Parquet data set with Spark.

    spark-submit spark.py MODEL DATA OUT

DATA is a folder of Parquet files with the columns id and the features of MODEL, in its order and of float32. OUT becomes a folder
of such files with the columns id and score.
"""

import argparse
import pathlib
import time
from collections.abc import Iterator

import pyarrow
from pyspark import SparkFiles
from pyspark.sql import SparkSession

import disrust


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("data")
    parser.add_argument("out")
    args = parser.parse_args()
    spark = SparkSession.builder.appName("scores").getOrCreate()
    name = args.model.name
    spark.sparkContext.addFile(str(args.model))  # the workers of every machine have it

    def score(batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        """Score a partition. It runs in the workers, which share a daemon on each machine."""
        scorer = disrust.shared(SparkFiles.get(name), output="raw")
        for batch in batches:
            rows = batch.drop_columns(["id"]).to_tensor(null_to_nan=True).to_numpy()
            yield pyarrow.record_batch({"id": batch["id"], "score": scorer.score(rows)})

    begin = time.perf_counter()
    data = spark.read.parquet(args.data)
    data.mapInArrow(score, "id long, score float").write.parquet(args.out)
    print(f"scored in {time.perf_counter() - begin:.1f} s")


if __name__ == "__main__":
    main()
