"""compare.report: the tables."""

import unittest

from compare import report
from compare.gates import Figure, Gate, judge


def figures(per_second, **more):
    """The figures of one row."""
    return {"per_second": per_second, "p50_us": 1000, "p99_us": 2000,
            "max_us": 3000, "server_cpu_s_per_100k": 1.5,
            "resident_mib": 40.0, "own_cpu_cores": 0.25, "other_cores": 0.0,
            "errors": {}} | more


class Table(unittest.TestCase):
    """Rows and systems."""

    def test_ratios_are_those_to_the_first_system(self):
        lines = report.table({"a": {"w64": figures(3000)},
                              "b": {"w64": figures(1500)}},
                             ["a", "b"]).splitlines()
        self.assertIn("w64: 64 clients, writes", lines)
        self.assertEqual(lines[-2].split()[0], "a")
        self.assertEqual(lines[-2].split()[-1], "1.00")
        self.assertEqual(lines[-1].split()[-1], "2.00")

    def test_all_lines_have_one_width(self):
        lines = report.table({"cohort-rocksdb": {"w64": figures(1e6)}},
                             ["cohort-rocksdb"]).splitlines()
        self.assertEqual(len(lines[0]), len(lines[-1]))

    def test_a_busy_load_generator_is_marked(self):
        busy = report.table({"a": {"w64": figures(1, own_cpu_cores=0.95)}},
                            ["a"])
        self.assertIn("0.95!", busy)

    def test_nothing_completed_is_not_an_accident(self):
        text = report.table(
            {"a": {"w64": figures(0, server_cpu_s_per_100k=None,
                                  errors={"refused": 3})}}, ["a"])
        self.assertEqual(text.splitlines()[-1].split()[-2:], ["3", "-"])

    def test_a_gap_without_an_end_is_no_figure(self):
        gap = {"gap": {"gap_ms": 9000.0, "gap_began_ms": 3000.0,
                       "recovered": False, "errors": {}}}
        self.assertIn("no recovery", report.table({"a": gap}, ["a"]))
        gap["gap"]["recovered"] = True
        text = report.table({"a": gap}, ["a"])
        self.assertNotIn("no recovery", text)
        self.assertIn("9000 ms without a completed write, from 3.00 s", text)


class Verdicts(unittest.TestCase):
    """Gates and expectations."""

    def test_each_says_what_came_out(self):
        def gate(row, required):
            return Gate(f"of {row}", Figure("a", row, "x"), "<=", 5,
                        required=required)

        measured = {"a": {"good": {"x": 4}, "bad": {"x": 6.25}}}
        text = report.verdicts([judge(gate("good", True), measured),
                                judge(gate("bad", False), measured),
                                judge(gate("none", False), measured)])
        gates, expectations = text.split("expectations")
        self.assertRegex(gates, r"of good +4  <= 5 +pass")
        self.assertRegex(expectations, r"of bad +6\.25  <= 5 +FAIL")
        self.assertRegex(expectations, r"of none +-  <= 5 +not measured")


if __name__ == "__main__":
    unittest.main()
