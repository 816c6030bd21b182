"""The JSON of an event's figures: read as it was written, also by the first version."""

import json

import pytest

from ikone_events.domain.figures.event_figures import BodyFigures, EventFigures, by_kind

FIRST = {
    "registrations": 64,
    "confirmed": 59,
    "waitlisted": 2,
    "cancelled": 2,
    "administrations_confirmed": 45,
    "attended_people": None,
    "attendance_unknown_people": 59,
}


def test_figures_are_read_as_they_were_written() -> None:
    figures = EventFigures(
        registrations=2,
        attended_people=None,
        by_channel={"": 1, "newsletter": 1},
        bodies=(BodyFigures(3, "landkreis", member=True, confirmed=2, attended=None),),
    )
    assert EventFigures.from_json(figures.as_json()) == figures
    stored = json.loads(figures.as_json())
    assert stored["version"] == 2
    assert "Mitglied ist" in stored["rules"]["de"]


def test_figures_of_the_first_version_are_read() -> None:
    figures = EventFigures.from_json(json.dumps(FIRST))
    assert (figures.version, figures.registrations, figures.waitlist) == (1, 64, 2)
    assert (figures.attended_people, figures.attendance_unknown_people) == (None, 59)
    assert (figures.unconfirmed_email, figures.bodies, figures.rules) == (None, None, {})


def test_figures_of_a_later_version_are_read_as_far_as_they_are_known() -> None:
    assert EventFigures.from_json('{"version": 9, "confirmed": 1, "steps": 3}').confirmed == 1


@pytest.mark.parametrize("damaged", ["{", "[]", "17"])
def test_damaged_figures_are_refused(damaged: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - JSON's own, or ours
        EventFigures.from_json(damaged)


def test_share_is_of_those_with_a_place() -> None:
    assert EventFigures(confirmed=60, attended_people=45).attendance_share == 0.75
    assert EventFigures(confirmed=60).attendance_share is None
    assert EventFigures(confirmed=0, attended_people=0).attendance_share is None


def test_kinds_stand_in_their_order() -> None:
    kinds = ("zweckverband", "landkreis", "kreisfreie_stadt", "landkreis", "eigenes")
    bodies = [BodyFigures(n, kind, False, 1, 1) for n, kind in enumerate(kinds)]
    assert list(by_kind(bodies).items()) == [
        *(("kreisfreie_stadt", 1), ("landkreis", 2), ("zweckverband", 1), ("eigenes", 1)),
    ]
