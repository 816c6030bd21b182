"""The way into a seat, door by door, on both databases."""

from datetime import timedelta

import pytest
from flask import Flask

from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.refusals import (
    SomebodyWasFaster,
    StatusRefused,
    UnfitInput,
)
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.status import RegistrationStatus
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.registering.expirations import events_to_update, expire_due
from ikone_events.services.registering.status import (
    accept_offer,
    approve,
    confirm_address,
    decline,
    move_up,
    withdraw,
)
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from tests.factories import NOW, FixedClock, make_event, make_organisation, make_registration
from tests.services.registering.seats import (
    HOUR,
    chain,
    deliver_all,
    faults,
    mail,
    mails,
    person,
    reasons,
    sign_up,
    statuses,
    write,
)

ANNA = "anna@amt.example.org"
DOORS = {"confirm_hours": 24, "approval": True, "offer_hours": 12}


def test_new_person_passes_address_and_approval(app: Flask) -> None:
    event = make_event(app, capacity=5, **DOORS)

    assert sign_up(app, event, "eva") == "pending"
    eva = person(app, "eva")
    assert eva.reserved_until == NOW + 24 * HOUR
    write(app, lambda: confirm_address(eva.public_id, now=NOW + HOUR))
    assert statuses(app, event) == {"eva": "pending:approval"}
    seen = RegistrationStatus.APPROVAL
    write(app, lambda: approve(eva.public_id, expected=seen, actor=ANNA, now=NOW + 2 * HOUR))

    assert statuses(app, event) == {"eva": "confirmed"}
    assert [kind for _, kind in mails(app)] == [
        "confirm_address",
        "awaiting_approval",
        "confirmation",
    ]
    assert chain(app, "eva") == [
        ("register", "", "pending", "person"),
        ("confirm_address", "pending", "pending", "person"),
        ("approve", "pending", "confirmed", ANNA),
    ]
    after = person(app, "eva")
    assert after.address_confirmed_at == NOW + HOUR
    assert after.approved_at == NOW + 2 * HOUR
    assert after.reserved_until is None
    assert faults(app) == []


def test_who_moves_up_passes_every_door(app: Flask) -> None:
    event = make_event(app, capacity=1, **DOORS)
    first = make_registration(app, event, email="first@example.org")
    assert sign_up(app, event, "eva") == "waitlisted"

    write(app, lambda: withdraw(first.public_id, now=NOW))
    eva = person(app, "eva")
    assert statuses(app, event)["eva"] == "pending:address"
    write(app, lambda: confirm_address(eva.public_id, now=NOW + HOUR))
    seen = RegistrationStatus.APPROVAL
    write(app, lambda: approve(eva.public_id, expected=seen, actor=ANNA, now=NOW + HOUR))
    assert statuses(app, event)["eva"] == "offered"
    assert person(app, "eva").reserved_until == NOW + 13 * HOUR
    write(app, lambda: accept_offer(eva.public_id, now=NOW + 2 * HOUR))

    assert statuses(app, event)["eva"] == "confirmed"
    assert [kind for name, kind in mails(app) if name == "eva"] == [
        "waitlist",
        "confirm_address",
        "awaiting_approval",
        "offer",
        "confirmation",
    ]
    assert mail(app, "eva", "confirmation").calendar_method == "REQUEST"
    assert mail(app, "eva", "offer").calendar is None
    assert faults(app) == []


@pytest.mark.parametrize("step", ["approve", "accept"])
def test_steps_switched_on_later_do_not_come_back(app: Flask, step: str) -> None:
    """Approval follows the address, acceptance follows both: who is there has passed them."""
    rule = {"approve": {"approval": True}, "accept": {"offer_hours": 12}}[step]
    event = make_event(app, capacity=1, **rule)
    if step == "accept":
        first = make_registration(app, event, email="first@example.org")
    sign_up(app, event, "eva")
    if step == "accept":
        write(app, lambda: withdraw(first.public_id, now=NOW))
    eva = person(app, "eva")
    write(app, lambda: _switch_on(event, DOORS))

    if step == "approve":
        seen = RegistrationStatus.APPROVAL
        write(app, lambda: approve(eva.public_id, expected=seen, actor=ANNA, now=NOW))
    else:
        write(app, lambda: accept_offer(eva.public_id, now=NOW))

    assert statuses(app, event)["eva"] == "confirmed"
    assert faults(app) == []


