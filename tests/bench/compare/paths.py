"""Where the tests find what they run."""

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
BENCH = HERE.parents[2] / "apps" / "bench" / "bench.py"
FAKE_COHORTD = HERE / "fake_cohortd.py"
# Set by ctest: the load generator of the build that is tested.
COHORT_LOAD = Path(os.environ["COHORT_LOAD"])
