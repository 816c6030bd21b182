"""The organisers' pages, all under /organise and all behind the login."""

from ikone_events.web.organiser import (
    actions,
    dashboard,
    editing,
    event_page,
    export,
    mail,
    materials,
    network_plan,
    plan,
    preview,
    registrations,
    texts,
    step_form,
    step_preview,
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
    "network_plan",
    "plan",
    "preview",
    "registrations",
    "texts",
    "step_form",
    "step_preview",
]
