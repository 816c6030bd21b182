"""The first steps of a new installation, each ticked off by a fact."""

from dataclasses import astuple, dataclass

from sqlalchemy import select

from ikone_events.services.installation import get_identity
from ikone_events.services.operating.identity import stored_settings
from ikone_events.services.operating.mail_test import last_sent_at
from ikone_events.store.db import db
from ikone_events.store.directory.naming import is_directory_empty
from ikone_events.store.events.models import Event


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What is done: a contact for data protection, a sent mail, the directory, an event."""

    privacy_contact: bool
    mail: bool
    directory: bool
    event: bool


def first_steps() -> FirstSteps | None:
    """The first steps as they are now; None once all are done, or somebody has put them aside."""
    if stored_settings().setup_closed_at is not None:
        return None
    steps = FirstSteps(
        privacy_contact=bool(get_identity().privacy_contact),
        mail=last_sent_at() is not None,
        directory=not is_directory_empty(),
        event=db.session.scalar(select(Event.id).limit(1)) is not None,
    )
    return None if all(astuple(steps)) else steps
