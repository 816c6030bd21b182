"""Every status and every action: what the table says happens, everything else changes nothing."""

from collections.abc import Callable

import pytest
from flask import Flask

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.refusals import StatusRefused
from ikone_events.domain.registering.status import RegistrationStatus, registration_status
from ikone_events.services.registering.changes import switch_mode
from ikone_events.services.registering.expirations import expire_due
from ikone_events.services.registering.hand_over import Deputy, hand_over
from ikone_events.services.registering.resend import resend_confirmation
from ikone_events.services.registering.seating import promote_waiting
from ikone_events.services.registering.status import (
    accept_offer,
    approve,
    confirm_address,
    decline,
    give_seat,
    move_up,
    withdraw,
)
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, make_event, make_registration
from tests.services.registering.seats import HOUR, chain, faults, mails, statuses, write

ANNA = "anna@amt.example.org"
DEPUTY = Deputy(first_name="Dora", last_name="Muster", email="dora@example.org")
LATE = NOW + 2 * HOUR


def stands(registration: Registration) -> RegistrationStatus:
    return registration_status(registration.status, registration.awaits)


Verb = Callable[[Registration], object]
VERBS: dict[str, Verb] = {
    "confirm_address": lambda r: confirm_address(r.public_id, now=NOW),
    "confirm_address_for": lambda r: confirm_address(r.public_id, now=NOW, actor=ANNA),
    "approve": lambda r: approve(r.public_id, expected=stands(r), actor=ANNA, now=NOW),
    "accept": lambda r: accept_offer(r.public_id, now=NOW),
    "move_up": lambda r: move_up(r.public_id, expected=stands(r), actor=ANNA, now=NOW),
    "give_seat": lambda r: give_seat(
        r.public_id, expected=stands(r), reason="Voll", actor=ANNA, now=NOW
    ),
    "resend": lambda r: resend_confirmation(r.public_id, actor=ANNA, now=NOW),
    "switch_mode": lambda r: switch_mode(r.public_id, Mode.ON_SITE, now=NOW),
    "switch_mode_for": lambda r: switch_mode(r.public_id, Mode.ON_SITE, now=NOW, actor=ANNA),
    "hand_over": lambda r: hand_over(r.public_id, DEPUTY, now=NOW),
    "hand_over_for": lambda r: hand_over(r.public_id, DEPUTY, now=NOW, actor=ANNA),
    "withdraw": lambda r: withdraw(r.public_id, now=NOW),
    "withdraw_for": lambda r: withdraw(r.public_id, now=NOW, actor=ANNA),
    "decline": lambda r: decline(
        r.public_id, expected=stands(r), reason="Voll", actor=ANNA, now=NOW
    ),
}
# Where each leads, by hand: "=" is a success that changes nothing, "~" stays there with a mail,
# "-" is refused. Nobody is a member, so that nobody moves up by the line.
# fmt: off
TABLE = """
                    address     approval     waitlisted   offered    confirmed  cancelled declined expired
confirm_address     confirmed   =            -            =          =          -         -        -
confirm_address_for confirmed   =            -            =          =          -         -        -
approve             -           confirmed    -            -          -          -         -        -
accept              -           -            -            confirmed  =          -         -        -
move_up             -           -            confirmed    -          -          -         -        -
give_seat           -           -            confirmed    -          -          -         -        -
resend              ~           ~            ~            ~          ~          -         -        -
switch_mode         ~           ~            ~            -          ~          -         -        -
switch_mode_for     ~           ~            ~            -          ~          -         -        -
hand_over           -           -            cancelled    -          cancelled  -         -        -
hand_over_for       -           -            cancelled    -          cancelled  -         -        -
withdraw            cancelled   cancelled    cancelled    cancelled  cancelled  =         -        -
withdraw_for        cancelled   cancelled    cancelled    cancelled  cancelled  =         -        -
decline             declined    declined     declined     declined   declined   -         -        -
"""  # noqa: E501 - a table reads as a table
# fmt: on
MAILS = {
    "confirm_address": ["confirmation"],
    "approve": ["confirmation"],
    "accept": ["confirmation"],
    "move_up": ["promotion"],
    "give_seat": ["promotion"],
    "switch_mode": ["changed"],
    "hand_over": ["handed_over", "taken_over"],
    "withdraw": ["withdrawal"],
    "decline": ["declined"],
}
RESENT = {
    "address": "confirm_address",
    "approval": "awaiting_approval",
    "waitlisted": "waitlist",
    "offered": "offer",
    "confirmed": "confirmation",
}
BY_ORGANISERS = ("approve", "move_up", "give_seat", "resend", "decline")
NAMES = TABLE.split("\n")[1].split()


