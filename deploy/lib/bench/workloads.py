"""The workloads, run by fio's NBD engine."""

import json
import os
import resource
import statistics
import time
from dataclasses import dataclass

from processes import TICKS_PER_SECOND, run

PERCENTILES = [1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 99.5, 99.9, 99.95, 99.99]


@dataclass(frozen=True)
class Workload:
    """One line of the table."""

    name: str
    rw: str
    block: str
    depth: int
    options: tuple = ()


WORKLOADS = [
    Workload("4K randwrite QD1", "randwrite", "4k", 1),
    Workload("4K randwrite QD32", "randwrite", "4k", 32),
    Workload("4K randread QD32", "randread", "4k", 32),
    Workload("4K mixed 70/30 QD32", "randrw", "4k", 32, ("--rwmixread=70",)),
    Workload("1M seqwrite QD8", "write", "1m", 8),
    Workload("1M seqread QD8", "read", "1m", 8),
]
BY_NAME = {w.name: w for w in WORKLOADS}


def fio(uri, workload, seconds, jobs=1, size="1g", more=()):
    """Runs a workload and returns fio's summary."""
    printed = run(["fio", "--name=bench", "--ioengine=nbd", f"--uri={uri}", f"--rw={workload.rw}",
                   f"--bs={workload.block}", f"--iodepth={workload.depth}", f"--size={size}", "--time_based",
                   f"--runtime={seconds}", f"--numjobs={jobs}", "--group_reporting", "--norandommap",
                   "--randrepeat=0", "--percentile_list=" + ":".join(map(str, PERCENTILES)),
                   "--output-format=json", *workload.options, *more])
    return json.loads(printed[printed.index("{"):])["jobs"][0]


def fill(target, seconds=60):
    """Every block written once, so that no workload pays for the allocation of the file."""
    run(["fio", "--name=fill", "--ioengine=nbd", f"--uri={target.uri()}", "--rw=write", "--bs=1m", "--iodepth=8",
         "--size=1g", f"--runtime={seconds}"])


def _busy_seconds():
    """Processor time of everything on the machine, interrupts aside."""
    with open("/proc/stat", encoding="ascii") as stat:
        user, nice, system = stat.readline().split()[1:4]
    return (int(user) + int(nice) + int(system)) / TICKS_PER_SECOND


def _own_seconds():
    """Processor time of the bench and of what it has waited for: fio."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in usages)


def measure(target, workload, seconds, **more):
    """One run of a workload against a target: rates, latencies, and what it cost each process."""
    processes, logs = target.processes(), target.gc_logs()
    positions = [log.position() for log in logs]
    machine, own = _busy_seconds(), _own_seconds()
    before = [p.cpu_seconds() for p in processes]
    begun = time.monotonic()
    job = fio(target.uri(), workload, seconds, **more)
    after = [p.cpu_seconds() for p in processes]
    took = time.monotonic() - begun
    others = (_busy_seconds() - machine) - (_own_seconds() - own) - (sum(after) - sum(before))
    sides = [job[side] for side in ("read", "write") if job[side]["total_ios"]]
    total_bytes = sum(side["io_bytes"] for side in sides)
    slower = max(sides, key=lambda side: side["clat_ns"]["percentile"]["99.000000"])
    percentiles = {k: v / 1000 for k, v in slower["clat_ns"]["percentile"].items()}
    return {
        "iops": sum(side["iops"] for side in sides),
        "mb_per_second": sum(side["bw_bytes"] for side in sides) / 1e6,
        "mean_us": sum(s["clat_ns"]["mean"] * s["total_ios"] for s in sides) / sum(s["total_ios"] for s in sides) / 1e3,
        "p50_us": percentiles["50.000000"],
        "p99_us": percentiles["99.000000"],
        "p999_us": percentiles["99.900000"],
        "percentiles_us": {f"{float(k):g}": v for k, v in percentiles.items()},
        "cpu_seconds_per_gib": [(b - a) / (total_bytes / (1 << 30)) for a, b in zip(before, after)],
        "cpu_share": [(b - a) / took for a, b in zip(before, after)],
        "others_share": max(0.0, others) / took / os.cpu_count(),
        "gc": [log.window(start) for log, start in zip(logs, positions)],
    }


def median_of(runs):
    """The run's figures, each the median over the runs; GC: the worst of all, rates the median."""
    def middle(get):
        return statistics.median(get(r) for r in runs)

    result = {key: middle(lambda r, k=key: r[k])
              for key in ("iops", "mb_per_second", "mean_us", "p50_us", "p99_us", "p999_us", "others_share")}
    result["percentiles_us"] = {p: middle(lambda r, p=p: r["percentiles_us"][p]) for p in runs[0]["percentiles_us"]}
    for key in ("cpu_seconds_per_gib", "cpu_share"):
        result[key] = [middle(lambda r, k=key, i=i: r[k][i]) for i in range(len(runs[0][key]))]
    result["gc"] = []
    for i in range(len(runs[0]["gc"])):
        windows = [r["gc"][i] for r in runs]
        rates = [w["allocated_mib_per_second"] for w in windows if w["allocated_mib_per_second"] is not None]
        result["gc"].append({
            "pauses": sum(w["pauses"] for w in windows),
            "longest_pause_ms": max(w["longest_pause_ms"] for w in windows),
            "longest_safepoint_ms": max(w["longest_safepoint_ms"] for w in windows),
            "allocated_mib_per_second": statistics.median(rates) if rates else None,
        })
    result["runs_iops"] = [round(r["iops"]) for r in runs]
    return result


def interleaved(targets, workload, seconds, rounds, before=lambda target: None, **more):
    """Target name → median over the rounds; a round runs the workload against each target in turn.

    before: called with the target before each of its runs
    """
    runs = {t.name: [] for t in targets}
    for n in range(rounds):
        for target in targets if n % 2 == 0 else reversed(targets):
            before(target)
            runs[target.name].append(measure(target, workload, seconds, **more))
    return {name: median_of(them) for name, them in runs.items()}
