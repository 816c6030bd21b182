"""A person's own pages behind the link in every mail, all under /r/<token>."""

from ikone_events.web.attendee import (
    answering,
    changing,
    data,
    handing_over,
    leaving,
    own_calendar,
    show,
    switching,
)
from ikone_events.web.attendee.frame import blueprint

__all__ = [
    "answering",
    "blueprint",
    "changing",
    "data",
    "handing_over",
    "leaving",
    "own_calendar",
    "show",
    "switching",
]
