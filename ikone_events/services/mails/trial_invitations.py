"""Test invitations to an organiser's mailbox, which can be answered and withdrawn.

They belong to no registration. Further ones to the same address and event have the same UID, so
they update the entry, and every entry can be withdrawn.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from icalendar import Calendar

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.header_text import MOST_CHARACTERS
from ikone_events.domain.mails.facts import Invitation, Links, MailFacts, Recipient
from ikone_events.domain.mails.kinds import CANCEL, REQUEST, MailKind, calendar_method
from ikone_events.domain.rooms.door import has_door
from ikone_events.mail.writing.compose import compose
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.invitations import later_stamp, new_calendar_uid
from ikone_events.services.mails.values import sender_of, summary_in
from ikone_events.services.mails.writing import outbox_row, queue
from ikone_events.store.calendars.mails import answer_to_trial, trials_of
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.mails.models import TEST_KEY, OutboxMail

MARK = "Test: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Tester:
    """An organiser who gets a test invitation; `mode` matters at a hybrid event."""

    email: str
    name: str
    locale: str
    mode: str = Mode.ONLINE.value


@dataclass(frozen=True, slots=True)
class TrialInvitation:
    """The newest test invitation of an organiser, and the answer to it."""

    mail: OutboxMail
    answer: IncomingMail | None

    @property
    def stands(self) -> bool:
        """Whether it has not been withdrawn."""
        return self.mail.calendar_method == REQUEST


def trial_of(event: Event, email: str) -> TrialInvitation | None:
    """The newest test invitation to an address, or None."""
    newest = next(iter(trials_of(event, email)), None)
    return None if newest is None else TrialInvitation(newest, answer_to_trial(newest.calendar_uid))


def send_trial(slug: str, tester: Tester, *, now: datetime) -> OutboxMail:
    """Send an invitation to the event; a further one updates the entry."""
    event = lock_event(slug)
    earlier = _mails_of_entry(event, tester)
    return _queue(MailKind.TRIAL_INVITATION, event, tester, earlier, now=now)


def take_back_trial(slug: str, tester: Tester, *, now: datetime) -> OutboxMail | None:
    """Withdraw the test invitation; None if there is none in the calendar."""
    event = lock_event(slug)
    earlier = _mails_of_entry(event, tester)
    if not earlier:
        return None
    return _queue(MailKind.TRIAL_WITHDRAWAL, event, tester, earlier, now=now)


def _mails_of_entry(event: Event, tester: Tester) -> list[OutboxMail]:
    """The mails of the entry that is in the tester's calendar, newest first."""
    trials = trials_of(event, tester.email)
    if not trials or trials[0].calendar_method != REQUEST:
        return []
    return [row for row in trials if row.calendar_uid == trials[0].calendar_uid]


def trial_object(event: Event, tester: Tester, *, now: datetime) -> bytes:
    """The calendar object of a test invitation, which is that of the first registration."""
    invitation = Invitation(uid=f"test@{get_installation().settings.host}", sequence=0, stamp=now)
    facts = _facts(MailKind.TRIAL_INVITATION, event, tester, invitation, mark="")
    return compose(facts).calendar or b""


def _queue(
    kind: MailKind, event: Event, tester: Tester, earlier: list[OutboxMail], *, now: datetime
) -> OutboxMail:
    invitation = _next(kind, event, earlier, now=now)
    facts = _facts(kind, event, tester, invitation, mark=MARK)
    row = outbox_row(
        facts,
        compose(facts),
        key=f"{TEST_KEY}{uuid4().hex}",
        now=now,
        event_id=event.id,
        calendar_uid=invitation.uid,
        calendar_sequence=invitation.sequence,
        calendar_stamp=invitation.stamp,
        references=earlier[-1].message_id if earlier else "",
    )
    return queue(row)


def _next(kind: MailKind, event: Event, earlier: list[OutboxMail], *, now: datetime) -> Invitation:
    """Numbered like the invitations of registered people."""
    if not earlier:
        return Invitation(uid=new_calendar_uid(), sequence=0, stamp=later_stamp(now, None))
    (shown,) = Calendar.from_ical(earlier[0].calendar or b"").events
    moved = (shown.start, shown.end) != (event.starts_at, event.ends_at)
    rises = moved or calendar_method(kind) == CANCEL
    return Invitation(
        uid=earlier[0].calendar_uid,
        sequence=(earlier[0].calendar_sequence or 0) + rises,
        stamp=later_stamp(now, earlier[0].calendar_stamp),
        updates=True,
    )


def _facts(
    kind: MailKind, event: Event, tester: Tester, invitation: Invitation, *, mark: str
) -> MailFacts:
    """Facts of a test invitation; the link to the room leads to the public page."""
    installation, summary = get_installation(), summary_in(event, tester.mode, tester.locale)
    leads_on = has_door(event.state, event.room_url, event.room_provider)
    open_now = leads_on and summary.has_room
    return MailFacts(
        kind=kind,
        event=replace(summary, title=f"{mark}{summary.title}"[:MOST_CHARACTERS]),
        recipient=Recipient(email=tester.email, locale=tester.locale, last_name=tester.name),
        links=Links(
            manage=installation.page(f"/organise/events/{event.slug}/calendar"),
            privacy=installation.page("/privacy"),
            room=summary.public_url if open_now else "",
            door=summary.public_url if open_now else "",
        ),
        sender=sender_of(event),
        invitation=invitation,
    )
