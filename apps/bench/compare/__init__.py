"""The comparison of Cohort with its peers, on one machine in one run."""
