"""Who may register, and who gets a seat or a place on the waiting list."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ikone_events.domain.events.facts import RUNNING, TAKES_PLACE, Mode, State
from ikone_events.domain.events.registration_settings import RegistrationSettings
from ikone_events.domain.refusals import N_, Complaint, RegistrationClosed
from ikone_events.domain.registering.registration import Awaits, Status

# The hours of a reservation that is renewed where the event no longer has a time limit.
HOURS_ANEW = 24


@dataclass(frozen=True, slots=True)
class Pool:
    """The seats of one mode of a hybrid event; capacity None means no limit of its own.

    `waiting` is the number of people who wait for a seat in this mode.
    """

    capacity: int | None
    seated: int
    waiting: int = 0

    @property
    def free(self) -> int | None:
        """The number of free seats; None without a limit."""
        return None if self.capacity is None else max(self.capacity - self.seated, 0)

    @property
    def excess(self) -> int | None:
        """The number of people with a seat if there are fewer seats than people, else None."""
        over = self.capacity is not None and self.seated > self.capacity
        return self.seated if over else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatAvailability(RegistrationSettings):
    """All that decides about seats of one event at one moment. Times are aware UTC.

    `modes` are those in which people can take part. `pools` holds the modes of a hybrid event and
    is empty for others; `seated` counts all seats.
    """

    now: datetime
    state: State
    starts_at: datetime
    ends_at: datetime
    seated: int
    somebody_waits: bool
    modes: tuple[Mode, ...] = tuple(Mode)
    pools: Mapping[Mode, Pool] = field(default_factory=dict)

    @property
    def free(self) -> int | None:
        """The number of free seats of all modes; None without a limit."""
        whole = Pool(self.capacity, self.seated).free
        pools = [pool.free for pool in self.pools.values()]
        if not pools or None in pools:
            return whole
        together = sum(free for free in pools if free is not None)
        return together if whole is None else min(whole, together)

    def free_for(self, mode: Mode) -> int | None:
        """The number of free seats in a mode; None without a limit."""
        whole = Pool(self.capacity, self.seated).free
        own = self.pools[mode].free if mode in self.pools else None
        known = [free for free in (whole, own) if free is not None]
        return min(known) if known else None

    def taking(self, mode: Mode) -> "SeatAvailability":
        """The availability after one more person has taken a seat in this mode."""
        pools = dict(self.pools)
        if mode in pools:
            pools[mode] = replace(pools[mode], seated=pools[mode].seated + 1)
        return replace(self, seated=self.seated + 1, pools=pools)

    @property
    def runs(self) -> bool:
        """Whether the event is neither called off nor over, nor still to be opened."""
        return self.state in RUNNING and self.now < self.ends_at

    def promotes(self, mode: Mode) -> bool:
        """Whether people who wait for a seat in this mode get promoted now."""
        until = promotion_end(
            mode, starts_at=self.starts_at, ends_at=self.ends_at, accepts_late=self.accepts_late
        )
        return self.state in RUNNING and self.now < until

    @property
    def moves(self) -> bool:
        """Whether anybody who waits may get promoted now."""
        return any(self.promotes(mode) for mode in self.modes)

    @property
    def members_first(self) -> bool:
        """Whether only members get seats now."""
        return self.members_until is not None and self.now < self.members_until


def promotion_end(
    mode: Mode, *, starts_at: datetime, ends_at: datetime, accepts_late: bool
) -> datetime:
    """Until when people are promoted: the start, online the end if late people are admitted."""
    return ends_at if accepts_late and mode is Mode.ONLINE else min(starts_at, ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One person who needs a seat.

    `colleagues` counts people of the same administration with seats; `member` is as of the event's
    day. The last three are the admission steps that the person has passed.
    """

    mode: Mode
    member: bool = False
    colleagues: int = 0
    from_line: bool = False
    address_confirmed: bool = False
    approved: bool = False
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A status; `reserved_until` is when a reserved seat goes to the next person."""

    status: Status
    awaits: Awaits = Awaits.NOTHING
    reserved_until: datetime | None = None


def not_addable_because(availability: SeatAvailability) -> Complaint | None:
    """Why organisers can add nobody, or None; opening and deadline do not bind them."""
    if availability.now >= availability.ends_at:
        return Complaint(N_("The event is over."))
    if availability.state not in TAKES_PLACE:
        return Complaint(N_("People can be added once the event is announced and has a date."))
    return None


def closed_because(availability: SeatAvailability) -> Complaint | None:
    """Why nobody can register now, or None."""
    if availability.state in (State.DRAFT, State.ANNOUNCED, State.POSTPONED):
        return Complaint(N_("Registration is not open yet."))
    if availability.state is State.CANCELLED:
        return Complaint(N_("The event has been cancelled."))
    if availability.state is State.DISPATCHED:
        late = availability.accepts_late and availability.now < availability.ends_at
    else:
        late = availability.state is State.OPEN and availability.now < (
            availability.deadline or availability.starts_at
        )
    if not late:
        return Complaint(N_("Registration is closed."))
    if availability.free == 0 and not availability.waiting_list:
        return Complaint(N_("All places are taken."))
    return None


def obstacle(availability: SeatAvailability, candidate: Candidate) -> Complaint | None:
    """Why this person gets no seat now, or None."""
    if availability.free_for(candidate.mode) == 0:
        return _taken(availability, candidate.mode)
    return excluded_because(availability, candidate)


def excluded_because(availability: SeatAvailability, candidate: Candidate) -> Complaint | None:
    """Why this person gets no seat although one is free, or None."""
    if availability.members_first and not candidate.member:
        return Complaint(N_("At first the places are for the members of the network."))
    limit = availability.per_administration
    if limit is not None and candidate.colleagues >= limit:
        return Complaint(
            N_("The public body has all the places that one can have (%(number)d)."),
            {"number": limit},
        )
    return None


def _taken(availability: SeatAvailability, mode: Mode) -> Complaint:
    other = next((each for each in availability.pools if each is not mode), None)
    if other is None or availability.free_for(other) == 0:
        return Complaint(N_("All places are taken."))
    if mode is Mode.ON_SITE:
        return Complaint(
            N_("All places on site are taken. Online there are still some."), {}, "mode"
        )
    return Complaint(N_("All places online are taken. On site there are still some."), {}, "mode")


def place_for(availability: SeatAvailability, candidate: Candidate) -> Place | None:
    """The next status of a person who needs a seat; None without a free seat."""
    return None if obstacle(availability, candidate) else next_place(availability, candidate)


def next_place(availability: SeatAvailability, candidate: Candidate) -> Place:
    """The status of a person with a seat: confirmed after all admission steps.

    The steps are, in this order: address, approval, acceptance of an offer.
    """
    if availability.confirm_hours is not None and not candidate.address_confirmed:
        until = _reserved_until(availability, availability.confirm_hours)
        return Place(Status.PENDING, Awaits.ADDRESS, until)
    if availability.approval and not candidate.approved:
        return Place(Status.PENDING, Awaits.APPROVAL)
    if availability.offer_hours is not None and candidate.from_line and not candidate.accepted:
        until = _reserved_until(availability, availability.offer_hours)
        return Place(Status.OFFERED, reserved_until=until)
    return Place(Status.CONFIRMED)


def _reserved_until(availability: SeatAvailability, hours: int) -> datetime:
    return reservation_end(availability.now, hours, availability.ends_at)


def reservation_end(since: datetime, hours: int | None, ends_at: datetime) -> datetime:
    """The end of a reservation: some hours from a moment, at the latest the end of the event.

    `hours` is None where the event no longer has a time limit.
    """
    return min(since + timedelta(hours=hours or HOURS_ANEW), ends_at)


def admit(availability: SeatAvailability, candidate: Candidate) -> Place:
    """A seat or a place on the waiting list; raises RegistrationClosed if neither is possible.

    The caller has filled free seats from the waiting list before: whoever still waits is blocked by
    a rule that does not apply to the new person. While nobody gets promoted, they go first.
    """
    if complaint := closed_because(availability):
        raise RegistrationClosed(complaint)
    return _admit(availability, candidate, open_=availability.promotes(candidate.mode))


def admit_by_hand(availability: SeatAvailability, candidate: Candidate) -> Place:
    """The same for organisers, who may add people while the form is closed.

    After the start free seats go to those whom they add: nobody gets promoted any more.
    """
    return _admit(availability, candidate, open_=availability.runs)


def _admit(availability: SeatAvailability, candidate: Candidate, *, open_: bool) -> Place:
    place = place_for(availability, candidate)
    if place is not None and (open_ or not availability.somebody_waits):
        return place
    if availability.waiting_list:
        return Place(Status.WAITLISTED)
    waits = Complaint(N_("Others wait for these places already."))
    raise RegistrationClosed(obstacle(availability, candidate) or waits)
