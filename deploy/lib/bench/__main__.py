"""Measures carpool against its peers. Started by deploy/bench, which installs what this needs."""

import argparse
import json
import os
import platform
import sys
import time

import plots
from plan import FULL, MODES, QUICK, Bench
from processes import Failed, run
from report import bars, compare, table
from workloads import BY_NAME

# What one run leaves for a later one with --add.
PARTS = ("workloads", "gc", "modes", "disk", "growth", "seconds")
PLOTTED = "4K randwrite QD32"


def machine():
    """What the figures depend on."""
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        model = next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), "unknown")
    with open("/proc/meminfo", encoding="utf-8") as info:
        memory_mib = int(info.readline().split()[1]) // 1024
    return {"cpu": model, "processors": os.cpu_count(), "memory_mib": memory_mib,
            "kernel": platform.release(), "fio": run(["fio", "--version"]).strip(),
            "nbdkit": run(["nbdkit", "--version"]).strip(),
            "qemu": run(["qemu-storage-daemon", "--version"]).splitlines()[0],
            "load_before": os.getloadavg()}


def options():
    parser = argparse.ArgumentParser(prog="deploy/bench")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--ram", default="/dev/shm")
    parser.add_argument("--disk")
    parser.add_argument("--out", required=True)
    parser.add_argument("--compare")
    parser.add_argument("--only", choices=["yardsticks", "gc", "modes", "disk", "growth"], action="append")
    parser.add_argument("--name", action="append", default=[], choices=[*BY_NAME, *(name for name, _ in MODES)])
    parser.add_argument("--add", action="store_true")
    parser.add_argument("--dist", required=True)
    return parser.parse_args()


def say(text):
    print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)


def main():
    wanted = options()
    old = None
    if wanted.compare:
        with open(wanted.compare, encoding="utf-8") as file:
            old = json.load(file)
    ram = os.path.join(wanted.ram, f"carpool-bench-{os.getpid()}")
    os.makedirs(wanted.out, exist_ok=True)
    path = os.path.join(wanted.out, "bench.json")
    earlier = {}
    if wanted.add and os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            whole = json.load(file)
        earlier = {part: whole[part] for part in PARTS if part in whole}
    bench = Bench(wanted.dist, ram, wanted.disk, QUICK if wanted.quick else FULL, say, earlier)
    about = {"date": time.strftime("%Y-%m-%d %H:%M %Z"), "machine": machine(),
             "java": run([f"{wanted.dist}/bin/carpool", "--version"]).strip(), "quick": wanted.quick}

    def save(results):
        about["machine"]["load_after"] = os.getloadavg()
        with open(path, "w", encoding="utf-8") as file:
            json.dump({**about, **results, "bars": bars(results)}, file, indent=1, ensure_ascii=False)
            file.write("\n")

    try:
        bench.run(wanted.quick, wanted.only, wanted.name, save)
    finally:
        if os.path.isdir(ram):
            os.rmdir(ram)
    results = bench.results
    print(table(results))
    if PLOTTED in results.get("workloads", {}):
        plots.latency(results, PLOTTED, os.path.join(wanted.out, "latency.svg"))
        plots.throughput(results, os.path.join(wanted.out, "throughput.svg"))
    if old:
        print("\n" + compare(old, results))
    print(f"\n{path}")


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        print(f"deploy/bench: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
