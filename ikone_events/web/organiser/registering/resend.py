"""One press: the mail about a registration is sent again."""

from flask import redirect, url_for

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.refusals import LinkRefused, StatusRefused
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.rooms.door import is_link_out
from ikone_events.services.installation import now
from ikone_events.services.registering.resend import ResentMail, resend_confirmation
from ikone_events.store.db import transaction
from ikone_events.store.incoming.registration_search import get_person
from ikone_events.store.registering.models import Registration
from ikone_events.web.organiser.frame import Answer, actor, blueprint, flash_at, seen_event
from ikone_events.web.organiser.mails.mailing_words import kind_label
from ikone_events.web.organiser.registering.person import show_person
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _


@blueprint.post("/events/<slug>/registrations/<public_id>/resend")
@permission(Permission.EDIT_EVENTS)
def resend(slug: str, public_id: str) -> Answer:
    """Write the mail about the present status again; a second press writes no second one."""
    found = get_person(seen_event(slug), public_id)
    try:
        with transaction():
            resent = resend_confirmation(found.public_id, actor=actor(), now=now())
            _show(resent, with_link=_has_link(found))
    except (StatusRefused, LinkRefused) as refusal:
        event = seen_event(slug)
        return show_person(event, get_person(event, public_id), refused=refusal.complaints), 409
    person = url_for("organiser.person", slug=slug, public_id=public_id, _anchor="actions")
    return redirect(person, 303)


def _has_link(person: Registration) -> bool:
    """Whether the mail about a place names the way into the room: once the link was sent."""
    online = person.mode == Mode.ONLINE.value and person.status == Status.CONFIRMED.value
    return online and is_link_out(person.event.state)


def _show(resent: ResentMail, *, with_link: bool) -> None:
    kind = _("Confirmation with the access link") if with_link else kind_label(resent.mail.kind)
    recipient = resent.mail.recipient
    if resent.is_new:
        words = _("“%(kind)s” is sent again to %(recipient)s.", kind=kind, recipient=recipient)
        flash_at("actions", words)
    else:
        words = _(
            "No second e-mail is sent: “%(kind)s” to %(recipient)s is on its way or has just "
            "been sent.",
            kind=kind,
            recipient=recipient,
        )
        flash_at("actions", words, "info")
