"""What is measured, in which order, and how long."""

import os
import time
from dataclasses import dataclass

import growth
from pair import GIB, METADATA_ROOM, Pair
from processes import Failed, run
from workloads import BY_NAME, WORKLOADS, fill, fio, interleaved, measure
from yardsticks import KernelFloor, Nbdkit, QemuMirror, QemuPlain


@dataclass(frozen=True)
class Length:
    """How thorough: seconds of one run, rounds whose median counts, seconds of warming up."""

    seconds: int
    rounds: int
    warm_up: int
    gc_seconds: int


FULL = Length(seconds=3, rounds=5, warm_up=8, gc_seconds=60)
QUICK = Length(seconds=1, rounds=2, warm_up=3, gc_seconds=10)

WRITE1 = BY_NAME["4K randwrite QD1"]
WRITE32 = BY_NAME["4K randwrite QD32"]
SEQUENTIAL = BY_NAME["1M seqwrite QD8"]

# Name, and how the pair differs from fullsync, in the clear, without a checksum. HAST's default for
# compression (hole) is in all of them.
MODES = [
    ("memsync", {"mode": "memsync"}),
    ("async", {"mode": "async"}),
    ("degraded", {}),
    ("resync", {"replicator": ", sync-rate: 100MiB/s"}),
    ("crc32c", {"hast": "checksum crc32c"}),
    ("sha256", {"hast": "checksum sha256"}),
    ("lz4", {"hast": "compression lz4"}),
    ("tls", {"tls": True}),
]
MODES_QUICK = ("degraded", "tls")
HALF_PACKABLE = ("--buffer_compress_percentage=50", "--refill_buffers")


