"""What the comparison reads from /proc and from servers."""

import io
import unittest

from compare import environment, resp
from compare.processes import ServerFailed, cpu_ticks, resident_kib
from compare.systems.etcd import leader_among
from compare.trial import recovered
from compare.usage import Snapshot, busy_ticks, used


class Proc(unittest.TestCase):
    """Files of the kernel."""

    def test_a_command_with_blanks_and_brackets_is_skipped(self):
        stat = "12 (a) b (c) S 1 12 12 0 -1 4194560 9 0 0 0 70 30 5 6 20 0"
        self.assertEqual(cpu_ticks(stat), 100)

    def test_resident_memory_is_found(self):
        self.assertEqual(resident_kib("Name:\tx\nVmRSS:\t  2048 kB\n"), 2048)

    def test_a_process_that_ended_has_none(self):
        with self.assertRaises(ServerFailed):
            resident_kib("Name:\tx\nState:\tZ (zombie)\n")

    def test_idle_and_waiting_processors_are_not_busy(self):
        self.assertEqual(
            busy_ticks("cpu  1 2 4 1000 2000 8 16 32 64 128\ncpu0 9 9\n"), 63)

    def test_what_neither_servers_nor_load_used_is_others(self):
        figures = used(Snapshot(10, 1, 2, 100), Snapshot(20, 5, 3, 115), 200)
        self.assertEqual(figures["server_cpu_s"], 4)
        self.assertEqual(figures["server_cpu_s_per_100k"], 2000)
        self.assertEqual(figures["other_cores"], 1)

    def test_no_operations_have_no_cost_each(self):
        figures = used(Snapshot(0, 0, 0, 0), Snapshot(1, 1, 1, 1), 0)
        self.assertIsNone(figures["server_cpu_s_per_100k"])
        self.assertEqual(figures["other_cores"], 0)


class Environment(unittest.TestCase):
    """The machine."""

    def test_the_deepest_mount_holds_a_path(self):
        mounts = ("/dev/vda / ext4 rw 0 0\n"
                  "tmpfs /data tmpfs rw 0 0\n"
                  "/dev/vdb /data\\040base/db xfs rw 0 0\n"
                  "overlay / overlay rw 0 0\n")
        for path, expected in (("/", "overlay on overlay"),
                               ("/data", "tmpfs on tmpfs"),
                               ("/data/x", "tmpfs on tmpfs"),
                               ("/database", "overlay on overlay"),
                               ("/data base/db/x", "xfs on /dev/vdb")):
            self.assertEqual(environment.file_system(mounts, path), expected)

    def test_the_processor_and_the_memory_have_names(self):
        self.assertEqual(
            environment.cpu_model("processor\t: 0\nmodel name\t: A: B\n"),
            "A: B")
        self.assertEqual(environment.memory_kib("MemTotal:  123 kB\n"), 123)


class Resp(unittest.TestCase):
    """The small Redis client."""

    def read(self, data):
        """The reply in some bytes."""
        return resp.read_reply(io.BytesIO(data))

    def test_commands_are_arrays_of_bulks(self):
        self.assertEqual(resp.encode("INFO", "x"),
                         b"*2\r\n$4\r\nINFO\r\n$1\r\nx\r\n")

    def test_replies_are_values(self):
        self.assertEqual(self.read(b"+OK\r\n"), "OK")
        self.assertEqual(self.read(b":7\r\n"), 7)
        self.assertEqual(self.read(b"$4\r\na\r\nb\r\n"), "a\r\nb")
        self.assertIsNone(self.read(b"$-1\r\n"))

    def test_errors_are_exceptions(self):
        with self.assertRaises(resp.ReplyError):
            self.read(b"-LOADING wait\r\n")
        for cut in (b"", b"+O", b"$4\r\na\r\n", b"?\r\n"):
            with self.assertRaises(ConnectionError):
                self.read(cut)

    def test_info_is_a_dictionary(self):
        self.assertEqual(
            resp.fields("# Replication\r\nrole:master\r\n"
                        "slave0:ip=::1,state=online\r\n"),
            {"role": "master", "slave0": "ip=::1,state=online"})


class Etcd(unittest.TestCase):
    """Who leads."""

    def status(self, own, leader):
        """A reply of the maintenance API."""
        return {"header": {"member_id": own}, "leader": leader}

    def test_the_leader_names_itself(self):
        self.assertEqual(leader_among([self.status("1", "2"),
                                       self.status("2", "2"),
                                       self.status("3", "2")]), 1)

    def test_there_may_be_none(self):
        self.assertIsNone(leader_among([]))
        self.assertIsNone(leader_among([{}, {}, {}]))
        self.assertIsNone(leader_among([self.status("1", "2")]))


class Gap(unittest.TestCase):
    """When it counts as over."""

    def test_a_gap_to_the_end_of_the_window_is_not_over(self):
        self.assertTrue(recovered({"gap_began_ms": 3000, "gap_ms": 1500,
                                   "seconds": 12.0}))
        self.assertFalse(recovered({"gap_began_ms": 3000, "gap_ms": 9000.2,
                                    "seconds": 12.0}))


if __name__ == "__main__":
    unittest.main()
