"""What the peers reach, from Debian's packages: same machine, same minutes."""

import os
import shutil

from pair import GIB, free_port
from processes import Child, Process, await_that, run


class Yardstick:
    """A program, or two, that serve an NBD export on a unix socket."""

    def __init__(self, name, directory, size=GIB):
        self.name, self.directory, self.size = name, os.path.join(directory, name), size
        self.started = []

    def _file(self, name):
        path = f"{self.directory}/{name}"
        with open(path, "wb") as image:
            image.truncate(self.size)
        return path

    def socket(self):
        return f"{self.directory}/nbd.sock"

    def uri(self):
        return f"nbd+unix:///disk?socket={self.socket()}"

    def processes(self):
        return self.started

    def gc_logs(self):
        return []

    def _run(self, *argv):
        process = Process(list(argv), f"{self.directory}/{len(self.started)}.log")
        self.started.append(process)
        return process

    def start(self):
        shutil.rmtree(self.directory, ignore_errors=True)
        os.makedirs(self.directory)
        process = self.launch()
        await_that(f"{self.name} starts", lambda: os.path.exists(self.socket()), process)
        return self

    def launch(self):
        raise NotImplementedError

    def stop(self):
        for process in self.started:
            process.stop()
        self.started = []
        shutil.rmtree(self.directory, ignore_errors=True)


class Nbdkit(Yardstick):
    """The floor of NBD itself: memory behind a socket."""

    def launch(self):
        return self._run("nbdkit", "--foreground", "--unix", self.socket(), "--exportname", "disk", "memory",
                         str(self.size))


class QemuPlain(Yardstick):
    """One file, no replication."""

    def launch(self):
        return self._run("qemu-storage-daemon",
                         "--blockdev", f"driver=file,node-name=disk,filename={self._file('disk.img')}",
                         "--nbd-server", f"addr.type=unix,addr.path={self.socket()}",
                         "--export", "type=nbd,id=disk,node-name=disk,name=disk,writable=on")


class QemuMirror(Yardstick):
    """QEMU's synchronous mirror: quorum over a file here and one behind NBD/TCP in a second daemon."""

    def launch(self):
        port = free_port()
        second = self._run("qemu-storage-daemon",
                           "--blockdev", f"driver=file,node-name=disk,filename={self._file('second.img')}",
                           "--nbd-server", f"addr.type=inet,addr.host=127.0.0.2,addr.port={port}",
                           "--export", "type=nbd,id=disk,node-name=disk,name=disk,writable=on")
        await_that("the second daemon listens", lambda: listens(port), second)
        return self._run("qemu-storage-daemon",
                         "--blockdev", f"driver=file,node-name=local,filename={self._file('first.img')}",
                         "--blockdev", "driver=nbd,node-name=remote,export=disk,server.type=inet,"
                         f"server.host=127.0.0.2,server.port={port}",
                         "--blockdev", "driver=quorum,node-name=mirror,vote-threshold=1,read-pattern=fifo,"
                         "children.0=local,children.1=remote",
                         "--nbd-server", f"addr.type=unix,addr.path={self.socket()}",
                         "--export", "type=nbd,id=disk,node-name=mirror,name=disk,writable=on")


class KernelFloor(Yardstick):
    """The system calls of a replicated write and nothing else, one request at a time: floor.c."""

    def launch(self):
        program = f"{self.directory}/floor"
        run(["gcc", "-O2", "-o", program, os.path.join(os.path.dirname(os.path.abspath(__file__)), "floor.c")])
        return self._run(program, self.socket(), self._file("first.img"), self._file("second.img"), str(self.size))

    def processes(self):
        return [*self.started, *(Child(p) for p in self.started)]


def listens(port):
    """Looks without connecting."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    return any(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)
