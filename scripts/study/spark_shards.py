"""A study on the cluster that it is about: Spark maps shards over its executors, each runs the podramp binary.

  spark-submit --files build/release/podramp,study.json,scenario.json scripts/study/spark_shards.py \
      study.json 64 /mnt/shared/study

Spark puts all files into one folder, so study.json names its scenario without one. Executors need podramp's shared libraries (scripts/study/Dockerfile lists them) and a folder that all of them, and you,
can see. Then: podramp merge /mnt/shared/study --out results/study
"""
import subprocess
import sys


def run_shard(index, count, spec, out):
    """One shard in this executor; its last line, or why it failed. Imported nowhere else, so that Spark can ship it."""
    import os
    from pyspark import SparkFiles

    podramp = SparkFiles.get("podramp")
    os.chmod(podramp, 0o755)
    command = [podramp, "tune", SparkFiles.get(spec), "--shard", f"{index}/{count}", "--jobs", "1", "--out", out]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"shard {index}/{count}: {done.stderr.strip()}")
    return done.stdout.strip()


def main():
    from pyspark.sql import SparkSession

    spec, count, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    context = SparkSession.builder.appName("podramp-study").getOrCreate().sparkContext
    shards = context.parallelize(range(1, count + 1), count)
    for line in shards.map(lambda index: run_shard(index, count, spec, out)).collect():
        print(line)


if __name__ == "__main__":
    main()
