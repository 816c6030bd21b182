"""Actions on several registrations: each in a transaction of its own, with one report."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import abort, redirect, render_template, request, url_for

from ikone_events.domain.refusals import Busy, Refusal, UnfitInput
from ikone_events.domain.registering.status import RegistrationAction, registration_status
from ikone_events.services.installation import now
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.web.organiser.frame import Answer, actor, blueprint, seen_event, translate_all
from ikone_events.web.organiser.registering.bulk import ACTIONS, carry_out, counts_by_status, is_for
from ikone_events.web.organiser.registering.filter import query_of, wish_of
from ikone_events.web.organiser.registering.people_words import action_label
from ikone_events.web.organiser.registering.registrations import back_without
from ikone_events.web.organiser.registering.selection import MOST, Selection, selection_of, too_many
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import typed_text
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import translate

_PATH = "/events/<slug>/registrations/do/<action>"


@dataclass(frozen=True, slots=True)
class Selected:
    """A selected person, with the status that the organiser saw."""

    public_id: str
    expected: str
    name: str


@blueprint.get(_PATH)
@permission(Permission.EDIT_EVENTS)
def several_done(slug: str, action: str) -> Answer:
    """Lead back to the list; a GET does nothing."""
    _check(action)
    return redirect(url_for("organiser.registrations", slug=seen_event(slug).slug), 303)


@blueprint.post(_PATH)
@permission(Permission.EDIT_EVENTS)
def do_to_several(slug: str, action: str) -> Answer:
    """Carry out an action for each person; ask first unless ticked people are approved."""
    _check(action)
    event, selection = seen_event(slug), selection_of(request.form)
    reason, asked = typed_text(request.form.get("reason")), request.form.get("asked") == "yes"
    missing = action == RegistrationAction.DECLINE and not reason
    if selection.is_empty:
        return back_without(slug, _("Please tick the people in the list first."))
    people = selection.people(event, now())
    straight = action == RegistrationAction.APPROVE and not selection.whole
    if not straight and (not asked or missing):
        return _ask(event, action, selection, people, incomplete=asked)
    if len(people) > MOST:
        raise UnfitInput(too_many())
    outcomes = _do_to_each(_seen(people, selection), action, reason)
    return _page(
        "organiser/registering/several_done.html",
        seen_event(slug),
        action,
        done=[each for each, complaints in outcomes if not complaints],
        refused=[(each, complaints) for each, complaints in outcomes if complaints],
    )


def _check(action: str) -> None:
    if action not in ACTIONS:
        abort(404)


def _seen(people: Iterable[Registration], selection: Selection) -> list[Selected]:
    """Return the people with the status that the list showed, or the present one."""
    found = []
    for each in people:
        status = registration_status(each.status, each.awaits).value
        name = each.name
        expected = selection.ticked.get(each.public_id, status)
        found.append(Selected(each.public_id, expected, name))
    return found


def _ask(
    event: Event,
    action: str,
    selection: Selection,
    people: list[Registration],
    *,
    incomplete: bool,
) -> Answer:
    """Show whom the action concerns, and whom it does not; `incomplete`: the reason is missing."""
    concerned = [each for each in people if is_for(each, action)]
    if not concerned:
        return back_without(event.slug, _("This is not possible for anybody who is selected."))
    if len(concerned) > MOST:
        return back_without(event.slug, translate(too_many()))
    page = _page(
        "organiser/registering/ask_several.html",
        event,
        action,
        selected=len(people),
        concerned=_seen(concerned, selection),
        others=counts_by_status(each for each in people if not is_for(each, action)),
        asked=incomplete,
    )
    return page, 422 if incomplete else 200


def _do_to_each(
    people: Sequence[Selected], action: str, reason: str
) -> list[tuple[Selected, list[str]]]:
    """Return what was not done for each person; raises Busy if the first one was not reached."""
    outcomes: list[tuple[Selected, list[str]]] = []
    try:
        for who in people:
            outcomes.append((who, _do_to_one(who, action, reason)))  # noqa: PERF401 - Busy ends it
    except Busy as busy:
        if not outcomes:
            raise
        words = translate_all(busy.complaints)
        outcomes.extend((who, words) for who in people[len(outcomes) :])
    return outcomes


def _do_to_one(who: Selected, action: str, reason: str) -> list[str]:
    """Return why the action was not carried out for one person; empty if it was. Raises Busy."""
    try:
        with transaction():
            return translate_all(
                carry_out(
                    who.public_id,
                    action,
                    expected=who.expected,
                    reason=reason,
                    actor=actor(),
                    now=now(),
                )
            )
    except Busy:
        raise
    except Refusal as refusal:
        return translate_all(refusal.complaints)


def _page(template: str, event: Event, action: str, **more: object) -> str:
    return render_template(
        template,
        event=event,
        action=action,
        label=action_label(RegistrationAction(action)),
        query=query_of(wish_of(request.form)),
        **more,
    )
