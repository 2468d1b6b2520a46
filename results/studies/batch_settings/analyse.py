#!/usr/bin/env python3
"""Tables and data for the plots of this study, from the runs.csv that `podramp tune` wrote. Standard library only;
whole numbers and medians of them, so that the same runs.csv gives the same bytes."""
import csv
import pathlib
import sys
from collections import defaultdict

HERE = pathlib.Path(__file__).parent
SIZE, DELAY = "allocation.batch.size", "allocation.batch.delay"
DEFAULTS = {5: "3.5, fork-2.2", 10: "4.0, 4.1", 20: "4.2 and later"}
IMAGES = {"spark:4.0.0": "warm", "pause": "cold"}


def median(values):
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def load():
    """(executors, image, write latency, size, delay) -> {kpi: median of its seeds}"""
    seeds = defaultdict(list)
    with open(HERE / "runs.csv", newline="") as file:
        for row in csv.DictReader(file):
            assert row["exit"] == "0", row
            key = (int(row["executors"]), IMAGES[row["node_image"]], row["write_latency"], int(row[SIZE]), row[DELAY])
            seeds[key].append({kpi: int(row[kpi]) for kpi in ("time_to_95_ms", "requests_per_s_max", "pending_max")})
    return {key: {kpi: median([run[kpi] for run in runs]) for kpi in runs[0]} for key, runs in seeds.items()}


def values(cells, position):
    return list(dict.fromkeys(key[position] for key in cells))


def seconds(ms):
    return "never" if ms < 0 else f"{ms // 1000}.{ms % 1000 // 100}" if ms < 100_000 else str(ms // 1000)


def figures(cell):
    return f"{seconds(cell['time_to_95_ms'])} s, {cell['requests_per_s_max']}/s, {cell['pending_max']}"


def markdown(head, rows):
    """The first column is of numbers."""
    lines = ["| " + " | ".join(row) + " |" for row in [head] + rows]
    lines.insert(1, "|---:|" + "---|" * (len(head) - 1))
    return "\n".join(lines)


def table(cells, image, latency, delay):
    """A row for each batch size, three figures for each number of executors."""
    executors = values(cells, 0)
    rows = [[str(size), DEFAULTS.get(size, "")] + [figures(cells[n, image, latency, size, delay]) for n in executors]
            for size in values(cells, 3)]
    head = ["batch.size", "default of"] + [f"{n} executors" for n in executors]
    return markdown(head, rows)


def delays(cells, image, latency, executors):
    """A row for each batch size, three figures for each delay."""
    rows = [[str(size)] + [figures(cells[executors, image, latency, size, d]) for d in values(cells, 4)]
            for size in values(cells, 3)]
    head = ["batch.size"] + [f"delay {d}" for d in values(cells, 4)]
    return markdown(head, rows)


def put(text, name, new):
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, rest = text.split(start, 1)
    return before + start + "\n" + new + "\n" + end + rest.split(end, 1)[1]


def write_data(cells, folder):
    """One file a curve: batch size, seconds to 95 %, requests/s, pending."""
    for (executors, image, latency, size, delay), cell in cells.items():
        name = f"{executors}-{image}-{latency}-{delay}.dat"
        with open(folder / name, "a") as file:
            time = cell["time_to_95_ms"]
            default = DEFAULTS.get(size, "").split(",")[0].split(" ")[0]
            file.write(f"{size} {time / 1000 if time >= 0 else 'nan'} {cell['requests_per_s_max']} "
                       f"{cell['pending_max']} \"{default}\"\n")


def main():
    """analyse.py FOLDER: the tables into README.md, the plots' data into FOLDER. analyse.py --check: are they there?"""
    cells = load()
    page = HERE / "README.md"
    old = text = page.read_text()
    text = put(text, "warm", table(cells, "warm", "8ms", "1s"))
    text = put(text, "slow", table(cells, "warm", "200ms", "1s"))
    text = put(text, "cold", table(cells, "cold", "8ms", "1s"))
    text = put(text, "delays", delays(cells, "warm", "8ms", 2000))
    if sys.argv[1] == "--check":
        sys.exit(0 if text == old else f"{page}: its tables are not those of runs.csv; run analyse.py or regenerate")
    write_data(cells, pathlib.Path(sys.argv[1]))
    page.write_text(text)


main()
