"""compare.medians: from trials to one figure."""

import unittest

from compare.medians import medians_of


def trial(row, **figures):
    """One trial of one system."""
    return {"system": "x", "row": row, "figures": figures}


class Medians(unittest.TestCase):
    """Over trials, by row and metric."""

    def test_each_metric_has_its_own_median(self):
        found = medians_of([trial("w1", a=1, b=30, errors={}),
                            trial("w1", a=3, b=10, errors={}),
                            trial("w1", a=2, b=20, errors={}),
                            trial("w64", a=7, errors={})])
        self.assertEqual(found["x"]["w1"],
                         {"trials": 3, "errors": {}, "a": 2, "b": 20})
        self.assertEqual(found["x"]["w64"]["a"], 7)

    def test_errors_add_up(self):
        found = medians_of([trial("w1", errors={"BUSY": 1, "closed": 2}),
                            trial("w1", errors={"BUSY": 3})])
        self.assertEqual(found["x"]["w1"]["errors"], {"BUSY": 4, "closed": 2})

    def test_a_flag_holds_if_it_always_held(self):
        found = medians_of([trial("gap", recovered=True),
                            trial("gap", recovered=False),
                            trial("gap", recovered=True)])
        self.assertIs(found["x"]["gap"]["recovered"], False)

    def test_a_figure_that_no_trial_has_is_left_out(self):
        found = medians_of([trial("w1", a=None), trial("w1", a=None)])
        self.assertNotIn("a", found["x"]["w1"])


if __name__ == "__main__":
    unittest.main()
