"""Typed names that match no administration: assign one to all who typed a name."""

import logging

from flask import flash, redirect, render_template, request, url_for

from ikone_events.domain.directory.administrations import key_of
from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.services.directory.unmatched import (
    PEOPLE_SHOWN,
    decide,
    find_group,
    leave,
    take_up,
    unmatched_groups,
)
from ikone_events.services.installation import now
from ikone_events.store.db import transaction
from ikone_events.store.directory.naming import find_by_name, organisation_names
from ikone_events.web.organiser.frame import Answer, blueprint, page_number, page_url
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.forms import typed_line
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext

log = logging.getLogger(__name__)


@blueprint.get("/contacts/unmatched")
@permission(Permission.EDIT_ADMINISTRATIONS)
def unmatched() -> str:
    """List the names, most frequent first, with the administrations they may mean."""
    left = request.args.get("left") == "1"
    page = unmatched_groups(organiser(), left=left, number=page_number())
    query = {"left": "1"} if left else {}
    return render_template(
        "organiser/directory/administrations_unmatched.html",
        page=page,
        left=left,
        page_url=page_url("organiser.unmatched", **query),
    )


@blueprint.get("/contacts/unmatched/people")
@permission(Permission.EDIT_ADMINISTRATIONS)
def unmatched_people() -> str:
    """One text with everybody who typed it, to decide for some of them or for a body far off."""
    return _people(_key())


def _people(key: str, wrong: str = "", typed: str = "") -> str:
    group, people = find_group(organiser(), key)
    return render_template(
        "organiser/directory/administrations_people.html",
        group=group,
        people=people,
        shown=PEOPLE_SHOWN,
        names=organisation_names(),
        wrong=wrong,
        typed=typed,
        chosen=set(request.form.getlist("people")) or {person.public_id for person in people},
    )


def _key() -> str:
    """Return the normalised name from the request; raises NotFound if it is not normalised."""
    key = request.values.get("key", "")
    if not key or key_of(key) != key:
        raise NotFound(Complaint(N_("Nobody waits for this name to be matched.")))
    return key


@blueprint.post("/contacts/unmatched/decide")
@permission(Permission.EDIT_ADMINISTRATIONS)
def decide_unmatched() -> Answer:
    """Assign an administration to everybody who typed a name, or to the chosen people."""
    key, number = _key(), request.form.get("body", type=int)
    typed = typed_line(request.form.get("name"))
    if number is None or typed:
        body = find_by_name(typed)
        number = None if body is None else body.id
    if number is not None and number >= 2**31:  # no row has such a number
        number = None
    people = request.form.getlist("people") if request.form.get("choose") else None
    if number is None or people == []:
        wrong = _wrong(typed) if number is None else _("Please choose at least one person.")
        return _people(key, wrong, typed), 422
    if people is not None and _is_everybody(key, people):
        people = None
    with transaction():
        chosen, given, learnt = decide(organiser(), key, number, people=people, now=now())
    log.info("organiser %d matched %d registrations", organiser().id, given)
    words = ngettext(
        "%(num)d registration now belongs to “%(name)s”.",
        "%(num)d registrations now belong to “%(name)s”.",
        given,
        name=chosen.name,
    )
    if not given:
        words = _("“%(name)s” is chosen.", name=chosen.name)
    more = _("From now on this name is recognised.") if learnt else ""
    flash(f"{words} {more}".strip(), "success")
    return redirect(url_for("organiser.unmatched"), 303)


def _wrong(typed: str) -> str:
    if not typed:
        return _("Please choose a public body.")
    return _("“%(name)s” is no single public body of the directory.", name=typed)


def _is_everybody(key: str, people: list[str]) -> bool:
    _group, known = find_group(organiser(), key)
    return {person.public_id for person in known} <= set(people)


@blueprint.post("/contacts/unmatched/leave")
@permission(Permission.EDIT_ADMINISTRATIONS)
def leave_unmatched() -> Answer:
    """Set a name aside that is no administration."""
    with transaction():
        text = leave(organiser(), _key(), now=now())
    flash(_("“%(name)s” stays without a public body.", name=text), "success")
    return redirect(url_for("organiser.unmatched"), 303)


@blueprint.post("/contacts/unmatched/take-up")
@permission(Permission.EDIT_ADMINISTRATIONS)
def take_up_unmatched() -> Answer:
    """List a name again that was set aside."""
    with transaction():
        take_up(_key())
    return redirect(url_for("organiser.unmatched"), 303)
