"""The program that a real Spark driver runs for scripts/against_spark: the workload of a scenario's first application.
usage: spark_program.py SCENARIO.json      (with the pyspark of SPARK_HOME on PYTHONPATH)
Jobs follow one another, their tasks sleep as long as the scenario says, and the driver stops when it says.
"""
import json
import pathlib
import re
import sys
import time

from pyspark import SparkContext

UNITS = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600}


def seconds(text):
    number, unit = re.fullmatch(r"([0-9.]+)([a-z]+)", text).groups()
    return float(number) * UNITS[unit]


def run_job(spark, job):
    time.sleep(seconds(job.get("start", "0s")))
    for stage in job["stages"]:
        pause = seconds(stage["duration"]["constant"])
        spark.parallelize(range(stage["tasks"]), stage["tasks"]).foreach(lambda _: time.sleep(pause))


def main():
    application = json.loads(pathlib.Path(sys.argv[1]).read_text())["applications"][0]
    started = time.monotonic()
    spark = SparkContext(appName="probe")
    for job in application.get("workload", {}).get("jobs", []):
        run_job(spark, job)
    time.sleep(max(0.0, started + seconds(application["stop"]) - time.monotonic()))
    spark.stop()


main()
