"""A real Galera cluster of MariaDB servers for tests, on 127.0.0.1 alone, without privileges.

    with GaleraCluster() as cluster:
        cluster.create_database("books")
        first, second, third = cluster.nodes
        open_database(first.database_config("books"))

Clients reach a node by its socket; on the network the nodes only speak with each other. All data
folders are copies of the first node's, and a node that was away catches up from the others' memory
of the last write-sets (IST). So no transfer of a whole state (SST) and none of its programs is
needed; should one be, a node fails to start and says so.
"""

from __future__ import annotations

import os
import random
import re
import socket
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pymysql

from engine.config import DatabaseConfig, Secret
from tests.servers.mariadb import PASSWORD, USER, MariaDBServer
from tests.servers.mariadb import why_missing as why_no_server
from tests.servers.process import SEARCH, ServerError, require

PROVIDER = Path("/usr/lib/galera/libgalera_smm.so")
EVICTION_SECONDS = 5.0
"""After so long a silence the others count a node as lost: Galera's default."""

_SYNC_SECONDS = 60.0
_POLL_SECONDS = 0.05
# Below the ports that the kernel gives to outgoing connections.
_PORTS = range(20_000, 32_000)

_SETTINGS = """\
binlog-format = ROW
innodb-autoinc-lock-mode = 2
log-bin-trust-function-creators = 1
wsrep-on = ON
wsrep-provider = {provider}
wsrep-cluster-name = {cluster}
wsrep-cluster-address = gcomm://{members}
wsrep-node-name = {name}
wsrep-node-address = 127.0.0.1:{port}
wsrep-slave-threads = 2
wsrep-sync-wait = 1
wsrep-sst-method = handover
wsrep-provider-options = "gmcast.listen_addr=tcp://127.0.0.1:{port};\
ist.recv_addr=127.0.0.1:{ist_port};gcache.size=128M;evs.suspect_timeout=PT{suspect}S"
"""

# The server runs this before it catches up. The joining side waits on a fifo for the others' word
# that no whole state is to be sent, and hands it on.
_HANDOVER = """\
#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
    --role) role=$2 ;;
    --address) address=$2 ;;
    --gtid) position=$2 ;;
    --datadir) fifo=${2%/}/handover ;;
    --bypass) bypass=yes ;;
    esac
    shift
done
if [ "$role" = joiner ]; then
    rm -f "$fifo" && mkfifo "$fifo" || exit 1
    echo "ready $fifo"
    read -r position <"$fifo"
    echo "$position"
elif [ -n "$bypass" ]; then
    echo continue
    echo "$position" >"$address"
    echo "done $position"
else
    echo "the node was away for too long: a whole state would have to be sent" >&2
    exit 1
fi
"""


def why_missing() -> str | None:
    """Why no cluster can be started here, or None if one can."""
    if PROVIDER.exists():
        return why_no_server()
    return f"no {PROVIDER} here (scripts/test-programs.sh galera installs it)"