def _switch_on(event: Event, rules: dict[str, object]) -> None:
    locked = lock_event(event.slug)
    for name, value in rules.items():
        setattr(locked, name, value)


def test_second_press_of_an_own_button_is_a_success_without_a_mail(app: Flask) -> None:
    event = make_event(app, capacity=1, confirm_hours=24)
    sign_up(app, event, "eva")
    eva = person(app, "eva")
    for verb in (confirm_address, withdraw):
        write(app, lambda verb=verb: verb(eva.public_id, now=NOW))
        before = mails(app), chain(app, "eva")
        write(app, lambda verb=verb: verb(eva.public_id, now=NOW))
        assert (mails(app), chain(app, "eva")) == before


def test_unconfirmed_address_lapses_without_a_mail_and_the_line_moves(app: Flask) -> None:
    event = make_event(app, capacity=1, confirm_hours=24)
    sign_up(app, event, "eva")
    sign_up(app, event, "ben", now=NOW + HOUR)
    deliver_all(app)
    late = NOW + 24 * HOUR

    with app.app_context():
        assert events_to_update(late - HOUR) == []
        assert events_to_update(late) == [event.slug]
    write(app, lambda: expire_due(event.slug, now=late))

    assert statuses(app, event) == {"eva": "expired", "ben": "pending:address"}
    assert ("eva", "offer_lapsed") not in mails(app)
    assert faults(app, late) == []
    with app.app_context():
        assert events_to_update(late) == []


def test_offer_that_expires_moves_on_and_is_mailed(app: Flask) -> None:
    event = make_event(app, capacity=1, offer_hours=12)
    first = make_registration(app, event, email="first@example.org")
    for name in ("eva", "ben"):
        sign_up(app, event, name)
    write(app, lambda: withdraw(first.public_id, now=NOW))
    deliver_all(app)
    eva = person(app, "eva")
    late = NOW + 12 * HOUR
    with pytest.raises(StatusRefused, match="run out"):
        write(app, lambda: accept_offer(eva.public_id, now=late))

    write(app, lambda: expire_due(event.slug, now=late))

    assert statuses(app, event) == {"first": "cancelled", "eva": "expired", "ben": "offered"}
    assert mails(app)[-2:] == [("eva", "offer_lapsed"), ("ben", "offer")]
    assert person(app, "ben").reserved_until == late + 12 * HOUR
    assert faults(app, late) == []


def test_worker_lets_lapse_what_is_due(app: Flask, clock: FixedClock) -> None:
    event = make_event(app, capacity=1, confirm_hours=24)
    sign_up(app, event, "eva")
    sign_up(app, event, "ben")
    deliver_all(app)
    clock.move(hours=25)

    app.extensions["ikone_engine"].run_once()

    assert statuses(app, event) == {"eva": "expired", "ben": "pending:address"}


def test_what_is_still_open_at_the_end_lapses_silently(app: Flask) -> None:
    event = make_event(app, capacity=5, approval=True)
    sign_up(app, event, "eva")
    make_registration(
        app, event, email="ben@example.org", status="offered", reserved_until=event.ends_at
    )
    before = mails(app)
    over = event.ends_at

    with app.app_context():
        assert events_to_update(over - HOUR) == []
        assert events_to_update(over) == [event.slug]
    write(app, lambda: expire_due(event.slug, now=over))

    assert statuses(app, event) == {"eva": "expired", "ben": "expired"}
    assert mails(app) == before
    assert faults(app, over) == []


@pytest.mark.parametrize("state", ["postponed", "announced", "cancelled"])
def test_clock_stands_still_while_an_event_is_called_off(app: Flask, state: str) -> None:
    event = make_event(app, state=state)
    held = make_registration(
        app, event, status="pending", awaits="address", reserved_until=NOW - HOUR
    )

    with app.app_context():
        assert events_to_update(NOW) == []
    write(app, lambda: expire_due(event.slug, now=NOW))

    with pytest.raises(StatusRefused):
        write(app, lambda: confirm_address(held.public_id, now=NOW))
    assert list(statuses(app, event).values()) == ["pending:address"]


