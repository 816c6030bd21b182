"""The hold: while its one row exists no letter leaves and no step runs."""

from sqlalchemy import delete, select

from ikone_events.store.db import ask_for_delivery, db, rows_written
from ikone_events.store.letters import Hold


def find_hold() -> Hold | None:
    """Since when and why everything is held, if it is."""
    return db.session.scalar(select(Hold))


def is_held() -> bool:
    """Whether the worker has to leave everything as it is."""
    return find_hold() is not None


def end_hold() -> bool:
    """Let letters leave and steps run again; False when nothing was held."""
    ended = rows_written(delete(Hold)) > 0
    ask_for_delivery()
    return ended
