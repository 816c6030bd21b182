"""The page after a registration: what was stored and what comes next.

It is the same for everybody with the same outcome, but for names and addresses. So it is rendered
with stand-ins, cached like other public pages, and filled with what this session has stored.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from flask import current_app, render_template, request, session
from markupsafe import escape

from ikone_events.domain.rooms.door import is_link_out
from ikone_events.services.installation import now
from ikone_events.services.mails.values import link_day
from ikone_events.store.events.models import Event
from ikone_events.web.shell.page_cache import PageSource, cached_page

# Random, so that no text contains it.
_STAND_IN = secrets.token_hex(16)


class Registered(NamedTuple):
    """One registered person; `outcome` is the status."""

    name: str
    email: str
    outcome: str


def registered_page(event: Event, people: Sequence[Registered], *, at: datetime) -> bytes:
    """The page for people who were registered at a moment; the event is a snapshot."""
    if request.query_string or "_flashes" in session or "ikone_demo" in current_app.extensions:
        return _rendered(event, people, at)
    outcomes = tuple(person.outcome for person in people)
    stand_ins = [
        Registered(f"{_STAND_IN}n{n}.", f"{_STAND_IN}e{n}.", outcome)
        for n, outcome in enumerate(outcomes)
    ]
    for_members = event.members_until is not None and at < event.members_until
    version = (event.snapshot_of, _confirm_until(event, at), link_day(event, now()), for_members)
    source = PageSource(lambda: _rendered(event, stand_ins, at))
    page = cached_page(("registered", event.slug, outcomes), version, lambda: source).body
    for stand_in, person in zip(stand_ins, people, strict=True):
        page = page.replace(stand_in.name.encode(), escape(person.name).encode())
        page = page.replace(stand_in.email.encode(), escape(person.email).encode())
    return page


def _confirm_until(event: Event, at: datetime) -> datetime | None:
    if event.confirm_hours is None:
        return None
    return min(at + timedelta(hours=event.confirm_hours), event.ends_at)


def _rendered(event: Event, people: Sequence[Registered], at: datetime) -> bytes:
    return render_template(
        "public/registered.html",
        event=event,
        people=people,
        outcomes={person.outcome for person in people},
        at=at,
        confirm_until=_confirm_until(event, at),
        link_is_out=is_link_out(event.state),
        link_day=link_day(event, now()),
    ).encode()
