#!/usr/bin/env python3
"""How many small files a second `speur scan` reads: text, source code, JSON and CSV, in folders of 500, with the findings as JSON.

    benches/folders.py [--files 10000] [--runs 5] [--threads 2] SPEUR [SPEUR ...]

Several builds take turns. Shown is the least wall time of each, in files a second, and its processor time. People are invented.
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import tempfile
import time

WORDS = "order paid late sent via mail to customer ref line note again".split()


def text(number):
    lines = [" ".join(random.choices(WORDS, k=12)) for _ in range(8)]
    mail = [f"contact user{number}@example{number % 50}.org today"] if number % 10 == 0 else []
    return "\n".join(lines + mail) + "\n"


def code(_):
    lines = [f"    let x{line} = work_{random.randrange(99)}(y, {random.randrange(999)});" for line in range(20)]
    return "\n".join(lines) + "\n"


def record(number):
    items = [{"sku": f"A{random.randrange(9999)}", "price": random.randrange(999) / 100} for _ in range(4)]
    name = random.choice(["Jan", "Piet", "Els"]) + random.choice([" de Vries", " Jansen"])
    at = f"2024-03-{number % 28 + 1:02}T10:00:00Z"
    return json.dumps({"id": number, "name": name, "email": f"u{number}@mail{number % 9}.nl", "items": items, "at": at})


def table(number):
    rows = [f"{row};{random.choice(['Jan', 'Els'])};u{number}{row}@x.nl;{row * 3}.20" for row in range(10)]
    return "\n".join(["id;name;email;amount", *rows]) + "\n"


KINDS = {"txt": text, "rs": code, "json": record, "csv": table}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("builds", nargs="+", metavar="SPEUR")
    arguments = parser.parse_args()
    random.seed(1)
    with tempfile.TemporaryDirectory() as base:
        for kind, make in KINDS.items():
            for number in range(arguments.files):
                folder = pathlib.Path(base, kind, str(number // 500))
                folder.mkdir(parents=True, exist_ok=True)
                (folder / f"{number}.{kind}").write_text(make(number))
            least = {}
            for _ in range(arguments.runs):
                for build in arguments.builds:
                    command = [build, "scan", f"{base}/{kind}", "-q", "-f", "none", "-o", f"{base}/out.json"]
                    start = time.perf_counter()
                    process = subprocess.Popen([*command, "--threads", str(arguments.threads)])
                    _, status, usage = os.wait4(process.pid, 0)
                    took = (time.perf_counter() - start, usage.ru_utime + usage.ru_stime)
                    if status:
                        raise SystemExit(f"error: {build} ended with {os.waitstatus_to_exitcode(status)}")
                    least[build] = min(took, least.get(build, took))
            for build, (wall, processor) in least.items():
                print(f"{kind:5} {build}: {arguments.files / wall:,.0f} files/s, {processor:.2f} s of processor time")


if __name__ == "__main__":
    main()
