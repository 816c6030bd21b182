"""The mails of a morning that are still to be written, at most once a minute looked for."""

from datetime import date, datetime
from typing import NamedTuple

from ikone_events.domain.office.choices import OfficeMail
from ikone_events.domain.office.times import morning_of
from ikone_events.services.installation import get_installation
from ikone_events.services.office.digest import write_digest
from ikone_events.services.office.new_people import write_new_people
from ikone_events.services.plan.plans import is_holiday
from ikone_events.store.office.queries import accounts_due


class Morning(NamedTuple):
    """A mail of a local day that is due for an account."""

    which: OfficeMail
    organiser_id: int
    day: date


def mornings_due(now: datetime) -> list[Morning]:
    """What is due now; outside the hours of the morning nothing is read for that."""
    day = morning_of(now, get_installation().settings.timezone, is_holiday)
    if day is None:
        return []
    found = []
    for account in accounts_due(day):
        for which, done in (
            (OfficeMail.DIGEST, account.digest_day),
            (OfficeMail.REGISTRATIONS, account.listed_day),
        ):
            if done is None or done < day:
                found.append(Morning(which, account.id, day))
    return found


def write_morning(due: Morning, *, now: datetime) -> bool:
    """Write it, unless another worker has; whether a mail was written."""
    write = write_digest if due.which is OfficeMail.DIGEST else write_new_people
    return write(due.organiser_id, due.day, now=now)