class Bench:
    """Runs the parts and collects their results, ready for JSON."""

    def __init__(self, dist, ram, disk, length, say, results):
        """results: of an earlier run, to be completed"""
        self.dist, self.ram, self.disk, self.length, self.say = dist, ram, disk, length, say
        self.results = results

    def _pair(self, name, **settings):
        return Pair(name, self.dist, self.ram, **settings)

    def _warm(self, target, more=()):
        fill(target)
        measure(target, WRITE32, self.length.warm_up, more=more)
        measure(target, SEQUENTIAL, max(1, self.length.warm_up // 4), more=more)

    def yardsticks(self, only):
        """Every workload against carpool in fullsync and the peers, round by round."""
        pair = self._pair("carpool")
        peers = [QemuMirror("mirror", self.ram), QemuPlain("qemu", self.ram), Nbdkit("nbdkit", self.ram)]
        floor = KernelFloor("kernel", self.ram)
        targets = [pair, *peers, floor]
        try:
            for target in targets:
                target.start()
                fill(target)
            self._warm(pair)
            for workload in WORKLOADS:
                if not only or workload.name in only:
                    measured = targets if workload is WRITE1 else [pair, *peers]
                    self.say(f"{workload.name}: {', '.join(t.name for t in measured)}")
                    self.results.setdefault("workloads", {})[workload.name] = interleaved(
                        measured, workload, self.length.seconds, self.length.rounds)
            pair.check_equal()
        finally:
            for target in targets:
                target.stop()

    def collections(self):
        """How long the garbage collector stops the nodes."""
        pair = self._pair("carpool")
        try:
            pair.start()
            self._warm(pair)
            self.say(f"garbage collection: {WRITE32.name} for {self.length.gc_seconds} s")
            self.results["gc"] = {"seconds": self.length.gc_seconds,
                                  **measure(pair, WRITE32, self.length.gc_seconds)}
        finally:
            pair.stop()

    def modes(self, names, workloads):
        """Each mode beside plain fullsync, interleaved, so that the ratio is of the same minutes.

        names: those wanted; empty for all
        """
        plain = self._pair("fullsync")
        try:
            plain.start()
            self._warm(plain)
            for name, settings in MODES:
                if not names or name in names:
                    self.say(f"mode {name}")
                    self.results.setdefault("modes", {})[name] = self._mode(plain, name, settings, workloads)
        finally:
            plain.stop()

    def _mode(self, plain, name, settings, workloads):
        pair = self._pair(name, **settings)
        more = HALF_PACKABLE if name == "lz4" else ()
        rounds = max(2, self.length.rounds - 2)
        results = {}
        try:
            pair.start()
            self._warm(pair, more)
            if name == "degraded":
                pair.degrade()
            for workload in workloads:
                if name == "resync":
                    results[workload.name] = self._during_resync(plain, pair, workload, rounds)
                else:
                    results[workload.name] = interleaved([plain, pair], workload, self.length.seconds, rounds,
                                                         more=more)
            if name != "degraded":
                pair.check_equal()
        finally:
            pair.stop()
        return results

    def _during_resync(self, plain, pair, workload, rounds):
        """1 GiB at 100 MiB/s takes longer than one round does."""
        def copying(target):
            if target is pair:
                pair.carpool(1, "sync", "--full", "disk1")
        return interleaved([plain, pair], workload, self.length.seconds, rounds, before=copying)

    def disk_rate(self):
        """4 KiB writes on a real disk, beside its own write + fdatasync."""
        directory = os.path.join(self.disk, f"carpool-bench-{os.getpid()}")
        self.say(f"disk: {self.disk}")
        pair = Pair("disk", self.dist, directory)
        own, writes = [], []
        try:
            pair.start()
            fill(pair, 120)
            run(["sync", "-f", directory])
            measure(pair, WRITE32, self.length.warm_up)
            for _ in range(self.length.rounds):
                own.append(disk_fdatasync(directory, self.length.seconds))
                writes.append(measure(pair, WRITE32, self.length.seconds))
            pair.check_equal()
        finally:
            pair.stop()
            if os.path.isdir(directory):
                os.rmdir(directory)
        ratios = sorted(w["iops"] / o for w, o in zip(writes, own))
        self.results["disk"] = {"fdatasync_per_second": sorted(own)[len(own) // 2],
                                "iops": sorted(w["iops"] for w in writes)[len(writes) // 2],
                                "p99_us": sorted(w["p99_us"] for w in writes)[len(writes) // 2],
                                "ratio": ratios[len(ratios) // 2]}

    def growing(self, quick):
        self.results["growth"] = growth.measure_growth(self.dist, self.ram, self.length, quick, self.say)

    def run(self, quick, only, names, after_each):
        """Runs the parts, all or those named; `after_each` is called whenever one is done.

        names: workloads and modes, when not all of a part's are wanted
        """
        parts = {
            "yardsticks": lambda: self.yardsticks(names),
            "gc": self.collections,
            "modes": lambda: self.modes(names or (MODES_QUICK if quick else ()),
                                        (WRITE32,) if quick else (WRITE32, SEQUENTIAL)),
            "disk": self.disk_rate,
            "growth": lambda: self.growing(quick),
        }
        if not only:
            only = ["yardsticks", "gc", "modes", *(["disk"] if self.disk else []), *([] if quick else ["growth"])]
        begun = time.monotonic()
        earlier = self.results.get("seconds", 0)
        for part in only:
            parts[part]()
            self.results["seconds"] = round(earlier + time.monotonic() - begun)
            after_each(self.results)


def disk_fdatasync(directory, seconds):
    """Write + fdatasync per second of 4 KiB at random places of a file of 1 GiB, one after the other."""
    path = os.path.join(directory, "fdatasync.bin")
    with open(path, "wb") as file:
        file.truncate(GIB + METADATA_ROOM)
    try:
        printed = run(["fio", "--name=own", f"--filename={path}", "--ioengine=psync", "--rw=randwrite", "--bs=4k",
                       "--size=1g", "--fdatasync=1", "--time_based", f"--runtime={seconds}", "--output-format=terse",
                       "--terse-version=3"])
        return float(printed.strip().splitlines()[-1].split(";")[48])
    finally:
        os.unlink(path)
