"""The public holidays of a country or state, looked up by a process of its own.

The library imports the rules of every country. In the server they would take 12 MB for good, for
a few days per year.
"""

import subprocess
import sys
from datetime import date
from functools import lru_cache

_PROGRAM = """
import sys
from holidays import country_holidays
country, _, part = sys.argv[1].partition("-")
print(*country_holidays(country, subdiv=part or None, years=map(int, sys.argv[2:])))
"""
_UNKNOWN_PLACE = "NotImplementedError"


def is_known_place(place: str) -> bool:
    """Whether the library knows this country or state, such as DE-RP."""
    done = _run(place)
    if done.returncode and _UNKNOWN_PLACE not in done.stderr:
        done.check_returncode()
    return not done.returncode


@lru_cache(maxsize=32)
def public_holidays(place: str, year: int) -> frozenset[date]:
    """The public holidays of a year."""
    done = _run(place, str(year))
    done.check_returncode()
    return frozenset(map(date.fromisoformat, done.stdout.split()))


def _run(place: str, *years: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-c", _PROGRAM, place, *years]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
