"""What mails, calendars and pages show of rows: the event, the person, the links.

At a hybrid event all of it depends on how the person takes part.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import blake2s

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.events.lifecycle import Action, EventFormat, State
from ikone_events.domain.mails.facts import EventSummary, Links, Recipient, Sender
from ikone_events.domain.registering.registration import Awaits, Status
from ikone_events.domain.registering.seating import MOVING
from ikone_events.domain.rooms.door import has_door
from ikone_events.domain.times import to_local
from ikone_events.services.installation import get_installation
from ikone_events.store.events.models import Event
from ikone_events.store.plan.models import due_at_of
from ikone_events.store.registering.models import Registration

# The room opens a little before the start, so that cameras and sound can be tried.
DOORS_OPEN_BEFORE = timedelta(minutes=15)
_MOVING = frozenset(state.value for state in MOVING)


def sender_of(event: Event | None) -> Sender:
    """The fixed From of all mails; a human reads what is sent to Reply-To."""
    settings = get_installation().settings
    reply_to = event.contact_email if event else ""
    return Sender(name=settings.organisation, address=settings.sender, reply_to=reply_to)


def summary_of(event: Event, locale: str) -> EventSummary:
    """The event as a whole in one language, as public calendars show it."""
    installation = get_installation()
    return EventSummary(
        title=event.title_in(locale),
        summary=event.summary_in(locale),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        zone=event.zone,
        format=event.format,
        place="" if event.format == EventFormat.ONLINE.value else event.place,
        dial_in=event.dial_in,
        room_mark=_mark(event.room_url),
        room_opens_at=event.starts_at - DOORS_OPEN_BEFORE,
        organisation=installation.settings.organisation,
        contact_name=event.contact_name,
        contact_email=event.contact_email or installation.settings.sender,
        contact_phone=event.contact_phone,
        public_url=installation.page(f"/events/{event.slug}"),
        register_url=installation.page(f"/events/{event.slug}/register"),
        feedback_url=event.feedback_url,
    )


def _mark(room_url: str) -> str:
    return blake2s(room_url.encode(), digest_size=8).hexdigest() if room_url else ""


def summary_in(event: Event, mode: str, locale: str) -> EventSummary:
    """The event for people of one mode: on site the place and no room, online the reverse."""
    whole = summary_of(event, locale)
    if event.format != EventFormat.HYBRID.value:
        return whole
    if mode == Mode.ONLINE.value:
        return replace(whole, format=EventFormat.ONLINE.value, place="")
    return replace(whole, format=EventFormat.ON_SITE.value, dial_in="", room_opens_at=None)


def summary_for(event: Event, registration: Registration) -> EventSummary:
    """The event as this person takes part in it, in this person's language."""
    return summary_in(event, registration.mode, registration.locale)


def _comes_online(event: Event, registration: Registration) -> bool:
    if event.format == EventFormat.HYBRID.value:
        return registration.mode == Mode.ONLINE.value
    return event.format == EventFormat.ONLINE.value


def links_of(event: Event, registration: Registration) -> Links:
    """The person's own links: the room, to confirm and to accept only where these open something.

    The door opens once the link has been dispatched, to those who take part online. People who wait
    are asked to confirm their address once a seat is reserved for them, no earlier.
    """
    installation, status = get_installation(), registration.status
    manage = installation.personal_page(registration.public_id, registration.link_epoch)
    confirmed = status == Status.CONFIRMED.value
    enters = (
        has_door(event.state, event.room_url) and confirmed and _comes_online(event, registration)
    )
    moving, pending = event.state in _MOVING, status == Status.PENDING.value
    asked = moving and pending and registration.awaits == Awaits.ADDRESS.value
    offered = moving and status == Status.OFFERED.value
    return Links(
        manage=manage,
        room=f"{manage}/room" if enters else "",
        materials=f"{manage}/materials",
        privacy=installation.page("/privacy"),
        confirm=f"{manage}/confirm" if asked else "",
        accept=f"{manage}/accept" if offered else "",
    )


def recipient_of(registration: Registration) -> Recipient:
    """The person as mails address them."""
    return Recipient(
        email=registration.email,
        locale=registration.locale,
        salutation=registration.salutation,
        title=registration.title,
        first_name=registration.first_name,
        last_name=registration.last_name,
        question=registration.question,
    )


def link_day(event: Event, now: datetime) -> date | None:
    """The day on which the plan sends the access link; None when nobody can promise one.

    Without a plan it is the day before the event.
    """
    if event.format == EventFormat.ON_SITE.value or event.state == State.DISPATCHED.value:
        return None
    day_before = event.starts_at - timedelta(days=1)
    sent_at = due_at_of(event, Action.DISPATCH) if event.plan else day_before
    if sent_at is None:
        return None
    day = to_local(sent_at, event.zone).date()
    return day if day >= to_local(now, event.zone).date() else None
