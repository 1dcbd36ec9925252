"""What the JVM's unified log says about garbage collection and safepoints."""

import re

PAUSE = re.compile(r"^\[([\d.]+)s\].*\] GC\(\d+\) Pause .*?(?:(\d+)M->(\d+)M\(\d+M\) )?([\d.]+)ms$")
SAFEPOINT = re.compile(r"^\[([\d.]+)s\].*Safepoint \"([^\"]+)\".* Total:\s+(\d+) ns")


class GcLog:
    """Positions are offsets in the file, so a window is what was written between two of them."""

    def __init__(self, path):
        self.path = path

    def position(self):
        with open(self.path, "rb") as log:
            return log.seek(0, 2)

    def window(self, start):
        """Pauses in milliseconds and allocated bytes since `start`.

        Allocated is what the young collections freed room for, from the first to the last of them; None with fewer
        than two.
        """
        pauses, stops, steps = [], [], []
        with open(self.path, encoding="utf-8", errors="replace") as log:
            log.seek(start)
            for line in log:
                if found := PAUSE.match(line.rstrip()):
                    pauses.append(float(found[4]))
                    if found[2]:
                        steps.append((float(found[1]), int(found[2]), int(found[3])))
                elif found := SAFEPOINT.match(line.rstrip()):
                    stops.append(int(found[3]) / 1e6)
        rate = None
        if len(steps) > 1 and steps[-1][0] > steps[0][0]:
            mib = sum(after[1] - before[2] for before, after in zip(steps, steps[1:]))
            rate = mib / (steps[-1][0] - steps[0][0])
        return {
            "pauses": len(pauses),
            "longest_pause_ms": max(pauses, default=0.0),
            "longest_safepoint_ms": max(stops, default=0.0),
            "allocated_mib_per_second": rate,
        }
