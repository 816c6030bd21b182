"""When an event may begin and end, and which dates are probably mistyped."""

from datetime import datetime, timedelta

from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.times import to_local

FIRST_YEAR, LAST_YEAR = 2000, 2200
# Rarely meant, and easily mistyped.
_FAR_AHEAD, _LONG = timedelta(days=3 * 365), timedelta(days=31)


def year_complaint(moment: datetime, name: str) -> Complaint | None:
    """Why a moment is out of range for an event, or None; near year 9999 arithmetic overflows."""
    if FIRST_YEAR <= moment.year <= LAST_YEAR:
        return None
    text = N_("Please enter a year between %(first)d and %(last)d.")
    return Complaint(text, {"first": FIRST_YEAR, "last": LAST_YEAR}, name)


def order_complaint(starts_at: datetime, ends_at: datetime, zone: str) -> Complaint | None:
    """Why an event can't end then, or None; calendars have whole seconds."""
    if starts_at.replace(microsecond=0) < ends_at.replace(microsecond=0):
        return None
    text = N_(
        "The end (%(end)s) is not after the start (%(start)s)."
        " Please enter a later end or an earlier start."
    )
    start, end = (to_local(each, zone).replace(tzinfo=None) for each in (starts_at, ends_at))
    return Complaint(text, {"start": start, "end": end}, "ends_at")


def date_doubt(starts_at: datetime, ends_at: datetime, now: datetime) -> Complaint | None:
    """Why these dates are probably mistyped, or None."""
    if starts_at < now:
        return Complaint(N_("The start is in the past."))
    if starts_at - now > _FAR_AHEAD:
        text = N_("The start is more than three years ahead, in %(year)d.")
        return Complaint(text, {"year": starts_at.year})
    if ends_at - starts_at > _LONG:
        return Complaint(N_("The event lasts longer than a month."))
    return None
