"""Processes started by the bench: logs, end, and what /proc says they cost."""

import os
import signal
import subprocess
import time

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """Something the bench cannot go on without; the text says what and where to look."""


def cpu_seconds(pid):
    """User and system time of a process so far, all threads."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


class Child:
    """A process that one of ours has started."""

    def __init__(self, parent):
        with open(f"/proc/{parent.pid}/task/{parent.pid}/children", encoding="ascii") as children:
            self.pid = int(children.read().split()[0])

    def cpu_seconds(self):
        """User and system time so far."""
        return cpu_seconds(self.pid)


class Process:
    """A program in the foreground; what it prints is in `log`."""

    def __init__(self, argv, log, env=None):
        self.argv, self.log = argv, log
        with open(log, "wb") as out:
            self.popen = subprocess.Popen(
                argv, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})}
            )
        self.pid = self.popen.pid

    def running(self):
        return self.popen.poll() is None

    def cpu_seconds(self):
        """User and system time so far, all threads."""
        return cpu_seconds(self.pid)

    def resident_mib(self):
        """Resident memory without mapped files and shared memory."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) / 1024
        raise Failed(f"no RssAnon for {self.argv[0]}")

    def total_resident_mib(self):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) / 1024
        raise Failed(f"no VmRSS for {self.argv[0]}")

    def stop(self, sign=signal.SIGTERM):
        if self.running():
            self.popen.send_signal(sign)
            try:
                self.popen.wait(20)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()


def await_that(what, condition, process=None, seconds=60):
    """Waits until `condition()` is true; fails when `process` ends before or the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if process and not process.running():
            raise Failed(f"{what}: {process.argv[0]} ended, see {process.log}")
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {seconds} s")
        time.sleep(0.05)


def run(argv, **more):
    """Runs a command to its end and returns what it printed."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise Failed(f"{' '.join(argv)}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout
