"""The organisers' pages, all under /organise and all behind the login."""

from ikone_events.web.organiser import (
    actions,
    dashboard,
    editing,
    event_page,
    export,
    mail,
    materials,
    registrations,
)
from ikone_events.web.organiser.frame import blueprint

__all__ = [
    "actions",
    "blueprint",
    "dashboard",
    "editing",
    "event_page",
    "export",
    "mail",
    "materials",
    "registrations",
]
