"""The table, the bars and the comparison."""

import statistics

MIRROR, FLOOR = "mirror", "nbdkit"

# What nbdkit reached in the run in which hastd's figures were taken (reference run of the bars): a
# slower or busier machine scales the absolute bars by the same factor.
NBDKIT_REFERENCE_IOPS = 118_000
NBDKIT_REFERENCE_MB = 2_300


def bars(results):
    """Rows of the bars: what, at least or at most, measured, met."""
    rows = []

    def at_least(what, bar, value):
        rows.append({"bar": what, "limit": f"≥ {bar:.2f}", "value": value, "met": value >= bar})

    def at_most(what, bar, value):
        rows.append({"bar": what, "limit": f"≤ {bar:.2f}", "value": value, "met": value <= bar})

    work = results.get("workloads", {})

    def of_peer(name, peer, word, bar):
        if name in work:
            at_least(f"{name}, × {word}", bar, work[name]["carpool"]["iops"] / work[name][peer]["iops"])

    of_peer("4K randwrite QD1", MIRROR, "QEMU mirror", 1.5)
    of_peer("4K randwrite QD32", MIRROR, "QEMU mirror", 3.5)
    of_peer("1M seqwrite QD8", MIRROR, "QEMU mirror", 2.0)
    of_peer("4K randread QD32", FLOOR, "nbdkit", 1.0)
    if "4K randwrite QD32" in work:
        write32 = work["4K randwrite QD32"]
        slow = max(1.0, NBDKIT_REFERENCE_IOPS / write32[FLOOR]["iops"])
        at_most(f"p99 at QD32, ms (3.5 × {slow:.2f} by nbdkit)", 3.5 * slow, write32["carpool"]["p99_us"] / 1000)
        at_most(f"CPU s/GiB 4K QD32, both nodes (9 × {slow:.2f})", 9 * slow,
                sum(write32["carpool"]["cpu_seconds_per_gib"]))
    if "1M seqwrite QD8" in work:
        long = work["1M seqwrite QD8"]
        slow = max(1.0, NBDKIT_REFERENCE_MB / long[FLOOR]["mb_per_second"])
        at_most(f"CPU s/GiB 1M QD8, both nodes (1.2 × {slow:.2f})", 1.2 * slow,
                sum(long["carpool"]["cpu_seconds_per_gib"]))
    if "disk" in results:
        at_least("4K randwrite QD32 on disk, × write + fdatasync", 4.0, results["disk"]["ratio"])
    tls = results.get("modes", {}).get("tls")
    if tls:
        runs = tls["4K randwrite QD32"]
        at_least("TLS, × plain at QD32", 0.8, runs["tls"]["iops"] / runs["fullsync"]["iops"])
    if "gc" in results:
        longest = max(window["longest_pause_ms"] for window in results["gc"]["gc"])
        at_most(f"longest GC pause in {results['gc']['seconds']} s, ms", 5.0, longest)
    return rows


def _gc(entry):
    if not entry["gc"]:
        return ""
    rates = [w["allocated_mib_per_second"] for w in entry["gc"]]
    allocated = "/".join("<1" if r is None else f"{r:.0f}" for r in rates)
    return f"{allocated:>8} {max(w['longest_pause_ms'] for w in entry['gc']):7.2f}"


HEAD = (f"{'':24} {'':10} {'IOPS':>8} {'MB/s':>7} {'p50 µs':>8} {'p99 µs':>8} {'p99.9':>8} {'CPU s/GiB':>12}"
        f" {'ratio':>7} {'MiB/s':>8} {'GC ms':>7}")


def _line(label, name, entry, ratio):
    cpu = "+".join(f"{c:.2f}" for c in entry["cpu_seconds_per_gib"])
    return (f"{label:24} {name:10} {entry['iops']:8.0f} {entry['mb_per_second']:7.0f} {entry['p50_us']:8.0f}"
            f" {entry['p99_us']:8.0f} {entry['p999_us']:8.0f} {cpu:>12} {ratio:7.2f} {_gc(entry)}").rstrip()


def table(results):
    """Everything as text; a ratio is carpool's rate to the line's, or the mode's to plain fullsync."""
    lines = []
    if "workloads" in results:
        lines += ["carpool in fullsync and its peers (ratio: carpool's rate / this one's)", HEAD]
        for workload, entries in results["workloads"].items():
            mine = entries["carpool"]["iops"]
            for i, (name, entry) in enumerate(entries.items()):
                lines.append(_line(workload if i == 0 else "", name, entry, mine / entry["iops"]))
    if "modes" in results:
        lines += ["", "modes (ratio: the mode's rate / plain fullsync's of the same minutes)", HEAD]
        for mode, runs in results["modes"].items():
            for workload, entries in runs.items():
                ratio = entries[mode]["iops"] / entries["fullsync"]["iops"]
                lines.append(_line(workload, mode, entries[mode], ratio))
    if "disk" in results:
        disk = results["disk"]
        lines += ["", f"disk: {disk['iops']:.0f} writes/s at QD32, its own write + fdatasync"
                  f" {disk['fdatasync_per_second']:.0f}/s, ratio {disk['ratio']:.2f}, p99 {disk['p99_us']:.0f} µs"]
    shares = [entry["others_share"] for entries in results.get("workloads", {}).values() for entry in entries.values()
              if "others_share" in entry]
    if shares:
        lines += ["", f"other programs took {100 * statistics.median(shares):.0f} % of the processors"
                  f" (median of the lines above; at most {100 * max(shares):.0f} %)"]
    for kind, rows in results.get("growth", {}).items():
        lines += ["", f"growth: {kind}"]
        for row in rows:
            lines.append("  " + "  ".join(f"{k} {_short(v)}" for k, v in row.items()))
    lines += ["", "bars"]
    for row in bars(results):
        lines.append(f"  {'met    ' if row['met'] else 'NOT MET'} {row['bar']:58} {row['limit']:>8}  {row['value']:.2f}")
    return "\n".join(lines)


def _short(value):
    if isinstance(value, list):
        return "+".join(_short(v) for v in value)
    return f"{value:.0f}" if isinstance(value, float) and value > 100 else f"{value}"


def compare(old, new):
    """What changed between two runs, as ratios of ratios: each rate to nbdkit's of its own run."""
    lines = ["compared with the older run (rates relative to nbdkit's of the same run, new / old)"]
    for workload, entries in new.get("workloads", {}).items():
        before = old.get("workloads", {}).get(workload)
        if not before:
            continue
        for name in entries:
            if name in before and name != FLOOR:
                then = before[name]["iops"] / before[FLOOR]["iops"]
                now = entries[name]["iops"] / entries[FLOOR]["iops"]
                cpu = sum(entries[name]["cpu_seconds_per_gib"]) / max(1e-9, sum(before[name]["cpu_seconds_per_gib"]))
                lines.append(f"  {workload:24} {name:10} rate {now / then:5.2f}   CPU/GiB {cpu:5.2f}")
    for mode, runs in new.get("modes", {}).items():
        for workload, entries in runs.items():
            before = old.get("modes", {}).get(mode, {}).get(workload)
            if before:
                then = before[mode]["iops"] / before["fullsync"]["iops"]
                now = entries[mode]["iops"] / entries["fullsync"]["iops"]
                lines.append(f"  {workload:24} {mode:10} rate {now / then:5.2f}   (to plain fullsync)")
    return "\n".join(lines)
