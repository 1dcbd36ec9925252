"""What more resources, more connections and larger providers cost."""

import time

from pair import GIB, Pair
from workloads import BY_NAME, fill, fio

TIB = 1 << 40
WRITE32 = BY_NAME["4K randwrite QD32"]


def measure_growth(dist, ram, length, quick, say):
    return {
        "resources": [by_resources(dist, ram, n, say) for n in ((1, 4) if quick else (1, 4, 16))],
        "connections": by_connections(dist, ram, length, (1, 4) if quick else (1, 2, 4, 8), say),
        "provider": [by_size(dist, ram, *size, say) for size in
                     (("1 GiB", GIB), ("1 TiB", TIB), ("16 TiB", 16 * TIB))],
    }


def _state(pair, node=1):
    """Memory and the time that one status takes, process start of the command line included."""
    begun = time.monotonic()
    pair.carpool(node, "list")
    return {
        "start_seconds": round(pair.started_seconds, 2),
        "status_seconds": round(time.monotonic() - begun, 2),
        "anonymous_mib": [round(p.resident_mib()) for p in pair.processes()],
        "resident_mib": [round(p.total_resident_mib()) for p in pair.processes()],
    }


def by_resources(dist, ram, count, say):
    """Memory after every resource was written to, 64 MiB each."""
    say(f"growth: {count} resources")
    pair = Pair("resources", dist, ram, resources=count, size=GIB)
    try:
        pair.start()
        for name in pair.names:
            fio(pair.uri(name), WRITE32, 1, size="64m")
        return {"resources": count, **_state(pair)}
    finally:
        pair.stop()


def by_connections(dist, ram, length, counts, say):
    """Depth 32 on each connection, the same gigabyte."""
    pair = Pair("connections", dist, ram)
    rows = []
    try:
        pair.start()
        fill(pair)
        for count in counts:
            say(f"growth: {count} connections")
            job = fio(pair.uri(), WRITE32, length.seconds, jobs=count)["write"]
            rows.append({"connections": count, "iops": job["iops"],
                         "p99_us": job["clat_ns"]["percentile"]["99.000000"] / 1000,
                         "anonymous_mib": [round(p.resident_mib()) for p in pair.processes()]})
        return rows
    finally:
        pair.stop()


def by_size(dist, ram, label, size, say):
    """A blank sparse provider of that size: synchronised, then written to for a while."""
    say(f"growth: provider of {label}")
    pair = Pair("size", dist, ram, size=size)
    try:
        pair.start()
        before = _map_updates(pair)
        job = fio(pair.uri(), WRITE32, 3, size="1g")["write"]
        updates = _map_updates(pair) - before
        return {"provider": label, **_state(pair), "iops": job["iops"],
                "map_updates_per_1000_writes": round(1000 * updates / job["total_ios"], 3)}
    finally:
        pair.stop()


def _map_updates(pair):
    return int(pair.list(1)[0]["statistics"]["activemap_updates"])
