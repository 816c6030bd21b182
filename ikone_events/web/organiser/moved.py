"""Earlier addresses of organisers' pages, which lead to the present ones."""

from typing import Any

from flask import redirect, request, url_for

from ikone_events.web.organiser.frame import Answer, blueprint, seen_event
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import address_with

_NUMBER = "<int(max=2147483647):number>"
# Earlier address, the endpoint of today, and what it requires.
MOVED: tuple[tuple[str, str, Permission], ...] = (
    ("/steps", "dashboard", Permission.SEE_EVENTS),
    ("/administrations", "administrations", Permission.SEE_EVENTS),
    ("/administrations/new", "new_administration", Permission.EDIT_ADMINISTRATIONS),
    ("/administrations/import", "choose_list", Permission.EDIT_ADMINISTRATIONS),
    (f"/administrations/{_NUMBER}", "administration", Permission.EDIT_ADMINISTRATIONS),
    (
        f"/administrations/{_NUMBER}/delete",
        "ask_to_delete_administration",
        Permission.EDIT_ADMINISTRATIONS,
    ),
    ("/administrations/unmatched", "unmatched", Permission.EDIT_ADMINISTRATIONS),
    ("/administrations/unmatched/people", "unmatched_people", Permission.EDIT_ADMINISTRATIONS),
    ("/contacts", "administrations", Permission.SEE_EVENTS),
    ("/incoming", "mailbox", Permission.SEE_INCOMING),
    ("/subscribers", "subscribers", Permission.SEE_SUBSCRIBERS),
    ("/subscribers.csv", "export_subscribers", Permission.SEE_SUBSCRIBERS),
    ("/subscribers/<public_id>/remove", "ask_removal", Permission.SEE_SUBSCRIBERS),
    ("/texts", "installation_texts", Permission.EDIT_TEXTS),
    ("/texts/<kind>", "installation_text", Permission.EDIT_TEXTS),
    ("/events/<slug>/steps", "mail", Permission.SEE_EVENTS),
    ("/events/<slug>/answers", "answers", Permission.SEE_EVENTS),
    ("/events/<slug>/texts", "event_texts", Permission.EDIT_EVENTS),
    ("/events/<slug>/texts/<kind>", "event_text", Permission.EDIT_EVENTS),
)


def earlier_endpoints() -> list[str]:
    """Return the endpoints of all earlier addresses, without the name of the blueprint."""
    return [f"moved_{number}" for number in range(len(MOVED))]


def _add(name: str, old: str, endpoint: str, needed: Permission) -> None:
    @blueprint.get(old, endpoint=name)
    @permission(needed)
    def moved(**values: Any) -> Answer:
        if "slug" in values:
            seen_event(values["slug"])  # a foreign event answers like a missing one
        path = url_for(f"organiser.{endpoint}", **values)
        return redirect(address_with(path, request.args.to_dict(flat=False)), 308)


for _name, _row in zip(earlier_endpoints(), MOVED, strict=True):
    _add(_name, *_row)
