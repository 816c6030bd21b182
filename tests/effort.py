"""How much a run is meant to find: a few minutes every day, everything before a release.

`TESTS_AT=night` (that is `make night`) turns the same tests to their full strength.
"""

import os
from typing import TypeVar

T = TypeVar("T")

NIGHT = os.environ.get("TESTS_AT") == "night"


def by_night(full: T, by_day: T) -> T:
    """How often, or with what, a test is repeated: all of it at night, else less."""
    return full if NIGHT else by_day