class GaleraNode(MariaDBServer):
    """One server of a cluster. `start` also lets one join again that was killed."""

    def __init__(self, name: str, settings: str, first: GaleraNode | None) -> None:
        """Prepares its folder, as a copy of the first node's, which must be stopped."""
        self.name = name
        self._first = first
        self._prepare(settings)
        script = self.folder / "wsrep_sst_handover"
        script.write_text(_HANDOVER, encoding="ascii")
        script.chmod(0o755)
        self._install()

    def start(self, *, found: bool = False) -> None:
        """Starts the server and returns when it is in step with the cluster; `found`: with a new
        cluster of which it is the first. Raises ServerError."""
        if self.running:
            return
        role = "--wsrep-new-cluster" if found else f"--wsrep-start-position={self._position()}"
        self._process.start(
            [require("mariadbd"), f"--defaults-file={self._settings}", role],
            {**os.environ, "PATH": f"{self.folder}{os.pathsep}{SEARCH}"},
        )
        self._wait_until_it_answers()
        if found:
            self._grant_account()

    def status(self, name: str) -> str:
        """A status variable of the server, such as `wsrep_local_cert_failures`."""
        ((_, value),) = self._run("SHOW GLOBAL STATUS LIKE %s", name)
        return str(value)

    def cluster_size(self) -> int:
        """How many nodes this one sees, itself included; 0 when it has lost the others."""
        return int(self.status("wsrep_cluster_size"))

    def is_primary(self) -> bool:
        """Whether it belongs to the part of the cluster that may write."""
        return self.status("wsrep_cluster_status") == "Primary"

    def wait_for(self, size: int, *, primary: bool = True) -> None:
        """Returns when the node sees so many nodes and is in step with them, or, with `primary`
        False, when it knows that it has lost them. Raises ServerError after a minute."""
        deadline = time.monotonic() + _SYNC_SECONDS
        pause = threading.Event()
        while not self._sees(size, primary):
            if time.monotonic() > deadline:
                raise ServerError(f"{self.name} does not see {size} nodes:\n{self._last_words()}")
            pause.wait(_POLL_SECONDS)

    def database_config(self, name: str) -> DatabaseConfig:
        """How billdeck reaches a database by this node."""
        return DatabaseConfig(
            engine="mariadb",
            path=self.folder,
            socket=self.socket,
            name=name,
            user=USER,
            password=Secret(PASSWORD),
        )

    def _sees(self, size: int, primary: bool) -> bool:
        if self.is_primary() is not primary:
            return False
        in_step = self.status("wsrep_local_state_comment") == "Synced"
        return not primary or (self.cluster_size() == size and in_step)

    def _install(self) -> None:
        if self._first is None:
            super()._install()
            return
        self._process.run(require("cp"), "-a", str(self._first._data), str(self._data))
        for own in ("galera.cache", "gvwstate.dat"):
            (self._data / own).unlink(missing_ok=True)
        state = self._data / "grastate.dat"
        text = state.read_text(encoding="ascii")
        state.write_text(text.replace("bootstrap: 1", "bootstrap: 0"), encoding="ascii")

    def _position(self) -> str:
        """The last write-set that this node has, as the server itself finds it in its data."""
        log = self.folder / "recovered.log"
        log.unlink(missing_ok=True)
        settings, to_log = f"--defaults-file={self._settings}", f"--log-error={log}"
        self._process.run(require("mariadbd"), settings, "--wsrep-recover", to_log)
        found = re.findall(r"Recovered position: *(\S+)", log.read_text(errors="replace"))
        if not found:
            raise ServerError(f"{self.name} does not know its position")
        return str(found[-1])

    def _answers(self) -> bool:
        if not super()._answers():
            return False
        try:
            return self.status("wsrep_local_state_comment") == "Synced"
        except pymysql.err.Error:
            return False  # it was on its way down


class GaleraCluster:
    """Servers that hold the same data. `nodes` are all alike once the cluster has been started."""

    def __init__(self, size: int = 3, *, eviction_seconds: float = EVICTION_SECONDS) -> None:
        """Prepares nothing yet: `start` does."""
        self._size = size
        self._eviction_seconds = eviction_seconds
        self.nodes: list[GaleraNode] = []

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Makes the data of the first node, copies them for the others, starts all."""
        ports = _free_ports(2 * self._size)
        settings = [self._settings(number, ports) for number in range(self._size)]
        first = GaleraNode("node1", settings[0], None)
        self.nodes.append(first)
        first.start(found=True)  # gives the data a position that the others can begin from
        first.stop()
        for number, text in enumerate(settings[1:], 2):
            self.nodes.append(GaleraNode(f"node{number}", text, first))
        first.start(found=True)
        for node in self.nodes[1:]:
            node.start()
        self.settle()

    def close(self) -> None:
        """Ends all nodes and removes their folders. Safe to repeat."""
        for node in self.nodes:
            node.close()

    def settle(self) -> None:
        """Returns when all nodes are there and in step. One that has just been thawed is not, but
        knows it only a moment later: it has an older view of the cluster. Raises ServerError."""
        deadline = time.monotonic() + _SYNC_SECONDS
        pause = threading.Event()
        while True:
            for node in self.nodes:
                node.wait_for(self._size)
            if len({node.status("wsrep_cluster_conf_id") for node in self.nodes}) == 1:
                return
            if time.monotonic() > deadline:
                raise ServerError("the nodes do not agree on who belongs to the cluster")
            pause.wait(_POLL_SECONDS)

    def create_database(self, name: str) -> None:
        """Makes an empty database on all nodes, with all rights on it for USER."""
        self.nodes[0].create_database(name)

    def _settings(self, number: int, ports: list[int]) -> str:
        members = ports[: self._size]
        return _SETTINGS.format(
            provider=PROVIDER,
            cluster=f"billdeck-{members[0]}",
            members=",".join(f"127.0.0.1:{port}" for port in members),
            name=f"node{number + 1}",
            port=members[number],
            ist_port=ports[self._size + number],
            suspect=self._eviction_seconds,
        )


def _free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens on at the moment."""
    found: list[int] = []
    candidates = random.sample(_PORTS, len(_PORTS))
    while len(found) < count:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", candidates[-1]))
            except OSError:
                continue
            finally:
                port = candidates.pop()
            found.append(port)
    return found
