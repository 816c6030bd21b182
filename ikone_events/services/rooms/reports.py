"""What BigBlueButton reports after a meeting: everybody's exact duration, in place of our looks.

The report is a POST from a server that we know by a token only: signed with the shared secret, it
holds nothing but an expiry, and the body is not signed. So a report changes one meeting of one
event, once, by values that can be true, and only for people of that event.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from ikone_events.domain.rooms.bigbluebutton import read_report
from ikone_events.domain.rooms.stays import Stay
from ikone_events.services.rooms.entering import attendee_id
from ikone_events.services.rooms.provider_settings import provider_settings
from ikone_events.store.rooms import presence
from ikone_events.store.rooms.models import RoomSession

_ALGORITHM = "HS512"
# Clocks of servers differ.
_LEEWAY = timedelta(minutes=1)


class ReportOutcome(StrEnum):
    """What became of a report."""

    TAKEN = "taken"
    KNOWN = "known"
    UNKNOWN_MEETING = "unknown meeting"
    UNREADABLE = "unreadable"


def is_from_provider(token: str, now: datetime) -> bool:
    """Whether a bearer token is signed with the shared secret and has not expired."""
    from joserfc import jwt  # noqa: PLC0415 - 3 MB with cryptography, once a meeting
    from joserfc.errors import JoseError  # noqa: PLC0415
    from joserfc.jwk import OctKey  # noqa: PLC0415

    secret = provider_settings().bbb_secret
    if not secret:
        return False
    try:
        key = OctKey.import_key(secret.encode())
        claims = jwt.decode(token, key, algorithms=[_ALGORITHM]).claims
    except (JoseError, ValueError, TypeError):  # the last: a “crit” that is no list of words
        return False
    expires = claims.get("exp")
    if isinstance(expires, bool) or not isinstance(expires, int):
        return False
    return (now - _LEEWAY).timestamp() < expires


def take_report(key: str, body: bytes, *, now: datetime) -> ReportOutcome:
    """Overwrite the minutes of one meeting's people, once.

    An event with several meetings waits for the reports of all in which somebody was seen; until
    then what the looks have counted stays.
    """
    try:
        report = read_report(body)
    except ValueError:
        return ReportOutcome.UNREADABLE
    watch = presence.watch_of_key(key)
    if watch is None or report.key != key:
        return ReportOutcome.UNKNOWN_MEETING
    meetings = presence.sessions_of(watch.event_id)
    meeting = next((each for each in meetings if each.session == report.session), None)
    if meeting is None:
        return ReportOutcome.UNKNOWN_MEETING
    if meeting.report:
        return ReportOutcome.KNOWN
    longest = (now - meeting.made_at + _LEEWAY).total_seconds()
    ours = {
        attendee_id(watch.event_id, public_id): number
        for number, public_id in presence.people_of_room(watch.event_id)
    }
    accepted = {
        opaque: seconds
        for opaque, seconds in report.seconds.items()
        if opaque in ours and seconds <= longest
    }
    meeting.report = json.dumps(accepted)
    if not any(each.used and not each.report for each in meetings):
        _overwrite(watch.event_id, meetings, ours)
    return ReportOutcome.TAKEN


def _overwrite(event_id: int, meetings: Sequence[RoomSession], ours: dict[str, int]) -> None:
    """Write the sums of all reports; people in none of them keep what they have."""
    known, after = presence.stays_of(event_id), dict[int, Stay]()
    reports = [(each.made_at, json.loads(each.report or "{}")) for each in meetings]
    opaque = {number: key for key, number in ours.items()}
    for number, key in opaque.items():
        found = [(made_at, report[key]) for made_at, report in reports if key in report]
        total = sum(seconds for _made_at, seconds in found)
        if number in known:
            stay = known[number]
            if found:
                left_at = stay.left_at or stay.seen_at
                after[number] = replace(stay, seconds=total, left_at=left_at)
        elif total:
            (first, _), (last, seconds) = found[0], found[-1]
            gone = last + timedelta(seconds=seconds)
            after[number] = Stay(first, seen_at=gone, left_at=gone, seconds=total)
    presence.write_stays(event_id, after, opaque)


def forget_reported(event_id: int, public_id: str) -> None:
    """Strike a person out of what meetings have reported; the minutes of all stay."""
    opaque = attendee_id(event_id, public_id)
    for meeting in presence.sessions_of(event_id):
        seconds = json.loads(meeting.report or "{}")
        if seconds.pop(opaque, None) is not None:
            meeting.report = json.dumps(seconds)
