"""The organisers' pages, all under /organise and all behind the login."""

from ikone_events.web.organiser import (
    actions,
    answers,
    calendar_page,
    codes,
    dashboard,
    editing,
    event_copy,
    event_page,
    mail,
    materials,
    network_plan,
    plan,
    preview,
    step_form,
    step_preview,
    subscribers,
    texts,
    writing,
)
from ikone_events.web.organiser.directory import administrations
from ikone_events.web.organiser.directory import form as administrations_form
from ikone_events.web.organiser.directory import importing as administrations_import
from ikone_events.web.organiser.directory import unmatched as administrations_unmatched
from ikone_events.web.organiser.form import edit as form_field_edit
from ikone_events.web.organiser.form import fields as form_fields
from ikone_events.web.organiser.form import preview as form_preview
from ikone_events.web.organiser.frame import blueprint
from ikone_events.web.organiser.people import (
    people_import,
    person,
    person_add,
    registrations,
    several,
    standing_actions,
)

__all__ = [
    "actions",
    "administrations",
    "administrations_form",
    "administrations_import",
    "administrations_unmatched",
    "answers",
    "blueprint",
    "calendar_page",
    "codes",
    "dashboard",
    "editing",
    "event_copy",
    "event_page",
    "form_field_edit",
    "form_fields",
    "form_preview",
    "mail",
    "materials",
    "network_plan",
    "people_import",
    "person",
    "person_add",
    "plan",
    "preview",
    "registrations",
    "several",
    "standing_actions",
    "step_form",
    "step_preview",
    "subscribers",
    "texts",
    "writing",
]
