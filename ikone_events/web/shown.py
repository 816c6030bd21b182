"""What public pages are made from, as values to compare: the same values give the same page."""

from collections.abc import Callable
from functools import cache
from operator import attrgetter

from sqlalchemy import inspect

from ikone_events.domain.seating import Sitting
from ikone_events.store.db import Base
from ikone_events.web.registering.modes import places_left
from ikone_events.web.standing import standing_of


def seats_shown(sitting: Sitting) -> object:
    """What visitors see of the seats: words in steps and who comes first, never how many came.

    All else of a sitting stands in the event's row.
    """
    return tuple(places_left(sitting)), standing_of(sitting), sitting.members_first


def stored_values(row: Base, besides: tuple[str, ...] = ()) -> object:
    """Every value of a row, apart from those columns."""
    return _values_of(type(row), besides)(row)


@cache
def _values_of(model: type[Base], besides: tuple[str, ...]) -> Callable[[Base], object]:
    names = [column.key for column in inspect(model).column_attrs if column.key not in besides]
    return attrgetter(*names)
