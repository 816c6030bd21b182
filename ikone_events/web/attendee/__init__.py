"""A person's own pages behind the link in every mail (/r/<token>), and the door of calendars."""

from ikone_events.web.attendee import (
    actions,
    certificate,
    data,
    details,
    feedback,
    materials,
    questions,
    room,
    show,
    ticket,
)
from ikone_events.web.attendee.frame import blueprint

__all__ = [
    "actions",
    "blueprint",
    "certificate",
    "data",
    "details",
    "feedback",
    "materials",
    "questions",
    "room",
    "show",
    "ticket",
]
