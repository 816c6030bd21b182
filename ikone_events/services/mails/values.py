"""Values of mails, calendars and pages: the event, its changes, the recipient, the links.

At a hybrid event they depend on how the person takes part.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, timedelta

from ikone_events.domain.events.changes import differences
from ikone_events.domain.events.facts import RUNNING, Mode
from ikone_events.domain.events.lifecycle import Action, EventFormat
from ikone_events.domain.mails.facts import Difference, EventSummary, Links, Recipient, Sender
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.registering.form_fields import Answers, FormName
from ikone_events.domain.registering.registration import Awaits, Status
from ikone_events.domain.rooms.door import has_door, is_link_out, is_room_known
from ikone_events.domain.rooms.ticket import has_ticket
from ikone_events.domain.times import to_local
from ikone_events.services.installation import get_identity, get_installation
from ikone_events.store.events.models import Event, EventVersion
from ikone_events.store.events.snapshots import derived
from ikone_events.store.mails.event_versions import event_in, event_versions, notified_numbers
from ikone_events.store.plan.models import due_at_of
from ikone_events.store.registering.form_fields import asked_of, left_open
from ikone_events.store.registering.models import Registration

# The room opens before the start, so that people can test camera and sound.
DOORS_OPEN_BEFORE = timedelta(minutes=15)
# Mails that ask people to complete their details.
_COMPLETING = {
    *(MailKind.CONFIRMATION, MailKind.WAITLIST, MailKind.PROMOTION, MailKind.TAKEN_OVER),
}


def sender_of(event: Event | None) -> Sender:
    """The sender of all mails; replies go to the contact of the event."""
    if event is None:
        return _sender("")
    return derived(event, "sender", lambda: _sender(event.contact_email))


def _sender(reply_to: str) -> Sender:
    identity = get_identity()
    return Sender(
        name=identity.organisation,
        address=get_installation().settings.sender,
        reply_to=reply_to,
        accent=identity.mail_accent,
    )


def summary_of(event: Event, locale: str) -> EventSummary:
    """The event in one language, as public calendars show it."""
    return derived(event, ("summary", locale), lambda: _summary_of(event, locale))


def _summary_of(event: Event, locale: str) -> EventSummary:
    installation, identity = get_installation(), get_identity()
    online = event.format == EventFormat.ONLINE.value
    return EventSummary(
        title=event.title_in(locale),
        summary=event.summary_in(locale),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        zone=event.zone,
        format=event.format,
        place="" if online else event.place,
        directions="" if online else event.directions,
        bring="" if online else event.bring,
        dial_in=event.dial_in,
        room_known=is_room_known(event.room_provider, event.room_url),
        room_opens_at=event.starts_at - DOORS_OPEN_BEFORE,
        organisation=identity.organisation,
        postal_address=identity.address,
        contact_name=event.contact_name,
        contact_email=event.contact_email or installation.settings.sender,
        contact_phone=event.contact_phone,
        public_url=installation.page(f"/events/{event.slug}"),
        register_url=installation.page(f"/events/{event.slug}/register"),
    )


def summary_in(event: Event, mode: str, locale: str) -> EventSummary:
    """The event for one mode: on site with the place, online with the room."""
    if event.format != EventFormat.HYBRID.value:
        return summary_of(event, locale)
    return derived(event, ("summary", mode, locale), lambda: _of_mode(event, mode, locale))


def _of_mode(event: Event, mode: str, locale: str) -> EventSummary:
    whole = summary_of(event, locale)
    if mode == Mode.ONLINE.value:
        online = EventFormat.ONLINE.value
        return replace(whole, format=online, place="", directions="", bring="")
    return replace(whole, format=EventFormat.ON_SITE.value, dial_in="", room_opens_at=None)


def summary_for(event: Event, registration: Registration) -> EventSummary:
    """The event for a person: in their mode and language."""
    return summary_in(event, registration.mode, registration.locale)


def _comes_online(event: Event, registration: Registration) -> bool:
    if event.format == EventFormat.HYBRID.value:
        return registration.mode == Mode.ONLINE.value
    return event.format == EventFormat.ONLINE.value


def links_of(event: Event, registration: Registration) -> Links:
    """The person's links; those to the room, to confirm and to accept only if they work now.

    The room is linked once the access link has been sent, for people who take part online. Waiting
    people confirm their address only when a seat is reserved for them.
    """
    installation, status = get_installation(), registration.status
    manage = installation.personal_page(registration.public_id, registration.link_epoch)
    confirmed = status == Status.CONFIRMED.value
    online = _comes_online(event, registration)
    enters = has_door(event.state, event.room_url, event.room_provider) and confirmed and online
    mode = Mode.ONLINE if online else Mode.ON_SITE
    ticket = has_ticket(event.state, status, mode)
    moving, pending = event.state in RUNNING, status == Status.PENDING.value
    asked = moving and pending and registration.awaits == Awaits.ADDRESS.value
    offered = moving and status == Status.OFFERED.value
    feedback = f"{manage}/feedback" if asked_of(event, FormName.FEEDBACK) else event.feedback_url
    return Links(
        manage=manage,
        room=f"{manage}/room" if enters else "",
        door=installation.door(registration.public_id, registration.link_epoch) if enters else "",
        ticket=f"{manage}/ticket" if ticket else "",
        materials=f"{manage}/materials",
        privacy=installation.page("/privacy"),
        confirm=f"{manage}/confirm" if asked else "",
        accept=f"{manage}/accept" if offered else "",
        feedback=feedback,
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
    """The day on which the plan sends the access link, or None; without a plan the day before."""
    day = derived(event, "link day", lambda: _link_day(event))
    return None if day is None or day < to_local(now, event.zone).date() else day


def _link_day(event: Event) -> date | None:
    if event.format == EventFormat.ON_SITE.value or is_link_out(event.state):
        return None
    day_before = event.starts_at - timedelta(days=1)
    sent_at = due_at_of(event, Action.DISPATCH) if event.plan else day_before
    return None if sent_at is None else to_local(sent_at, event.zone).date()


def last_notified_version(
    event: Event, registration: Registration, *, before: int | None = None, later_sent: bool = False
) -> Event:
    """The version of the event that this person was last notified of.

    `before` ignores mails from this id on; with `later_sent` only those that have not been sent.
    """
    versions = notified_versions(event, [registration], before=before, later_sent=later_sent)
    return versions[registration.id]


def notified_versions(
    event: Event,
    people: Collection[Registration],
    *,
    before: int | None = None,
    later_sent: bool = False,
) -> dict[int, Event]:
    """The version each person was last notified of, by registration id.

    Needs no query for people if the event has never changed, as most have not.
    """
    former = event_versions(event)
    if not former:
        return {person.id: event for person in people}
    numbers = notified_numbers(people, before=before, later_sent=later_sent)
    return {
        person.id: event_in(
            event, numbers.get(person.id) or _in_force(event, former, person.registered_at), former
        )
        for person in people
    }


def _in_force(event: Event, former: Collection[EventVersion], registered_at: datetime) -> int:
    """Without a mail, as after an import, people know the version at their registration."""
    return next(
        (each.number for each in former if each.until > registered_at), event.calendar_version
    )


def changes_for(
    known: Event, event: Event, registration: Registration, *, knows_room: bool
) -> tuple[Difference, ...]:
    """The differences to the version this person knows, in their language.

    A changed room is listed only with `knows_room`, for people who have a link to the room.
    """
    if known is event:
        return ()
    return differences(
        summary_for(known, registration),
        summary_for(event, registration),
        locale=registration.locale,
        has_door=knows_room and any(links_of(each, registration).room for each in (event, known)),
    )


def has_open_fields(
    kind: MailKind,
    registration: Registration,
    event: Event,
    now: datetime,
    given: Answers | None = None,
) -> bool:
    """Whether a mail asks the person to complete their details.

    Only for people for whom others filled in a form; everybody else was asked. `given` are the
    answers of somebody who is not stored yet.
    """
    by_others = bool(
        registration.predecessor_id or registration.approved_at or registration.registered_by
    )
    may_answer = kind in _COMPLETING and now < event.starts_at
    return by_others and may_answer and bool(left_open(registration, event, given))


def network_summary(now: datetime) -> EventSummary:
    """The network instead of an event; its time is never shown."""
    installation, identity = get_installation(), get_identity()
    return EventSummary(
        title=identity.organisation,
        starts_at=now,
        ends_at=now,
        zone=installation.settings.timezone,
        format="",
        organisation=identity.organisation,
        postal_address=identity.address,
        contact_email=installation.settings.sender,
        public_url=installation.page("/"),
        register_url=installation.page("/"),
    )
