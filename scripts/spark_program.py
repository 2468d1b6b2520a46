"""The program that a real Spark driver runs for scripts/against_spark: the workload of a scenario's first application.
usage: spark_program.py SCENARIO.json      (with the pyspark of SPARK_HOME on PYTHONPATH)
Tasks sleep as long as the scenario says; a stage that shuffles does so with small data. Without a workload it waits
until the executors have come, or 60 s.
"""
import json
import pathlib
import re
import sys
import threading
import time

from pyspark import SparkContext

UNITS = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600}


def seconds(text):
    number, unit = re.fullmatch(r"([0-9.]+)([a-z]+)", text).groups()
    return float(number) * UNITS[unit]


def application_of(path):
    scenario = json.loads(path.read_text())
    if "base" in scenario:
        application = application_of(path.parent / scenario["base"])
        for change in scenario.get("applications", [])[:1]:
            application["conf"].update(change.pop("conf", {}))
            application.update(change)
        return application
    return scenario["applications"][0]


def run_job(spark, job, started):
    time.sleep(max(0.0, started + seconds(job.get("start", "0s")) - time.monotonic()))
    for stage in job["stages"]:
        pause = seconds(stage["duration"])
        spark.parallelize(range(stage["tasks"]), stage["tasks"]).foreach(lambda _: time.sleep(pause))


def wait_for_executors(spark, wanted):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        known = spark._jsc.sc().getExecutorMemoryStatus().size() - 1
        if known >= wanted:
            return time.sleep(3)
        time.sleep(0.5)


def main():
    application = application_of(pathlib.Path(sys.argv[1]))
    spark = SparkContext(appName="probe")
    started = time.monotonic()
    jobs = application.get("workload", {}).get("jobs", [])
    threads = [threading.Thread(target=run_job, args=(spark, job, started)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not jobs:
        wait_for_executors(spark, int(application["conf"].get("spark.executor.instances", "2")))
    time.sleep(float(application.get("idle", 0)))
    spark.stop()


main()
