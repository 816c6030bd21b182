"""What public pages are made from, as values to compare: the same values give the same page."""

from ikone_events.domain.seating import Sitting
from ikone_events.web.registering.modes import places_left
from ikone_events.web.standing import standing_of


def seats_shown(sitting: Sitting) -> object:
    """What visitors see of the seats: words in steps and who comes first, never how many came.

    All else of a sitting stands in the event's row.
    """
    return tuple(places_left(sitting)), standing_of(sitting), sitting.members_first
