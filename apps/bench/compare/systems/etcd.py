"""etcd, with its default durability: a synced log on a majority."""

import json
import urllib.error
import urllib.request

from compare.systems.base import System, first_line, program_missing


def ask(port, path, body=None):
    """The JSON that a node answers over HTTP; empty while it does not."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}",
                                     data=body)
    try:
        with urllib.request.urlopen(request, timeout=2) as reply:
            return json.load(reply)
    except (OSError, ValueError):
        return {}


def leader_among(statuses):
    """The number of the node whose own id is the leader that it names; None
    if there is none. `statuses` are replies of the maintenance API."""
    for at, status in enumerate(statuses):
        own = status.get("header", {}).get("member_id")
        if own is not None and status.get("leader") == own:
            return at
    return None


class Etcd(System):
    """Clients are spread over all nodes, as etcd's own clients are."""

    name = "etcd"
    protocol = "etcd"
    always_spread = True
    note = "clients over all nodes; fdatasync on a majority"

    def why_missing(self):
        return program_missing("etcd", "etcd-server")

    def version(self):
        return first_line("etcd", "--version")

    def command(self, node, nodes, directory):
        def url(port):
            return f"http://127.0.0.1:{port}"

        members = ",".join(f"{x.name}={url(x.peer_port)}" for x in nodes)
        return ["etcd", "--name", node.name,
                "--data-dir", str(node.directory),
                "--listen-client-urls", url(node.client_port),
                "--advertise-client-urls", url(node.client_port),
                "--listen-peer-urls", url(node.peer_port),
                "--initial-advertise-peer-urls", url(node.peer_port),
                "--initial-cluster", members,
                "--initial-cluster-state", "new",
                # The default of 2 GiB ends a long row of 16 KiB values.
                "--quota-backend-bytes", str(8 << 30),
                "--log-level", "error"]

    def serving(self, nodes):
        return all(ask(node.client_port, "/health").get("health") == "true"
                   for node in nodes)

    def primary(self, nodes):
        return leader_among([
            ask(node.client_port, "/v3/maintenance/status", b"{}")
            for node in nodes])
