"""For whom there is a ticket."""

from datetime import UTC, datetime, timedelta

from ikone_events.domain.events.facts import Mode, State
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.rooms.ticket import Ticket, has_ticket, ticket_at

ENDS = datetime(2026, 3, 16, 11, tzinfo=UTC)


def state_of(state: str = "open", status: str = "confirmed", **changes: object) -> str:
    values = {"mode": Mode.ON_SITE, "ends_at": ENDS, "now": ENDS - timedelta(seconds=1)}
    given = {**values, **changes}
    return ticket_at(given.pop("now"), state=state, status=status, **given)  # type: ignore[arg-type]


def test_ticket_depends_on_status_mode_and_time() -> None:
    assert {status: state_of(status=status) for status in Status} == {
        Status.PENDING: Ticket.RESERVED,
        Status.CONFIRMED: Ticket.VALID,
        Status.WAITLISTED: Ticket.WAITING,
        Status.OFFERED: Ticket.RESERVED,
        Status.CANCELLED: Ticket.GONE,
        Status.DECLINED: Ticket.GONE,
        Status.EXPIRED: Ticket.GONE,
    }
    assert state_of(mode=Mode.ONLINE) == Ticket.ONLINE
    assert state_of(now=ENDS) == Ticket.OVER


def test_mails_link_to_a_ticket_where_the_page_shows_one() -> None:
    """Only the time is left out: nobody knows when a mail is read."""
    for state in State:
        for status in Status:
            for mode in Mode:
                shown = state_of(state, status, mode=mode) == Ticket.VALID
                assert has_ticket(state, status, mode) == shown, (state, status, mode)
