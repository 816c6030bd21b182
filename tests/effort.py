"""How much a run is meant to find: a few minutes every day, everything before a release.

`IKONE_TESTS=night` (that is `make night`) turns the same tests to their full strength.
"""

import os

NIGHT = os.environ.get("IKONE_TESTS") == "night"


def by_night(full: int, by_day: int) -> int:
    """A number of repetitions: the full one at night, else the smaller one."""
    return full if NIGHT else by_day
