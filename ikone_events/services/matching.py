"""From what somebody typed to the administration they mean."""

from ikone_events.store.administrations import Organisation
from ikone_events.store.db import db
from ikone_events.store.queries import find_organisation


def match(text: str) -> Organisation | None:
    """The one body that goes by this name; None when there is none, or more than one."""
    found = find_organisation(text)
    return None if found is None else db.session.get(Organisation, found)
