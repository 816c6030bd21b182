"""A person's own pages behind the link in every mail, all under /r/<token>."""

from ikone_events.web.attendee import actions, data, details, materials, room, show
from ikone_events.web.attendee.frame import blueprint

__all__ = ["actions", "blueprint", "data", "details", "materials", "room", "show"]
