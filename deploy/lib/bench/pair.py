"""Two replicators of the distribution on one loopback."""

import json
import os
import shutil
import socket
import time

from gclog import GcLog
from processes import Process, await_that, run

GIB = 1 << 30
METADATA_ROOM = 2 << 20  # more than metadata and activemap take, so that `size` is left for the data


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def make_certificates(directory):
    """An authority and one certificate per node, as docs/replication-protocol.md says."""
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    ca = ["-CA", f"{directory}/ca.pem", "-CAkey", f"{directory}/ca.key", "-CAcreateserial"]
    run(["openssl", "req", "-x509", *curve, "-subj", "/CN=bench", "-days", "2",
         "-keyout", f"{directory}/ca.key", "-out", f"{directory}/ca.pem"])
    for node in ("hast1", "hast2"):
        base = f"{directory}/{node}"
        with open(f"{base}.ext", "w", encoding="ascii") as ext:
            ext.write(f"subjectAltName=DNS:{node}\n")
        run(["openssl", "req", *curve, "-subj", f"/CN={node}", "-keyout", f"{base}.key", "-out", f"{base}.csr"])
        run(["openssl", "x509", "-req", "-in", f"{base}.csr", *ca, "-days", "2", "-extfile", f"{base}.ext",
             "-out", f"{base}.pem"])


class Pair:
    """hast1 on 127.0.0.1 and hast2 on 127.0.0.2; hast1 is primary of every resource.

    hast: statements for hast.conf, as `checksum crc32c`
    replicator: settings of `replicator:` in carpool.yaml
    java: options for the virtual machines
    """

    def __init__(self, name, dist, directory, *, mode="fullsync", size=GIB, resources=1, hast="", replicator="",
                 tls=False, java=""):
        self.name, self.dist, self.directory = name, dist, os.path.join(directory, name)
        self.mode, self.size, self.hast, self.replicator = mode, size, hast, replicator
        self.names = [f"disk{i + 1}" for i in range(resources)]
        self.tls, self.java = tls, java
        self.nodes = {}
        self.started_seconds = None

    def _home(self, node):
        return os.path.join(self.directory, f"hast{node}")

    def _configure(self):
        port, block_port = free_port(), free_port()
        if self.tls:
            make_certificates(self.directory)
        for node in (1, 2):
            home = self._home(node)
            os.makedirs(f"{home}/run")
            resources = ""
            for name in self.names:
                with open(f"{home}/{name}.img", "wb") as image:
                    image.truncate(self.size + METADATA_ROOM)
                resources += f"""
resource {name} {{
  replication {self.mode}
  on hast1 {{ local {self._home(1)}/{name}.img remote 127.0.0.2:{port} source 127.0.0.1 }}
  on hast2 {{ local {self._home(2)}/{name}.img remote 127.0.0.1:{port} source 127.0.0.2 }}
}}
"""
            with open(f"{home}/hast.conf", "w", encoding="utf-8") as conf:
                conf.write(f"listen 127.0.0.{node}:{port}\n{self.hast}\n{resources}")
            with open(f"{home}/carpool.yaml", "w", encoding="utf-8") as yaml:
                yaml.write(f"cluster: bench\nhast: {home}/hast.conf\nruntime-dir: {home}/run\n"
                           f"state-dir: {home}/state\ndevice-dir: {home}/dev\ndevice: none\n"
                           f"replicator: {{ block-port: {block_port}{self.replicator} }}\n")
                if self.tls:
                    yaml.write(f"tls: {{ ca: {self.directory}/ca.pem, certificate: {self.directory}/hast{node}.pem,"
                               f" key: {self.directory}/hast{node}.key }}\n")

    def carpool(self, node, *words):
        return run([f"{self.dist}/bin/carpool", "--config", f"{self._home(node)}/carpool.yaml", "--node",
                    f"hast{node}", *words])

    def list(self, node):
        return json.loads(self.carpool(node, "--json", "list"))["resources"]

    def _all_complete(self):
        return all(r["complete"] for r in self.list(1))

    def _start_node(self, node):
        home = self._home(node)
        options = f"-Xlog:gc*,safepoint:file={home}/gc.log:uptime,tags {self.java}"
        self.nodes[node] = Process(
            [f"{self.dist}/bin/carpool-replicator", "--config", f"{home}/carpool.yaml", "--node", f"hast{node}"],
            f"{home}/replicator.log",
            {"CARPOOL_JAVA_OPTS": f"{options} {os.environ.get('CARPOOL_JAVA_OPTS', '')}"},
        )

    def start(self, wait_complete=True):
        shutil.rmtree(self.directory, ignore_errors=True)
        os.makedirs(self.directory)
        self._configure()
        for node in (1, 2):
            run([f"{self.dist}/bin/carpool-replicator", "create", "--config", f"{self._home(node)}/carpool.yaml",
                 "--node", f"hast{node}", *self.names])
        begun = time.monotonic()
        for node in (1, 2):
            self._start_node(node)
        for node in (1, 2):
            sock = f"{self._home(node)}/run/replicator.sock"
            await_that(f"hast{node} starts", lambda s=sock: os.path.exists(s), self.nodes[node])
        self.started_seconds = time.monotonic() - begun
        self.carpool(2, "role", "secondary", *self.names)
        self.carpool(1, "role", "primary", *self.names)
        await_that("export of hast1", lambda: os.path.exists(self.socket(self.names[-1])), self.nodes[1])
        if wait_complete:
            await_that(f"{self.name} is complete", self._all_complete, self.nodes[2], 120)
        return self

    def degrade(self):
        """The peer is gone from here on."""
        self.nodes.pop(2).stop()

    def socket(self, name="disk1"):
        return f"{self._home(1)}/run/nbd/{name}.sock"

    def uri(self, name="disk1"):
        return f"nbd+unix:///{name}?socket={self.socket(name)}"

    def processes(self):
        return list(self.nodes.values())

    def gc_logs(self):
        return [GcLog(f"{self._home(node)}/gc.log") for node in self.nodes]

    def stop(self):
        for process in self.nodes.values():
            process.stop()
        self.nodes = {}
        shutil.rmtree(self.directory, ignore_errors=True)

    def image(self, node, name="disk1"):
        return f"{self._home(node)}/{name}.img"

    def check_equal(self):
        """Fails unless both copies are the same: a fast pair that loses data is none."""
        for resource in self.list(1):
            first, second = (self.image(node, resource["name"]) for node in (1, 2))
            offset = self.size + METADATA_ROOM - int(resource["data_size_bytes"])
            run(["cmp", "-i", str(offset), first, second])
