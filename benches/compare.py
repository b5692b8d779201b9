#!/usr/bin/env python3
"""Compares whole processes side by side: `speur scan` against `rg` with ten equivalent patterns, on generated data.

    cargo build --release && benches/compare.py [--runs 5] [--threads 1] [--scale 0.1] [--record DIR] [NAME ...]

Each benchmark is a file in benches/definitions/: which data, what it shows, which detectors must be counted alike by both.
The two commands take turns (A B A B ...), after a warm-up of both; what counts is the processor time of the whole process
(user + system) and its wall time, as medians, and their ratios pair by pair. A run whose counts differ is an error and no
result. Needs Python 3.11 and ripgrep, nothing else.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
PATTERNS = HERE / "patterns.txt"
# The line of patterns.txt that finds what a detector finds, where the shape alone decides.
PATTERN_OF = {"email": 0, "iban": 1, "mac-address": 7}


def scaled(arguments, scale):
    """The arguments of `speur generate` for a share of the data."""
    result = list(arguments)
    for index, argument in enumerate(result):
        if argument == "--bytes":
            units = {"G": 10**9, "M": 10**6, "K": 10**3}
            size = result[index + 1]
            result[index + 1] = str(int(float(size[:-1]) * units[size[-1]] * scale))
        elif argument == "--rows":
            result[index + 1] = str(int(int(result[index + 1]) * scale))
    return result


def generate(speur, folder, name, arguments, scale):
    path = folder / f"{scale:g}-{name}"
    if not path.exists():
        part = path.with_suffix(path.suffix + ".part")
        subprocess.run([speur, "generate", *scaled(arguments, scale), "-o", part], check=True)
        part.rename(path)
    return path


def timed(command, out):
    """Runs a command with its output in a file: processor seconds, wall seconds, peak memory in MiB."""
    with open(out, "wb") as sink:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=sink, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        sys.exit(f"error: {' '.join(map(str, command))} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


def check_counts(speur, rg, definition, path, rg_path):
    """Both must count alike what the shape alone decides."""
    if not definition["agree"]:
        return {}
    patterns = PATTERNS.read_text().splitlines()
    detectors = ",".join(definition["agree"])
    command = [speur, "scan", path, "-f", "ndjson", "--detectors", detectors, "--min-confidence", "0", "-q"]
    # Line by line: all findings at once would be several times as large as the input.
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        columns = [json.loads(line) for line in process.stdout if line.startswith(b'{"type":"column"')]
    counts = {}
    for detector in definition["agree"]:
        ours = sum(d["matches"] for c in columns for d in c["detectors"] if d["detector"] == detector)
        found = subprocess.run(
            [rg, "-a", "-o", "--no-unicode", "--count-matches", "-e", patterns[PATTERN_OF[detector]], rg_path],
            capture_output=True, check=False)
        theirs = int(found.stdout or 0)
        counts[detector] = {"speur": ours, "rg": theirs}
        if abs(ours - theirs) > theirs * 0.005:
            sys.exit(f"error: {detector}: speur counts {ours}, rg {theirs}; the comparison is void")
    return counts


def measure(definition, options, folder):
    speur, rg = options.speur, options.rg
    path = generate(speur, folder, definition["file"], definition["generate"], options.scale)
    rg_path = path
    if "rg_file" in definition:
        rg_path = generate(speur, folder, definition["rg_file"], definition["rg_generate"], options.scale)
    counts = check_counts(speur, rg, definition, path, rg_path)
    threads = str(options.threads)
    ours = [speur, "scan", path, "--threads", threads, "-q", *options.speur_option]
    theirs = [rg, "-a", "-o", "-b", "--no-unicode", "-j", threads, "-f", PATTERNS, rg_path]
    out = folder / "out"
    runs = []
    for run in range(options.runs + 1):
        pair = {"speur": timed(ours, out), "rg": timed(theirs, out)}
        if run > 0:
            runs.append(pair)
    cpu = {who: statistics.median(run[who][0] for run in runs) for who in ("speur", "rg")}
    wall = {who: statistics.median(run[who][1] for run in runs) for who in ("speur", "rg")}
    return {
        "input_bytes": path.stat().st_size,
        "rg_input_bytes": rg_path.stat().st_size,
        "threads": options.threads,
        "runs": options.runs,
        "counts": counts,
        "cpu_seconds": cpu,
        "wall_seconds": wall,
        "peak_mib": {who: max(run[who][2] for run in runs) for who in ("speur", "rg")},
        "ratio": statistics.median(run["rg"][0] / run["speur"][0] for run in runs),
        "bar": definition["bar"],
    }


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return f"{line.split(':')[1].strip()}, {os.cpu_count()} cores"
    return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="*", help="definitions to run; all by default")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the data to generate")
    parser.add_argument("--speur", default=HERE.parent / "target/release/speur")
    parser.add_argument("--speur-option", action="append", default=[], help="one more option for speur scan")
    parser.add_argument("--rg", default="rg")
    parser.add_argument("--data", type=pathlib.Path, default=HERE.parent / "target/bench-data")
    parser.add_argument("--record", type=pathlib.Path, help="a folder to write the results to")
    options = parser.parse_args()
    options.data.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([options.rg, "--version"], capture_output=True, text=True, check=True)
    results = {"machine": processor(), "rg": version.stdout.splitlines()[0], "benchmarks": {}}
    print(f"{results['machine']}; {results['rg']}")
    for file in sorted((HERE / "definitions").glob("*.toml")):
        if options.name and file.stem not in options.name:
            continue
        result = measure(tomllib.loads(file.read_text()), options, options.data)
        results["benchmarks"][file.stem] = result
        speed = result["input_bytes"] / result["cpu_seconds"]["speur"] / 1e9
        print(
            f"{file.stem}: speur {result['cpu_seconds']['speur']:.2f} s, rg {result['cpu_seconds']['rg']:.2f} s of processor "
            f"time, {result['ratio']:.2f} x rg (bar {result['bar']}); {speed:.2f} GB/s, "
            f"wall {result['wall_seconds']['speur']:.2f} s, peak {result['peak_mib']['speur']:.0f} MiB")
    if options.record:
        options.record.mkdir(parents=True, exist_ok=True)
        (options.record / "compare.json").write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
