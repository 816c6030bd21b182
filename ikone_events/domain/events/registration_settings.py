"""The registration settings of an event, and their checks."""

from dataclasses import dataclass, fields
from datetime import datetime

from ikone_events.domain.events.facts import EventFormat
from ikone_events.domain.refusals import N_, Complaint

MOST_PLACES = 100_000
LONGEST_RESERVATION_HOURS = 14 * 24
MOMENTS = ("deadline", "members_until")
_PLACES = ("capacity", "capacity_online", "capacity_on_site", "per_administration")
_HOURS = ("confirm_hours", "offer_hours")
NUMBERS = (*_PLACES, *_HOURS)
_OF_HYBRID = ("capacity_online", "capacity_on_site")


@dataclass(frozen=True, kw_only=True)
class RegistrationSettings:
    """The registration settings of an event; None means not required or without a limit.

    `confirm_hours` is how long a seat is reserved until the address is confirmed, `offer_hours` how
    long a free seat is offered to the first person waiting (None: promoted at once).
    `decline_frees`: a verified calendar answer that declines frees the seat.
    """

    deadline: datetime | None = None
    capacity: int | None = None
    capacity_online: int | None = None
    capacity_on_site: int | None = None
    per_administration: int | None = None
    members_until: datetime | None = None
    by_code: bool = False
    approval: bool = False
    confirm_hours: int | None = None
    offer_hours: int | None = None
    colleagues: bool = True
    waiting_list: bool = True
    accepts_late: bool = True
    decline_frees: bool = False


SETTINGS = tuple(field.name for field in fields(RegistrationSettings))
TICKS = tuple(name for name in SETTINGS if name not in (*MOMENTS, *NUMBERS))


def settings_complaints(
    settings: RegistrationSettings, *, form: EventFormat, starts_at: datetime, ends_at: datetime
) -> list[Complaint]:
    """All complaints about the settings."""
    found: list[Complaint] = []
    if settings.deadline is not None and settings.deadline > ends_at:
        text = N_("The registration deadline is after the end of the event.")
        found.append(Complaint(text, about="deadline"))
    if settings.members_until is not None and settings.members_until >= starts_at:
        text = N_("The time for members alone must end before the event begins.")
        found.append(Complaint(text, about="members_until"))
    text = N_("Only events on site and online have places of each kind. Please leave it empty.")
    given = [name for name in _OF_HYBRID if getattr(settings, name) is not None]
    misplaced = given if form is not EventFormat.HYBRID else []
    return [*found, *_number_complaints(settings), *(Complaint(text, about=n) for n in misplaced)]


def _number_complaints(settings: RegistrationSettings) -> list[Complaint]:
    found: list[Complaint] = []
    for name in _PLACES:
        number = getattr(settings, name)
        if number is not None and not 0 < number <= MOST_PLACES:
            text = N_(
                "Please enter a number between 1 and 100,000, or leave it empty for no limit."
            )
            found.append(Complaint(text, about=name))
    for name in _HOURS:
        number = getattr(settings, name)
        if number is not None and not 0 < number <= LONGEST_RESERVATION_HOURS:
            text = N_("Please enter between 1 and %(most)d hours, or leave it empty.")
            found.append(Complaint(text, {"most": LONGEST_RESERVATION_HOURS}, name))
    if settings.offer_hours is not None and not settings.waiting_list:
        text = N_("Places can only be offered to people on a waiting list. Please keep one.")
        found.append(Complaint(text, about="offer_hours"))
    return found
