"""A person's own pages behind the link in every letter: see, withdraw, delete, take along."""

from uuid import NAMESPACE_URL, uuid5

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ikone_events.domain.calendar import calendar_object
from ikone_events.domain.lifecycle import State
from ikone_events.domain.messages import Invitation, Recipient
from ikone_events.domain.refusals import N_, Complaint, LinkRefused, NotFound, StandingRefused
from ikone_events.domain.registration import ACTIVE, Status
from ikone_events.services.letters import link_day, links_of, occasion_of, sender_of
from ikone_events.services.office import now, office
from ikone_events.services.privacy import forget_person
from ikone_events.services.standings import withdraw
from ikone_events.store.db import transaction
from ikone_events.store.line import line_number
from ikone_events.store.queries import retention_until
from ikone_events.store.registrations import Registration
from ikone_events.store.sittings import get_sitting
from ikone_events.web.access import Permission, permission
from ikone_events.web.door import door_of
from ikone_events.web.i18n import page_locale, say
from ikone_events.web.limits import PERSONAL, limiter
from ikone_events.web.personal import holder
from ikone_events.web.standing import standing_of

blueprint = Blueprint("attendee", __name__)
_CALLED_OFF = (State.POSTPONED.value, State.CANCELLED.value)


@blueprint.get("/r/<token>")
@permission(Permission.PERSONAL_LINK)
def show(token: str) -> ResponseReturnValue:
    """How things stand for this person, what comes next, what is stored."""
    registration, moment = holder(token), now()
    event = registration.event
    return render_template(
        "attendee/show.html",
        token=token,
        registration=registration,
        event=event,
        door=door_of(registration, moment).value,
        position=line_number(registration),
        link_day=link_day(event, moment),
        may_withdraw=is_active(registration) and moment < event.ends_at,
        may_forget=not is_active(registration) or moment >= event.ends_at,
        may_return=standing_of(get_sitting(event, moment)).open,
        kept_until=retention_until(event),
    )


def is_active(registration: Registration) -> bool:
    """Whether the person has or awaits a place."""
    return registration.status in {status.value for status in ACTIVE}


@blueprint.get("/r/<token>/cancel")
@permission(Permission.PERSONAL_LINK)
def ask_cancel(token: str) -> ResponseReturnValue:
    """Whether they mean it; the button does it."""
    registration = holder(token)
    if not is_active(registration) or now() >= registration.event.ends_at:
        return redirect(url_for("attendee.show", token=token), 303)
    return render_template(
        "attendee/cancel.html", token=token, registration=registration, event=registration.event
    )


@blueprint.post("/r/<token>/cancel")
@permission(Permission.PERSONAL_LINK)
@limiter.limit(PERSONAL)
def cancel(token: str) -> ResponseReturnValue:
    """Take the registration back; a second press leads to the same page."""
    registration = holder(token)
    try:
        with transaction():
            withdraw(registration.public_id, now=now())
        flash(_("You have withdrawn. An e-mail confirms it."), "success")
    except StandingRefused as refusal:
        flash(" ".join(say(c) for c in refusal.complaints), "warning")
    return redirect(url_for("attendee.show", token=token), 303)


@blueprint.get("/r/<token>/delete")
@permission(Permission.PERSONAL_LINK)
def ask_delete(token: str) -> ResponseReturnValue:
    """Whether they mean it; what goes and what stays."""
    registration = holder(token)
    return render_template("attendee/delete.html", token=token, event=registration.event)


@blueprint.post("/r/<token>/delete")
@permission(Permission.PERSONAL_LINK)
@limiter.limit(PERSONAL)
def delete(token: str) -> ResponseReturnValue:
    """Delete the person's details at once; the link is dead afterwards."""
    try:
        with transaction():
            forget_person(holder(token), now=now())
    except LinkRefused as refusal:
        flash(" ".join(say(c) for c in refusal.complaints), "warning")
        return redirect(url_for("attendee.show", token=token), 303)
    return redirect(url_for("attendee.deleted"), 303)


@blueprint.get("/deleted")
@permission(Permission.PUBLIC)
def deleted() -> ResponseReturnValue:
    """The last page: it names nobody, because nothing is known any more."""
    return render_template("attendee/deleted.html")


@blueprint.get("/r/<token>/calendar.ics")
@permission(Permission.PERSONAL_LINK)
def calendar(token: str) -> ResponseReturnValue:
    """The person's entry to take along, with their door to the room."""
    registration = holder(token)
    event = registration.event
    if registration.status != Status.CONFIRMED.value or event.state in _CALLED_OFF:
        raise NotFound(Complaint(N_("There is no calendar entry for you at present.")))
    data = calendar_object(
        occasion_of(event, page_locale()),
        Recipient(email=registration.email, locale=page_locale()),
        links=links_of(event, registration),
        invitation=_copy_of_invitation(registration),
        method=None,
        sender=sender_of(event),
    )
    response = Response(data, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{event.slug}.ics"'
    return response


def _copy_of_invitation(registration: Registration) -> Invitation:
    """Another UID than in the letters: whoever knows that one can cancel the entry there."""
    event = registration.event
    uid = f"{uuid5(NAMESPACE_URL, registration.public_id)}@{office().settings.host}"
    return Invitation(uid=uid, sequence=event.revision, stamp=event.changed_at)


@blueprint.get("/r/<token>/data.json")
@permission(Permission.PERSONAL_LINK)
def own_data(token: str) -> ResponseReturnValue:
    """Everything that is stored about the person, for them to keep (Art. 15 and 20 GDPR)."""
    registration = holder(token)
    names = (
        "salutation title first_name last_name email organisation_text position question "
        "locale status attendance"
    )
    stored: dict[str, object] = {name: getattr(registration, name) for name in names.split()}
    for name in ("registered_at", "status_at", "attended_at"):
        moment = getattr(registration, name)
        stored[name] = moment.isoformat() if moment else None
    stored["event"] = registration.event.title
    stored["kept_until"] = retention_until(registration.event).date().isoformat()
    response = jsonify(stored)
    response.headers["Content-Disposition"] = 'attachment; filename="registration.json"'
    return response