@pytest.mark.parametrize("status", ["pending", "waitlisted", "offered", "confirmed"])
def test_decline_mails_the_reason_and_frees_the_seat(app: Flask, status: str) -> None:
    event = make_event(app, capacity=1)
    eva = make_registration(
        app,
        event,
        email="eva@example.org",
        status=status,
        awaits="approval" if status == "pending" else "",
        reserved_until=NOW + HOUR if status == "offered" else None,
        calendar_sequence=0 if status == "confirmed" else None,
    )
    seen = RegistrationStatus.APPROVAL if status == "pending" else RegistrationStatus(status)
    with pytest.raises(UnfitInput) as refusal:
        write(app, lambda: decline(eva.public_id, expected=seen, reason=" ", actor=ANNA, now=NOW))
    assert refusal.value.complaints[0].about == "reason"
    reason = "Nur für Kämmereien."

    write(app, lambda: decline(eva.public_id, expected=seen, reason=reason, actor=ANNA, now=NOW))

    declined = mail(app, "eva", "declined")
    assert reason in declined.text
    assert declined.calendar_method == ("CANCEL" if status == "confirmed" else None)
    assert reasons(app, "eva") == [reason]
    assert sign_up(app, event, "ben") == "confirmed"
    assert faults(app) == []


def test_press_on_another_standing_than_was_seen_changes_nothing(app: Flask) -> None:
    event = make_event(app, approval=True)
    sign_up(app, event, "eva")
    eva, seen = person(app, "eva"), Status.WAITLISTED
    for verb in (
        lambda: approve(eva.public_id, expected=seen, actor=ANNA, now=NOW),
        lambda: move_up(eva.public_id, expected=seen, actor=ANNA, now=NOW),
        lambda: decline(eva.public_id, expected=seen, reason="Nein", actor=ANNA, now=NOW),
    ):
        with pytest.raises(SomebodyWasFaster):
            write(app, verb)
    assert statuses(app, event) == {"eva": "pending:approval"}
    assert len(mails(app)) == 1


def test_organiser_moves_up_past_the_line_but_never_past_the_seats(app: Flask) -> None:
    event = make_event(app, capacity=3, members_until=NOW + timedelta(days=2))
    for name in ("eva", "ben"):
        assert sign_up(app, event, name) == "waitlisted"
    ben, seen = person(app, "ben"), Status.WAITLISTED

    write(app, lambda: move_up(ben.public_id, expected=seen, actor=ANNA, now=NOW))

    assert statuses(app, event) == {"eva": "waitlisted", "ben": "confirmed"}
    assert reasons(app, "ben") == ["Moved up although others waited before."]
    assert chain(app, "ben")[-1] == ("move_up", "waitlisted", "confirmed", ANNA)
    assert mails(app)[-1] == ("ben", "promotion")
    assert faults(app) == []
    for _ in range(2):
        make_registration(app, event)
    eva = person(app, "eva")
    with pytest.raises(StatusRefused, match="All places are taken"):
        write(app, lambda: move_up(eva.public_id, expected=seen, actor=ANNA, now=NOW))


def test_members_come_first_until_their_time_is_over(app: Flask) -> None:
    until = NOW + timedelta(days=2)
    event = make_event(app, capacity=2, members_until=until)
    make_organisation(app, "Stadt Bendorf", member=True)
    make_organisation(app, "Stadt Mayen", member=False)

    assert sign_up(app, event, "ben", organisation="Stadt Mayen") == "waitlisted"
    assert sign_up(app, event, "dora", organisation="Unbekannt") == "waitlisted"
    assert faults(app) == []
    with app.app_context():
        assert events_to_update(until - HOUR) == []
        assert events_to_update(until) == [event.slug]
    write(app, lambda: expire_due(event.slug, now=until))

    assert statuses(app, event) == {"ben": "confirmed", "dora": "confirmed"}
    with app.app_context():
        assert events_to_update(until) == []


def test_time_is_given_anew_when_an_event_opens_again(app: Flask) -> None:
    event = make_event(app, state="announced", confirm_hours=24)
    held = make_registration(
        app,
        event,
        email="eva@example.org",
        status="pending",
        awaits="address",
        reserved_until=NOW - HOUR,
    )
    request = Request(action=Action.OPEN, actor=ANNA)

    write(app, lambda: perform(event.slug, request, now=NOW))

    assert person(app, "eva").reserved_until == NOW + 24 * HOUR
    with app.app_context():
        assert events_to_update(NOW) == []
    write(app, lambda: confirm_address(held.public_id, now=NOW))
