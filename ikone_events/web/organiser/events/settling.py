"""Where entries of the to-do list are settled; the links of mails to the office lead there."""

from collections.abc import Mapping

from flask import flash, redirect, url_for

from ikone_events.domain.events.todo import todos
from ikone_events.domain.events.todo_facts import Target, ToDo
from ikone_events.services.events.todo import todo_facts_of
from ikone_events.services.installation import now
from ikone_events.store.figures.counts import counts_for
from ikone_events.web.organiser.frame import Answer, blueprint, event_url, seen_event
from ikone_events.web.shell.access import Permission, may, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale

_PAGES: Mapping[Target, str] = {
    Target.EVENT: "organiser.event",
    Target.ROOM: "organiser.event",
    Target.DOOR: "organiser.event",
    Target.EDIT: "organiser.edit_event",
    Target.REGISTRATIONS: "organiser.registrations",
    Target.MAIL: "organiser.sent_mail",
    Target.ANSWERS: "organiser.answers",
    Target.MATERIALS: "organiser.materials",
    Target.FOLLOW_UP: "organiser.follow_up",
    Target.HANDED_IN: "organiser.materials",
    Target.MATERIAL_REQUESTS: "organiser.materials",
    Target.STEPS: "organiser.mail",
    Target.ATTENDANCE: "organiser.attendance",
}
# Where something is entered; on the other pages there is something to see.
_FOR_EDITORS = {Target.ROOM, Target.EDIT, Target.MATERIALS, Target.ATTENDANCE}


def settling_url(todo: ToDo) -> str:
    """Return the address of the page, and of the place on it.

    It is "" if no page settles the entry, or if the account may only look at what does.
    """
    may_edit = may(Permission.EDIT_EVENTS)
    if todo.target in _FOR_EDITORS and not may_edit:
        return ""
    if todo.action is not None and may_edit:
        return url_for("organiser.ask", slug=todo.slug, action=todo.action.value)
    if todo.target is Target.MAILBOX:
        return url_for("organiser.mailbox") if may(Permission.EDIT_SETTINGS) else ""
    if todo.target not in _PAGES:
        return ""
    anchor = {
        **dict.fromkeys((Target.ROOM, Target.DOOR), "room"),
        Target.MATERIAL_REQUESTS: "requests",
        Target.STEPS: f"step-{todo.step_id}",
    }.get(todo.target)
    return url_for(_PAGES[todo.target], slug=todo.slug, _anchor=anchor)


@blueprint.get("/events/<slug>/to-do/<name>")
@permission(Permission.SEE_EVENTS)
def settle_todo(slug: str, name: str) -> Answer:
    """Lead from a mail to where this entry is settled today.

    An address of its own because the login keeps no part of an address behind "#".
    """
    event = seen_event(slug)
    facts = todo_facts_of([event], counts_for([event]), now(), locale=page_locale())
    for todo in todos(facts):
        if todo.name == name:
            return redirect(settling_url(todo) or event_url(event), 303)
    flash(_("This has been settled meanwhile: nothing is left to do."), "success")
    return redirect(event_url(event), 303)
