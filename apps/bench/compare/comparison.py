"""All trials of all systems."""

import sys
from contextlib import closing
from dataclasses import asdict

from compare import environment, gates, load
from compare.medians import medians_of
from compare.options import REPOSITORY, scale_of, systems_of
from compare.processes import ServerFailed
from compare.trial import Trial


def trace(line):
    """Progress goes to standard error, so that tables can be piped."""
    print(line, file=sys.stderr, flush=True)


class Comparison:
    """A whole run. Systems that cannot run are left out with a note; one that
    fails is noted, and the others go on."""

    def __init__(self, options, scratch):
        self._options = options
        self._scratch = scratch
        self._trials = []
        self._notes = {}
        self._systems = []
        self.failed = False  # whether a trial did not come to its end
        speaks = load.protocols(options.load)
        for system in systems_of(options, scratch):
            why = system.why_missing()
            if why is None and system.protocol not in speaks:
                why = f"cohort-load does not speak {system.protocol}"
            if why:
                self._note(system, f"skipped: {why}")
            else:
                self._systems.append(system)

    def run(self):
        """All trials: A B C, A B C, ... so that a slow time of the machine
        hits all systems alike. Returns all that is known, for the JSON."""
        surroundings = environment.describe(self._scratch, REPOSITORY)
        versions = {x.name: x.version() for x in self._systems}
        trials = 1 if self._options.quick else self._options.trials
        for number in range(trials):
            for system in self._systems:
                trace(f"trial {number + 1} of {trials}: {system.name}")
                self._trial(number, system)
        medians = medians_of(self._trials)
        return {"environment": surroundings, "versions": versions,
                "scale": asdict(scale_of(self._options)),
                "notes": self._notes, "trials": self._trials,
                "medians": medians,
                "verdicts": [asdict(x) for x in gates.judge_all(medians)]}

    def systems(self):
        """Those that could run."""
        return list(self._systems)

    def _trial(self, number, system):
        trial = Trial(system, self._options.load, scale_of(self._options),
                      self._scratch, trace)
        try:
            # Closing stops the servers also when what follows is interrupted.
            with closing(trial.run(self._options.rows)) as measured:
                for row, figures in measured:
                    self._trials.append({"trial": number, "row": row,
                                         "system": system.name,
                                         "figures": figures})
        except (ServerFailed, load.LoadFailed) as problem:
            self.failed = True
            self._note(system, f"trial {number + 1} failed: {problem}")

    def _note(self, system, text):
        trace(f"{system.name}: {text}")
        self._notes.setdefault(system.name, []).append(text)
