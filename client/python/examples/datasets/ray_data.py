"""Score a Parquet data set with Ray Data.

    python ray_data.py MODEL DATA OUT

DATA is a folder of Parquet files with the columns id and the features of MODEL, in its order and of float32. OUT becomes a folder
of such files with the columns id and score. On a cluster, each machine finds all three at the same path.
"""

import argparse
import time

import pyarrow
import pyarrow.dataset
import ray

import disrust


def score(table: pyarrow.Table, model: str) -> pyarrow.Table:
    """Score a block. It runs in the workers, which share a daemon on each machine."""
    scorer = disrust.shared(model, output="raw")
    rows = (batch.to_tensor(null_to_nan=True).to_numpy() for batch in table.drop_columns("id").to_batches(max_chunksize=4096))
    scores = pyarrow.chunked_array([scorer.score(part) for part in rows], pyarrow.float32())
    return pyarrow.table({"id": table["id"], "score": scores})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("out")
    parser.add_argument("--cpus", type=int, help="how many CPUs Ray uses, if it starts on this machine alone (all)")
    args = parser.parse_args()
    ray.init(num_cpus=args.cpus, include_dashboard=False)
    # With this reader, and a task for each file, a worker reads, scores and writes it, and nothing goes through the object store.
    ray.data.DataContext.get_current().use_datasource_v2 = False
    files = pyarrow.dataset.dataset(args.data).files

    begin = time.perf_counter()
    data = ray.data.read_parquet(args.data, override_num_blocks=len(files))
    # A batch is a whole block, which is not copied.
    scores = data.map_batches(score, fn_kwargs={"model": args.model}, batch_format="pyarrow", batch_size=None, zero_copy_batch=True)
    scores.write_parquet(args.out)
    print(f"scored in {time.perf_counter() - begin:.1f} s")


if __name__ == "__main__":
    main()
