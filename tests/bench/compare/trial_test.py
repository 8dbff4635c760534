"""compare.trial: the real load generator against small servers."""

import tempfile
import unittest
from pathlib import Path

from compare import load
from compare.rows import rows_named
from compare.systems.cohort import Cohort
from compare.trial import Trial
from fake_cohortd import FAILOVER_SECONDS
from paths import COHORT_LOAD, FAKE_COHORTD

SCALE = load.Scale(keys=200, seconds=0.2, warm_up=0.05, gap_seconds=3,
                   kill_after=0.3)


class Rows(unittest.TestCase):
    """One trial."""

    def measure(self, *names):
        """Runs some rows; the figures of each."""
        trace = []
        with tempfile.TemporaryDirectory() as scratch:
            trial = Trial(Cohort(FAKE_COHORTD, "memory"), str(COHORT_LOAD),
                          SCALE, Path(scratch), trace.append)
            return dict(trial.run(rows_named(names)))

    def test_writes_and_reads_are_counted(self):
        found = self.measure("w1", "r64")
        self.assertEqual(list(found), ["fill", "w1", "r64"])
        self.assertEqual(found["fill"]["operations"], SCALE.keys)
        for figures in found.values():
            self.assertGreater(figures["operations"], 0)
            # Among others: no key is missing after the fill.
            self.assertEqual(figures["errors"], {})
            self.assertGreater(figures["resident_mib"], 1)
            self.assertGreaterEqual(figures["other_cores"], 0)

    def test_the_gap_begins_when_the_primary_is_killed(self):
        gap = self.measure("gap")["gap"]
        self.assertTrue(gap["recovered"])
        self.assertGreater(gap["gap_began_ms"], SCALE.kill_after * 1000 - 100)
        self.assertGreater(gap["gap_ms"], 1000 * FAILOVER_SECONDS)
        self.assertLess(gap["gap_ms"], 2500)
        # Clients lost the primary, and asked a backup until it took over.
        self.assertGreater(gap["errors"]["closed"], 0)
        self.assertGreater(gap["errors"]["TRYAGAIN"], 0)


if __name__ == "__main__":
    unittest.main()
