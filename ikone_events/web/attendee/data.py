"""Downloads of a person: the calendar entry, and all their data."""

import json
from uuid import NAMESPACE_URL, uuid5

from flask import Response
from flask.typing import ResponseReturnValue

from ikone_events.domain.calendars.invitation import calendar_object
from ikone_events.domain.events.facts import CALLED_OFF
from ikone_events.domain.mails.facts import Invitation, Recipient
from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.domain.registering.registration import Status
from ikone_events.services.installation import get_installation, now
from ikone_events.services.mails.values import links_of, sender_of, summary_for
from ikone_events.services.privacy.own_data import data_of
from ikone_events.store.registering.models import Registration
from ikone_events.web.attendee.frame import blueprint, registration_from_token
from ikone_events.web.shell.access import Permission, permission


@blueprint.get("/r/<token>/calendar.ics")
@permission(Permission.PERSONAL_LINK)
def calendar(token: str) -> ResponseReturnValue:
    """The person's entry as a file, with their link to the door page."""
    registration = registration_from_token(token)
    event = registration.event
    if registration.status != Status.CONFIRMED.value or event.state in CALLED_OFF:
        raise NotFound(Complaint(N_("There is no calendar entry for you at present.")))
    data = calendar_object(
        summary_for(event, registration),
        Recipient(email=registration.email, locale=registration.locale),
        links=links_of(event, registration),
        invitation=_copy_of_invitation(registration),
        method=None,
        sender=sender_of(event),
    )
    response = Response(data, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{event.slug}.ics"'
    return response


def _copy_of_invitation(registration: Registration) -> Invitation:
    """With another UID than in the mails: whoever knows that one can cancel the entry."""
    event = registration.event
    uid = f"{uuid5(NAMESPACE_URL, registration.public_id)}@{get_installation().settings.host}"
    return Invitation(uid=uid, sequence=event.edit_version, stamp=event.changed_at)


@blueprint.get("/r/<token>/data.json")
@permission(Permission.PERSONAL_LINK)
def own_data(token: str) -> ResponseReturnValue:
    """Everything that is stored about the person, as a file (Art. 15 and 20 GDPR)."""
    registration = registration_from_token(token)
    text = json.dumps(data_of(registration, now=now()), ensure_ascii=False, indent=2)
    response = Response(text + "\n", content_type="application/json; charset=utf-8")
    name = f"{registration.event.slug}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