def rows() -> list[tuple[str, list[str]]]:
    return [(line.split()[0], line.split()[1:]) for line in TABLE.strip().splitlines()[1:]]


def standing_at(app: Flask, name: str) -> tuple[Event, Registration]:
    """Somebody at a status of an event of their own."""
    event = make_event(
        app, format="hybrid", place="Rathaus", capacity=9, members_until=NOW + 9 * HOUR
    )
    pending = name in ("address", "approval")
    return event, make_registration(
        app,
        event,
        email="eva@example.org",
        status="pending" if pending else name,
        awaits=name if pending else "",
        mode="online",
        reserved_until=NOW + HOUR if name in ("address", "offered") else None,
        waiting_order=1 if name in ("waitlisted", "offered") else None,
    )


@pytest.mark.parametrize(("action", "cells"), rows())
def test_every_status_and_action_does_what_the_table_says(
    app: Flask, action: str, cells: list[str]
) -> None:
    done = action.removesuffix("_for")
    for name, cell in zip(NAMES, cells, strict=True):
        event, eva = standing_at(app, name)
        before, shown = len(mails(app)), statuses(app, event)
        if cell == "-":
            with pytest.raises(StatusRefused):
                write(app, lambda eva=eva: VERBS[action](eva))
        else:
            write(app, lambda eva=eva: VERBS[action](eva))
        sent = [kind for _, kind in mails(app)[before:]]
        if cell in "-=":
            assert (statuses(app, event), sent, chain(app, "eva")) == (shown, [], []), name
            continue
        after = {"eva": shown["eva"] if cell == "~" else cell}
        if done == "hand_over":
            after["dora"] = name
        assert statuses(app, event) == after, name
        assert sent == ([RESENT[name]] if done == "resend" else MAILS[done]), name
        by_hand = action != done or done in BY_ORGANISERS
        target = eva.status if cell == "~" else cell
        expected = (done, eva.status, target, ANNA if by_hand else "person")
        assert chain(app, "eva") == [expected], name
    assert [fault for fault in faults(app) if "mails:" not in fault] == []


def test_clock_takes_back_what_is_held_and_nothing_else(app: Flask) -> None:
    for name in NAMES:
        event, _eva = standing_at(app, name)
        shown = statuses(app, event)

        write(app, lambda event=event: expire_due(event.slug, now=LATE))

        lapsed = name in ("address", "offered")
        assert statuses(app, event) == ({"eva": "expired"} if lapsed else shown)
    assert mails(app) == [("eva", "offer_lapsed")]


def test_line_moves_up_who_waits_and_nobody_else(app: Flask) -> None:
    for name in NAMES:
        event, _eva = standing_at(app, name)
        shown = statuses(app, event)

        write(app, lambda event=event: promote_waiting(lock_event(event.slug), now=NOW + 9 * HOUR))

        assert statuses(app, event) == ({"eva": "confirmed"} if name == "waitlisted" else shown)
    assert mails(app) == [("eva", "promotion")]


def test_nothing_is_done_after_the_end(app: Flask) -> None:
    for name in NAMES:
        event, eva = standing_at(app, name)
        write(app, lambda event=event: _end(event.slug))
        for action, cells in rows():
            if cells[NAMES.index(name)] not in "-=":
                with pytest.raises(StatusRefused):
                    write(app, lambda eva=eva, action=action: VERBS[action](eva))
        assert chain(app, "eva") == []
    assert mails(app) == []


def _end(slug: str) -> None:
    event = lock_event(slug)
    event.starts_at, event.ends_at = NOW - 3 * HOUR, NOW
