"""C2, D4: a cluster is formed once, and only by all; what was wiped joins anew,
what went back in time or belongs elsewhere is refused, and says so."""

import shutil

import resp
from support import ClusterCase, wait_until


class FormingTest(ClusterCase):
    """Who forms a cluster, and who is let into it."""

    def status(self, cluster, *more):
        """What cohortctl prints; it must succeed."""
        code, out, err = cluster.control("status", *more)
        self.assertEqual((code, err), (0, ""))
        return out

    def cluster_id(self, cluster):
        """The id in brackets, from the first line of the status."""
        first = self.status(cluster).splitlines()[0]
        self.assertRegex(first, r"^cluster main \([0-9a-f]{32}\), seen by n")
        return first.split("(")[1].split(")")[0]

    def test_two_of_three_wait_for_the_third(self):
        cluster = self.cluster()
        early, late = cluster.nodes[:2], cluster.nodes[2]
        for x in early:
            x.start()
        for x, other in zip(early, reversed(early)):
            x.await_trace(f"linked to {other.name}")
            text = self.assert_refused("LOADING", x.call, "SET", "key", "1")
            self.assertIn("n3", text)
            self.assert_refused("LOADING", x.call, "GET", "key")
            self.assertEqual(x.info()["cohort_role"], "none")
        out = self.status(cluster)
        self.assertIn("cluster main (not formed)", out)
        self.assertIn("waiting for n3 to answer", out)
        self.assertRegex(out, r"(?m)^n3 .*no answer")
        late.start()
        for x in cluster.nodes:
            cluster.await_service(x)
        self.assertNotIn("waiting", self.status(cluster))

    def test_an_operator_forms_without_the_third(self):
        cluster = self.cluster()
        for x in cluster.nodes[:2]:
            x.start()
        cluster.nodes[0].await_trace("linked to n2")
        code, _, err = cluster.control("form", "--without", "n3")
        self.assertEqual((code, err), (0, ""))
        for x in cluster.nodes[:2]:
            cluster.await_service(x)
        known = self.cluster_id(cluster)
        cluster.nodes[2].start()
        cluster.await_service(cluster.nodes[2])
        self.assertEqual(self.cluster_id(cluster), known)

    def test_two_wiped_nodes_never_form_a_second_cluster(self):
        cluster = self.cluster()
        cluster.start()
        known = self.cluster_id(cluster)
        cluster.nodes[2].call("SET", "old", "kept")
        cluster.kill9_all()
        for x in cluster.nodes[:2]:
            x.wipe()
            x.start()
        cluster.nodes[0].await_trace("linked to n2")
        for x in cluster.nodes[:2]:
            self.assert_refused("LOADING", x.call, "SET", "key", "1")
        self.assertIn("waiting for n3", self.status(cluster))
        # The third has the cluster, but no majority of it is left: the others
        # must not vote for what they do not remember.
        third = cluster.nodes[2]
        third.start()
        for x in cluster.nodes[:2]:
            x.await_trace("linked to n3")
        third.await_trace("pre-candidate")
        for x in cluster.nodes[:2]:
            self.assert_refused("LOADING", x.call, "SET", "key", "1")
            self.assertNotIn("is node", x.trace())
        third.kill9()
        for x in cluster.nodes[:2]:
            x.await_trace("lost the link to n3")
            self.assert_refused("LOADING", x.call, "SET", "key", "1")
            self.assertNotIn("is node", x.trace())
        third.start()
        third.await_trace("pre-candidate")
        self.assertIn(known, self.status(cluster, "--node", "n3"))

    def test_a_wiped_backup_joins_anew_and_takes_part(self):
        for engine in ("memory", "rocksdb"):
            with self.subTest(engine=engine):
                self.wipe_and_join(self.cluster(engine, engine=engine))

    def wipe_and_join(self, cluster):
        """Wipes a backup; then another node dies, so that writes need the
        wiped one."""
        cluster.start()
        for i in range(500):
            cluster.nodes[i % 3].call("SET", f"key:{i}", f"value {i}")
        wiped, other = cluster.backups()
        wiped.kill9()
        wiped.wipe()
        wiped.start()
        wiped.await_trace("is node 4 of cluster")
        cluster.await_service(wiped)
        cluster.await_caught_up(wiped)
        self.await_voter(cluster, wiped, "4")
        other.kill9()
        self.assertEqual(wiped.call("SET", "after", "all"), "OK")
        for i in range(500):
            self.assertEqual(wiped.call("GET", f"key:{i}"),
                             f"value {i}".encode())
        primary = cluster.primary()
        other.start()
        cluster.await_service(other)
        cluster.await_caught_up(other)
        primary.kill9()
        cluster.await_service(wiped)
        self.assertEqual(wiped.call("GET", "after"), b"all")

    def test_a_node_that_is_wiped_again_before_it_is_a_member(self):
        """Its place is taken by the last of its incarnations: no dead one stays
        among the voters, where it would count against the others."""
        cluster = self.cluster()
        cluster.start()
        wiped, other = cluster.backups()
        for number in (4, 5):
            wiped.kill9()
            wiped.wipe()
            wiped.start()
            wiped.await_trace(f"is node {number} of cluster")
        self.await_voter(cluster, wiped, "5")
        other.kill9()
        self.assertEqual(wiped.call("SET", "after", "both"), "OK")

    def await_voter(self, cluster, node, incarnation):
        """Until all see it as a backup under its new number, and nothing is
        about to change."""
        def settled():
            lines = self.status(cluster).splitlines()
            nodes = [x.split() for x in lines if x.startswith(node.name)]
            return nodes[0][1] == incarnation and all(
                x[1] in ("backup", "primary") for x in nodes[1:]) \
                and "members are changing" not in "".join(lines) \
                and all("for writes 1 more" in x for x in lines
                        if x.startswith("survives"))

        wait_until(settled, f"{node.name} is a voter")

    def test_a_disk_that_was_rolled_back_is_refused(self):
        """Whether it is the one that makes links, or the one that answers."""
        for i in (0, 2):
            with self.subTest(node=i + 1):
                cluster = self.cluster(f"cluster{i}")
                cluster.start()
                self.roll_back(cluster, cluster.nodes[i])
                cluster.kill9_all()

    def roll_back(self, cluster, back):
        """Puts its disk back; then empties it."""
        self.assertEqual(back.stop(), 0)
        copy = self.directory / f"copy of {back.name}"
        shutil.copytree(back.data, copy)
        for i in range(3):  # more lives, and more writes in each
            back.start()
            cluster.await_service(back)
            back.call("SET", f"life {i}", i)
            self.assertEqual(back.stop(), 0)
        back.wipe()
        shutil.copytree(copy, back.data)
        back.start()
        self.assertEqual(back.exit_code(), 1)
        self.assertRegex(
            back.trace().splitlines()[-1],
            r"stopped: n\d refuses this node: .* its disk was rolled back or "
            r"copied\. Empty its data directory to join anew$")
        back.wipe()
        back.start()
        cluster.await_service(back)
        for i in range(3):
            self.assertEqual(back.call("GET", f"life {i}"), b"%d" % i)

    def test_a_node_of_a_cluster_with_another_name_is_refused(self):
        cluster = self.cluster("one")
        other = self.cluster("two", name="other", ports=cluster.ports)
        cluster.start()
        self.check_stranger(cluster, other.nodes[2],
                            "belongs to cluster 'main', n3 to 'other'",
                            "n3 belongs to cluster 'other', n")

    def test_a_node_with_the_disk_of_another_cluster_is_refused(self):
        other = self.cluster("two")
        other.start()
        other.kill9_all()
        cluster = self.cluster("one", ports=other.ports)
        cluster.start()
        self.check_stranger(cluster, other.nodes[2],
                            "one of the disks belongs elsewhere")

    def check_stranger(self, cluster, stranger, *reasons):
        """In the place of a node of the cluster, it is kept out, and all say
        why; the cluster goes on."""
        left = cluster.nodes[2]
        left.kill9()
        stranger.start()
        for x in (*cluster.nodes[:2], stranger):
            wait_until(lambda x=x: any(y in x.trace() for y in reasons),
                       f"{x.name} says why")
            self.assertIn("refused", x.trace())
        for x in cluster.nodes[:2]:
            self.assertEqual(x.call("SET", "key", "ours"), "OK")
        with self.assertRaises(resp.Refusal) as raised:
            stranger.call("GET", "key")
        self.assertIn(raised.exception.code, ("LOADING", "CLUSTERDOWN"))
        stranger.kill9()
        left.start()
        cluster.await_service(left)
        self.assertEqual(left.call("GET", "key"), b"ours")
