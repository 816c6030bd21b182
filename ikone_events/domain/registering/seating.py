"""Who may register, and whether the next person gets a seat or a place in the line."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from ikone_events.domain.events.facts import Mode, State
from ikone_events.domain.events.registration_settings import RegistrationSettings
from ikone_events.domain.refusals import N_, Complaint, RegistrationClosed
from ikone_events.domain.registering.registration import Awaits, Status

# States in which an event has been made public and has a date that holds.
TAKES_PLACE = (State.ANNOUNCED, State.OPEN, State.CLOSED, State.DISPATCHED)
# States in which those who wait move up by themselves.
MOVING = (State.OPEN, State.CLOSED, State.DISPATCHED)


@dataclass(frozen=True, slots=True)
class Pool:
    """The seats of one mode of a hybrid event; no capacity means no limit of its own."""

    capacity: int | None
    seated: int

    @property
    def free(self) -> int | None:
        """Seats that nobody holds; None when there is no limit."""
        return None if self.capacity is None else max(self.capacity - self.seated, 0)

    @property
    def excess(self) -> int | None:
        """How many hold seats where there are fewer seats than people; None where there are not."""
        over = self.capacity is not None and self.seated > self.capacity
        return self.seated if over else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatAvailability(RegistrationSettings):
    """What decides about registration for one event at one moment. Times are aware UTC.

    `pools` holds the modes of a hybrid event and is empty for others; `seated` counts all seats.
    """

    now: datetime
    state: State
    starts_at: datetime
    ends_at: datetime
    seated: int
    somebody_waits: bool
    pools: Mapping[Mode, Pool] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def free(self) -> int | None:
        """Seats that nobody holds, in whatever mode; None when there is no limit."""
        whole = Pool(self.capacity, self.seated).free
        pools = [pool.free for pool in self.pools.values()]
        if not pools or None in pools:
            return whole
        together = sum(free for free in pools if free is not None)
        return together if whole is None else min(whole, together)

    def free_for(self, mode: Mode) -> int | None:
        """Seats that somebody may take who comes in this mode; None when there is no limit."""
        whole = Pool(self.capacity, self.seated).free
        own = self.pools[mode].free if mode in self.pools else None
        known = [free for free in (whole, own) if free is not None]
        return min(known) if known else None

    def taking(self, mode: Mode) -> "SeatAvailability":
        """The same after one more person has taken a seat in this mode."""
        pools = dict(self.pools)
        if mode in pools:
            pools[mode] = replace(pools[mode], seated=pools[mode].seated + 1)
        return replace(self, seated=self.seated + 1, pools=pools)

    @property
    def moves(self) -> bool:
        """Whether people move up, confirm and lapse: not while postponed, called off or over."""
        return self.state in MOVING and self.now < self.ends_at

    @property
    def members_first(self) -> bool:
        """Whether only members get seats at this moment."""
        return self.members_until is not None and self.now < self.members_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One person as the seats look at them.

    `colleagues` counts those of the same administration who hold seats; `member` is true as of the
    event's day. The others are doors: what the person, or the organiser for them, has passed.
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
    """Where somebody stands: `hold_until` is when a seat that is only kept goes to the next."""

    status: Status
    awaits: Awaits = Awaits.NOTHING
    reserved_until: datetime | None = None


def not_addable_because(availability: SeatAvailability) -> Complaint | None:
    """Why organisers can add nobody, or None: no opening and no deadline binds them."""
    if availability.now >= availability.ends_at:
        return Complaint(N_("The event is over."))
    if availability.state not in TAKES_PLACE:
        return Complaint(N_("People can be added once the event is announced and has a date."))
    return None


def closed_because(availability: SeatAvailability) -> Complaint | None:
    """Why nobody can register now, or None when the form is open."""
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
    """Why this very person can have no seat now, or None."""
    if availability.free_for(candidate.mode) == 0:
        return _taken(availability, candidate.mode)
    if availability.members_first and not candidate.member:
        return Complaint(N_("At first the places are for the members of the network."))
    limit = availability.per_administration
    if limit is not None and candidate.colleagues >= limit:
        return Complaint(
            N_("The administration has all the places that one can have (%(number)d)."),
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
    """The next standing of somebody for whom a seat is sought; None when there is no seat."""
    return None if obstacle(availability, candidate) else next_place(availability, candidate)


def next_place(availability: SeatAvailability, candidate: Candidate) -> Place:
    """Where somebody stands who holds a seat: confirmed, once every door has been passed.

    In this order: the address, the organiser's approval, the acceptance of an offer.
    """
    if availability.confirm_hours is not None and not candidate.address_confirmed:
        return Place(
            Status.PENDING, Awaits.ADDRESS, _kept(availability, availability.confirm_hours)
        )
    if availability.approval and not candidate.approved:
        return Place(Status.PENDING, Awaits.APPROVAL)
    if availability.offer_hours is not None and candidate.from_line and not candidate.accepted:
        return Place(Status.OFFERED, reserved_until=_kept(availability, availability.offer_hours))
    return Place(Status.CONFIRMED)


def _kept(availability: SeatAvailability, hours: int) -> datetime:
    return min(availability.now + timedelta(hours=hours), availability.ends_at)


def admit(availability: SeatAvailability, candidate: Candidate) -> Place:
    """A seat or a place in the line; raises RegistrationClosed when neither is possible.

    Nobody overtakes: the caller has served the line before, so whoever still waits is kept from
    the seats that are left by something that does not concern the new person.
    """
    if complaint := closed_because(availability):
        raise RegistrationClosed(complaint)
    return admit_by_hand(availability, candidate)


def admit_by_hand(availability: SeatAvailability, candidate: Candidate) -> Place:
    """The same for organisers, whom no closed form keeps out; they get no more seats."""
    place = place_for(availability, candidate)
    stands = (
        availability.somebody_waits and not availability.moves
    )  # a line that is not served goes first
    if place is not None and not stands:
        return place
    if availability.waiting_list:
        return Place(Status.WAITLISTED)
    waits = Complaint(N_("Others wait for these places already."))
    raise RegistrationClosed(obstacle(availability, candidate) or waits)
