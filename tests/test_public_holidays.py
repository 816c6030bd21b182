"""Public holidays come from another process, and are those of the library."""

from datetime import date

import pytest
from holidays import country_holidays

from ikone_events.public_holidays import is_known_place, public_holidays


def test_holidays_of_a_state_are_those_of_the_library() -> None:
    found = public_holidays("DE-RP", 2026)
    assert found == frozenset(country_holidays("DE", subdiv="RP", years=2026))
    assert date(2026, 6, 4) in found
    assert date(2026, 6, 4) not in public_holidays("DE-BE", 2026)


@pytest.mark.parametrize(
    ("place", "known"), [("DE", True), ("DE-RP", True), ("XX", False), ("DE-XX", False)]
)
def test_place_is_known_to_the_library(place: str, known: bool) -> None:
    assert is_known_place(place) is known
