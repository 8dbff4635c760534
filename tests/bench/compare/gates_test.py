"""compare.gates: what is held against what."""

import unittest

from compare.gates import GATES, Figure, Gate, judge, judge_all
from compare.rows import FILL, ROWS


def medians(**systems):
    """{system: {"w64": {"per_second": ...}}}."""
    return {name: {"w64": {"per_second": value}}
            for name, value in systems.items()}


class Judge(unittest.TestCase):
    """One gate."""

    at_least_half = Gate("half", Figure("cohort", "w64", "per_second"), ">=",
                         0.5, Figure("ceiling", "w64", "per_second"))
    at_most_twice = Gate("twice", Figure("cohort", "w64", "per_second"), "<=",
                         2, Figure("ceiling", "w64", "per_second"))
    at_most_80 = Gate("80", Figure("cohort", "w64", "per_second"), "<=", 80)

    def test_a_lower_limit(self):
        for ours, passed in ((49, False), (50, True), (51, True)):
            verdict = judge(self.at_least_half,
                            medians(cohort=ours, ceiling=100))
            self.assertIs(verdict.passed, passed)
            self.assertAlmostEqual(verdict.ratio, ours / 100)

    def test_an_upper_limit(self):
        for ours, passed in ((199, True), (200, True), (201, False)):
            verdict = judge(self.at_most_twice,
                            medians(cohort=ours, ceiling=100))
            self.assertIs(verdict.passed, passed)

    def test_a_limit_in_the_metrics_own_unit(self):
        self.assertTrue(judge(self.at_most_80, medians(cohort=80)).passed)
        verdict = judge(self.at_most_80, medians(cohort=81))
        self.assertFalse(verdict.passed)
        self.assertEqual(verdict.ratio, 81)

    def test_what_was_not_measured_neither_passes_nor_fails(self):
        for known in ({}, medians(cohort=1), medians(ceiling=1),
                      medians(cohort=1, ceiling=0),
                      {"cohort": {"w1": {"per_second": 1}}}):
            verdict = judge(self.at_least_half, known)
            self.assertIsNone(verdict.passed)
            self.assertIsNone(verdict.ratio)


class Table(unittest.TestCase):
    """All gates."""

    def test_every_gate_names_a_row_and_a_system_that_exist(self):
        rows = {row.name for row in (FILL, *ROWS)}
        systems = {"cohort", "cohort-rocksdb", "etcd", "redis", "ceiling"}
        for gate in GATES:
            for figure in (gate.subject, gate.versus):
                if figure:
                    self.assertIn(figure.row, rows)
                    self.assertIn(figure.system, systems)

    def test_titles_tell_gates_apart(self):
        titles = [gate.title for gate in GATES]
        self.assertEqual(len(titles), len(set(titles)))

    def test_one_gap_without_an_end_fails_whatever_the_median_says(self):
        gap = {"gap_ms": 300, "recovered": False}
        failed = [x.gate.title for x in judge_all({"cohort": {"gap": gap}})
                  if x.passed is False]
        self.assertEqual(failed, ["gap over in every trial, cohort"])

    def test_a_system_as_good_as_the_ceiling_passes_all_gates(self):
        good = {row.name: {"per_second": 100, "p50_us": 100, "p99_us": 200,
                           "server_cpu_s_per_100k": 1, "gap_ms": 500,
                           "recovered": True, "resident_mib": 50}
                for row in (FILL, *ROWS)}
        slow = {row.name: {"per_second": 5, "p50_us": 1000,
                           "server_cpu_s_per_100k": 5}
                for row in (FILL, *ROWS)}
        verdicts = judge_all({"cohort": good, "cohort-rocksdb": good,
                              "ceiling": good, "etcd": slow, "redis": slow})
        self.assertEqual([x.gate.title for x in verdicts if not x.passed], [])
        reverse = judge_all({"cohort": slow, "ceiling": good,
                             "cohort-rocksdb": {}, "etcd": good,
                             "redis": good})
        beside = [x for x in reverse if x.gate.versus
                  and x.gate.versus.system != "cohort"]
        self.assertGreater(len(beside), 10)
        self.assertEqual([x.gate.title for x in beside if x.passed], [])


if __name__ == "__main__":
    unittest.main()
