"""Checking people in at the entrance: when, whom, which press counts, and codes as typed."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum

from ikone_events.domain.events.facts import TAKES_PLACE, EventFormat, State
from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.registering.registration import Attendance, Status

# How long a press may wait in a page without a network.
LONGEST_WAIT = timedelta(days=7)
# Presses that took no longer than this are made when they arrive: of two helpers at once the one
# whose press comes second reads that, however long both were on the way.
ON_THE_WAY = timedelta(seconds=10)


class PressKind(StrEnum):
    """What a press at the entrance does."""

    IN = "in"
    UNDO = "undo"


class EntryOutcome(StrEnum):
    """What a press led to. Only ENTERED changes anything."""

    ENTERED = "entered"
    ALREADY_IN = "already_in"
    TAKEN_BACK = "taken_back"
    MARKED_ABSENT = "marked_absent"


_WITHOUT_PLACE: Mapping[str, str] = {
    Status.PENDING: N_("This registration has not been confirmed yet."),
    Status.WAITLISTED: N_("This person is on the waiting list and has no place."),
    Status.OFFERED: N_("This person was offered a place and has not accepted it yet."),
    Status.CANCELLED: N_("This registration was withdrawn."),
    Status.DECLINED: N_("This registration was declined."),
    Status.EXPIRED: N_("This registration has expired."),
}


def closed_because(
    *, state: str, event_format: str, first_day: date, last_day: date, day: date
) -> Complaint | None:
    """Why nobody can be checked in on a day, or None; all days are those of the event's place."""
    if state == State.ARCHIVED:
        return Complaint(N_("The names have been deleted; the figures are kept."))
    if state not in (*TAKES_PLACE, State.FOLLOWED_UP):
        return Complaint(N_("The event does not take place."))
    if event_format == EventFormat.ONLINE:
        return Complaint(N_("This event takes place online only, so it has no entrance."))
    if day < first_day:
        return Complaint(N_("This event is on a later day. Check-in opens on the day itself."))
    if day > last_day:
        text = N_("This event was on an earlier day. Attendance can be corrected in its list.")
        return Complaint(text)
    return None


def without_place_because(status: str) -> Complaint | None:
    """Why a person with this status is not let in, or None."""
    return None if status == Status.CONFIRMED else Complaint(_WITHOUT_PLACE[status])


def moment_of_press(now: datetime, *, seconds_ago: float) -> datetime:
    """When a press was made that a page reports later; never in the future.

    The page says how long ago by its own clock, so it does not matter whether that clock is right.
    """
    if seconds_ago <= ON_THE_WAY.total_seconds():
        return now
    return now - timedelta(seconds=min(seconds_ago, LONGEST_WAIT.total_seconds()))


def entry_outcome(
    at: datetime, *, stated: str, stated_at: datetime | None, undone_at: datetime | None
) -> EntryOutcome:
    """What a press of a moment leads to, which may arrive after later ones.

    `stated` at `stated_at` is what is recorded, `undone_at` the last time that an entry was taken
    back. Of two presses the earlier one counts; an absence that was recorded before the press is
    replaced, and what somebody said after the press stays.
    """
    if undone_at is not None and undone_at > at:
        later = stated == Attendance.ATTENDED
        return EntryOutcome.ALREADY_IN if later else EntryOutcome.TAKEN_BACK
    if stated_at is None or not stated:
        return EntryOutcome.ENTERED
    if stated == Attendance.MISSED:
        return EntryOutcome.ENTERED if stated_at <= at else EntryOutcome.MARKED_ABSENT
    return EntryOutcome.ENTERED if at < stated_at else EntryOutcome.ALREADY_IN


# In an address everything before the token may be in capitals: QR codes are smaller then.
_ADDRESS = re.compile(r"/c/([\w.-]+)", re.IGNORECASE | re.ASCII)
_TOKEN = re.compile(r"[\w-]+\.[\w-]+", re.ASCII)
_BEGINS = re.compile(r"https?(://|Ö--)", re.IGNORECASE)
# Names are shorter and contain spaces; a token has about ninety characters.
_SHORTEST = 40
_MOST = 2000
# What a German keyboard shows for the keys that a scanner with an English one presses.
_ENGLISH = str.maketrans("ÖöÄä-ß?_zyZY&", ":;\"'/-_?yzYZ^")


def is_code(typed: str) -> bool:
    """Whether this is meant as a code, perhaps a damaged one, and not as a name."""
    text = typed.strip()
    if _BEGINS.match(text) or "/c/" in text.lower():
        return True
    return len(text) >= _SHORTEST and not re.search(r"\s", text)


def tokens_in(typed: str) -> list[str]:
    """The tokens that may be meant, the likeliest first; whether one is signed decides.

    Scanners are keyboards: one set to English on a German computer types "httpsÖ--" and exchanges
    y and z, and with caps lock all letters are the others.
    """
    text = typed.strip()[:_MOST]
    found = []
    for read in (text, text.translate(_ENGLISH)):
        token = _token(read)
        if token:
            found += [token, token.swapcase()]
    return list(dict.fromkeys(found))


def _token(text: str) -> str:
    address = _ADDRESS.search(text)
    if address:
        return address[1]
    return text if _TOKEN.fullmatch(text) else ""
