"""The numbers in the tabs of an event's pages."""

from dataclasses import dataclass

from sqlalchemy import func, select

from ikone_events.domain.registering.registration import SEATED
from ikone_events.store.db import db
from ikone_events.store.events.models import Event, Material
from ikone_events.store.figures.counts import to_look_at
from ikone_events.store.followup.requests import IS_UNDECIDED, MaterialRequest
from ikone_events.store.incoming.lists import IS_LOST, IS_ODD
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration

_SEATED = [status.value for status in SEATED]


@dataclass(frozen=True, slots=True)
class TabCounts:
    """The numbers in the tabs of an event's pages; see Counts."""

    seated: int
    materials: int
    handed_in: int
    material_requests: int
    failed_mail: int
    unreached: int
    odd_answers: int

    @property
    def unseen(self) -> int:
        """The number of incoming mails to look at."""
        return self.unreached + self.odd_answers

    @property
    def to_look_at(self) -> int:
        """The number of mails that need somebody; see Counts."""
        return to_look_at(self.failed_mail, self.unreached, self.odd_answers)


def tab_counts(event: Event) -> TabCounts:
    """The numbers of the tabs, in one statement."""
    number = select(func.count())
    unseen = (IncomingMail.event_id == event.id, IncomingMail.seen_at.is_(None))
    lost = select(func.count(OutboxMail.recipient.distinct())).join(
        IncomingMail, IncomingMail.mail_id == OutboxMail.id
    )
    numbers = (
        number.where(Registration.event_id == event.id, Registration.status.in_(_SEATED)),
        number.where(Material.event_id == event.id, Material.released),
        number.where(Material.event_id == event.id, ~Material.released),
        number.where(MaterialRequest.event_id == event.id, IS_UNDECIDED),
        number.where(OutboxMail.event_id == event.id, OutboxMail.state == "failed"),
        lost.where(*unseen, IS_LOST),
        number.where(*unseen, IS_ODD),
    )
    asked = select(*(each.scalar_subquery() for each in numbers))
    return TabCounts(*db.session.execute(asked).one())
