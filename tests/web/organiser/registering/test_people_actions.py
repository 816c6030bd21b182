"""Organisers' actions on registrations: as in the table, on the status that was shown."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from ikone_events.domain.registering.status import (
    Actor,
    RegistrationAction,
    RegistrationStatus,
    is_done,
    registration_status,
    rule_of,
)
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration, StatusChange
from tests.factories import NOW, FixedClock, make_event, make_organisation, make_registration
from tests.web.organiser.conftest import Browser

STANDINGS = [standing for standing in RegistrationStatus if standing is not RegistrationStatus.NONE]
DEPUTY = {"first_name": "Dora", "last_name": "Vertretung", "email": "dora@example.org"}
# What a form of each action sends besides the standing.
SENT: dict[str, dict[str, str]] = {
    "decline": {"reason": "Zu viele aus einer Verwaltung."},
    "give_seat": {"reason": "Hält den Vortrag."},
    "hand_over": DEPUTY,
    "switch_mode": {"mode": "on_site"},
}


def hybrid(app: Flask, **values: Any) -> Event:
    """An event at which everything is possible: seats of each mode, all admission steps."""
    return make_event(app, format="hybrid", place="Rathaus", capacity=50, **values)


def person_at(
    app: Flask, event: Event, standing: RegistrationStatus, **values: Any
) -> Registration:
    """A person with this status."""
    status, _, awaits = standing.value.partition(": ")
    waits = {"waiting_order": 1} if standing is RegistrationStatus.WAITING else {}
    until = NOW + timedelta(days=1) if status in ("pending", "offered") else None
    return make_registration(
        app, event, status=status, awaits=awaits, reserved_until=until, **waits, **values
    )


def path_of(event: Event, person: Registration, action: str) -> str:
    """The address of an action."""
    return f"/organise/events/{event.slug}/registrations/{person.public_id}/do/{action}"


# Parts of other actions, and what has a page or an address of its own.
NO_BUTTONS = {
    RegistrationAction.TAKE_OVER,
    RegistrationAction.CORRECT,
    RegistrationAction.ASK_ADDRESS,
    RegistrationAction.RESEND,
}


def now_at(app: Flask, person: Registration) -> RegistrationStatus:
    """The present status of a person."""
    with app.app_context():
        row = db.session.get_one(Registration, person.id)
        return registration_status(row.status, row.awaits)


def mails(app: Flask) -> int:
    """How many mails were written."""
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(OutboxMail)) or 0


def links(app: Flask) -> int:
    """The number of status changes of all people."""
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(StatusChange)) or 0


@pytest.mark.parametrize("standing", STANDINGS)
def test_every_press_does_what_the_table_says(
    app: Flask, team: Browser, standing: RegistrationStatus
) -> None:
    """Every action, one after the other: an application for each would cost minutes."""
    for action in RegistrationAction:
        event = hybrid(app)
        person = person_at(app, event, standing)
        before = mails(app), links(app)
        data = {"expected": standing.value, **SENT.get(action, {})}
        status = team.post(path_of(event, person, action), data).status_code
        rule, after = rule_of(action), now_at(app, person)
        written, linked = mails(app) - before[0], links(app) - before[1]
        ours = Actor.ORGANISER in rule.actors
        if is_done(action, standing) and ours:
            assert (status, after, written, linked) == (303, standing, 0, 0), action
        elif standing in rule.sources and ours and action not in NO_BUTTONS:
            assert (status, after in rule.targets) == (303, True), action
            assert written >= 1, action
            assert linked >= 1, action
        else:
            assert (status, after, written, linked) == (409, standing, 0, 0), action


@pytest.mark.parametrize("standing", STANDINGS)
def test_page_offers_just_what_can_be_pressed(
    app: Flask, team: Browser, standing: RegistrationStatus
) -> None:
    event = hybrid(app)
    person = person_at(app, event, standing)
    page = team.get(f"/organise/events/{event.slug}/registrations/{person.public_id}").text
    shown = set(re.findall(rf"{person.public_id}/do/(\w+)\"", page))
    possible = {a for a in RegistrationAction if standing in rule_of(a).sources} - NO_BUTTONS
    possible -= {RegistrationAction.GIVE_SEAT}  # there is a free seat
    assert shown == {a.value for a in possible if Actor.ORGANISER in rule_of(a).actors}


@pytest.mark.parametrize("action", ["approve", "decline", "move_up", "withdraw", "hand_over"])
def test_press_on_a_former_status_changes_nothing(app: Flask, team: Browser, action: str) -> None:
    event = hybrid(app)
    person = person_at(app, event, RegistrationStatus.CONFIRMED)
    data = {"expected": "pending: approval", **SENT.get(action, {})}
    answer = team.post(path_of(event, person, f"{action}?lang=en"), data)
    assert answer.status_code == 409
    assert "Somebody was faster" in answer.text
    assert (now_at(app, person), mails(app), links(app)) == (RegistrationStatus.CONFIRMED, 0, 0)


def test_unknown_action_is_no_page(app: Flask, team: Browser) -> None:
    event = hybrid(app)
    person = person_at(app, event, RegistrationStatus.CONFIRMED)
    for action in ("fire", "APPROVE", "delete"):
        assert (
            team.post(path_of(event, person, action), {"expected": "confirmed"}).status_code == 404
        )
        assert team.get(path_of(event, person, action)).status_code == 404
    several = f"/organise/events/{event.slug}/registrations/do"
    for action in ("move_up", "fire"):
        assert team.post(f"{several}/{action}").status_code == 404


def test_person_of_another_event_is_missing(app: Flask, team: Browser) -> None:
    event, other = hybrid(app), hybrid(app)
    person = person_at(app, other, RegistrationStatus.CONFIRMED)
    sent = {"expected": "confirmed"}
    assert team.post(path_of(event, person, "withdraw"), sent).status_code == 404
    several = f"/organise/events/{event.slug}/registrations/do/withdraw"
    ticked = {"person": f"{person.public_id}/confirmed", "asked": "yes"}
    assert team.post(several, ticked).status_code == 404
    assert now_at(app, person) is RegistrationStatus.CONFIRMED


def test_viewer_presses_nothing(app: Flask, viewer: Browser) -> None:
    event = hybrid(app)
    person = person_at(app, event, RegistrationStatus.CONFIRMED, note="Nur für uns")
    base = f"/organise/events/{event.slug}/registrations"
    page = viewer.get(f"{base}/{person.public_id}").text
    assert "/do/" not in page
    assert "<textarea" not in page
    assert "/do/" not in viewer.get(base).text
    for path in ("do/withdraw", "note"):
        sent = {"expected": "confirmed", "note": "x"}
        assert viewer.post(f"{base}/{person.public_id}/{path}", sent).status_code == 403
    for path in ("add", "import", "do/approve"):
        assert viewer.post(f"{base}/{path}").status_code == 403
    assert now_at(app, person) is RegistrationStatus.CONFIRMED


def test_withdrawal_asks_first_and_promotes_who_waits(app: Flask, team: Browser) -> None:
    event = make_event(app, capacity=1)
    first = person_at(app, event, RegistrationStatus.CONFIRMED)
    second = person_at(app, event, RegistrationStatus.WAITING)
    page = team.get(path_of(event, first, "withdraw")).text
    assert first.last_name in page
    assert 'name="expected" value="confirmed"' in page
    assert now_at(app, first) is RegistrationStatus.CONFIRMED
    answer = team.post(path_of(event, first, "withdraw"), {"expected": "confirmed"})
    assert answer.status_code == 303
    assert now_at(app, first) is RegistrationStatus.CANCELLED
    assert now_at(app, second) is RegistrationStatus.CONFIRMED


def test_press_after_the_end_is_refused(app: Flask, team: Browser) -> None:
    event = make_event(app, starts_at=NOW - timedelta(hours=3), ends_at=NOW - timedelta(hours=1))
    person = person_at(app, event, RegistrationStatus.CONFIRMED)
    answer = team.post(path_of(event, person, "withdraw?lang=en"), {"expected": "confirmed"})
    assert answer.status_code == 409
    assert "Nothing was changed" in answer.text
    assert now_at(app, person) is RegistrationStatus.CONFIRMED


def test_decline_needs_a_reason_that_the_history_keeps(app: Flask, team: Browser) -> None:
    event = make_event(app, approval=True)
    person = person_at(app, event, RegistrationStatus.APPROVAL)
    sent = {"expected": "pending: approval"}
    answer = team.post(path_of(event, person, "decline"), {**sent, "reason": "  "})
    assert (answer.status_code, mails(app)) == (422, 0)
    assert 'id="reason-error"' in answer.text
    assert now_at(app, person) is RegistrationStatus.APPROVAL
    team.post(path_of(event, person, "decline"), {**sent, "reason": "Nur für Mitglieder."})
    assert now_at(app, person) is RegistrationStatus.DECLINED
    page = team.get(f"/organise/events/{event.slug}/registrations/{person.public_id}").text
    assert "Nur für Mitglieder." in page
    assert "Wilma Organisaria" in page


def test_move_up_gives_no_seat_that_is_not_there(app: Flask, team: Browser) -> None:
    event = make_event(app, capacity=1)
    person_at(app, event, RegistrationStatus.CONFIRMED)
    waits = person_at(app, event, RegistrationStatus.WAITING)
    answer = team.post(path_of(event, waits, "move_up"), {"expected": "waitlisted"})
    assert (answer.status_code, mails(app)) == (409, 0)
    assert now_at(app, waits) is RegistrationStatus.WAITING
    base = f"/organise/events/{event.slug}/registrations"
    for page in (base, f"{base}/{waits.public_id}"):
        shown = team.get(page).text
        assert waits.public_id in shown
        assert f"{waits.public_id}/do/move_up" not in shown


def test_hand_over_checks_the_deputy_and_keeps_what_was_typed(app: Flask, team: Browser) -> None:
    event = make_event(app, capacity=1)
    person = person_at(app, event, RegistrationStatus.CONFIRMED)
    sent = {**DEPUTY, "expected": "confirmed", "email": "keine"}
    refused = team.post(path_of(event, person, "hand_over"), sent)
    assert refused.status_code == 422
    assert 'value="Vertretung"' in refused.text
    own = team.post(path_of(event, person, "hand_over"), {**sent, "email": person.email})
    assert own.status_code == 422
    assert now_at(app, person) is RegistrationStatus.CONFIRMED
    done = team.post(path_of(event, person, "hand_over"), {**sent, "email": DEPUTY["email"]})
    assert done.status_code == 303
    with app.app_context():
        heir = db.session.scalars(
            select(Registration).where(Registration.email == DEPUTY["email"])
        ).one()
        assert (heir.status, heir.predecessor_id) == ("confirmed", person.id)
        path = f"/organise/events/{event.slug}/registrations/{heir.public_id}"
    assert person.last_name in team.get(path).text


def test_several_are_approved_each_on_their_own(app: Flask, team: Browser) -> None:
    event = make_event(app, approval=True)
    waiting = [person_at(app, event, RegistrationStatus.APPROVAL) for _ in range(3)]
    gone = person_at(app, event, RegistrationStatus.CANCELLED)
    people = [f"{each.public_id}/pending: approval" for each in (*waiting, gone)]
    path = f"/organise/events/{event.slug}/registrations/do/approve?lang=en"
    answer = team.post(path, {"person": people})
    assert answer.status_code == 200
    assert "done for 3 of 4" in answer.text
    assert answer.text.count("Somebody was faster") == 1
    assert [now_at(app, each) for each in waiting] == [RegistrationStatus.CONFIRMED] * 3
    assert now_at(app, gone) is RegistrationStatus.CANCELLED
    assert mails(app) == 3
    again = team.post(path, {"person": people})
    assert "done for 0 of 4" in again.text
    assert mails(app) == 3


@pytest.mark.parametrize(("action", "target"), [("decline", "declined"), ("withdraw", "cancelled")])
def test_several_are_asked_about_before(
    app: Flask, team: Browser, action: str, target: str
) -> None:
    event = make_event(app)
    people = [person_at(app, event, RegistrationStatus.CONFIRMED) for _ in range(2)]
    ticked = {"person": [f"{each.public_id}/confirmed" for each in people], "q": "Mus"}
    path = f"/organise/events/{event.slug}/registrations/do/{action}"
    asked = team.post(path, ticked)
    assert asked.status_code == 200
    assert all(each.last_name in asked.text for each in people)
    assert 'name="q" value="Mus"' in asked.text
    assert [now_at(app, each) for each in people] == [RegistrationStatus.CONFIRMED] * 2
    if action == "decline":
        assert team.post(path, {**ticked, "asked": "yes", "reason": " "}).status_code == 422
    done = team.post(path, {**ticked, "asked": "yes", "reason": "Ein Grund."})
    assert done.status_code == 200
    assert {now_at(app, each).value for each in people} == {target}
    assert mails(app) == 2


def test_nobody_is_approved_where_nothing_asks_for_it(app: Flask, team: Browser) -> None:
    event = hybrid(app, approval=True)
    person_at(app, event, RegistrationStatus.CONFIRMED)
    base = f"/organise/events/{event.slug}/registrations"
    assert 'approve">Zusagen' not in team.get(base).text
    person_at(app, event, RegistrationStatus.APPROVAL)
    for query, found in (("", True), ("?awaits=approval", True), ("?status=confirmed", False)):
        page = team.get(f"{base}{query}").text
        assert ('approve">Zusagen' in page) is found
        assert 'decline">Ablehnen' in page
    assert "/do/withdraw" not in team.get(f"{base}?status=cancelled").text


def test_empty_selection_is_answered_on_the_list(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_registration(app, event)
    path = f"/organise/events/{event.slug}/registrations/do/approve"
    answer = team.post(f"{path}?lang=en", {"q": "Beispiel"})
    assert (answer.status_code, answer.location.rpartition("/")[2]) == (
        303,
        "registrations?q=Beispiel#several",
    )
    page = team.get(f"/organise/events/{event.slug}/registrations?lang=en").text
    beside = page[page.index("</table>") : page.index('id="several"')]
    assert "Please tick the people in the list first." in beside
    assert team.get(path).status_code == 303


def test_note_is_kept_cut_to_fit_and_shown_in_the_list(app: Flask, team: Browser) -> None:
    event = make_event(app)
    person = person_at(app, event, RegistrationStatus.CONFIRMED)
    base = f"/organise/events/{event.slug}/registrations"
    assert "note-mark" not in team.get(base).text
    path = f"{base}/{person.public_id}/note"
    assert team.post(path, {"note": " Kommt <b>später</b>.\r\n "}).status_code == 303
    with app.app_context():
        assert db.session.get_one(Registration, person.id).note == "Kommt <b>später</b>."
    page = team.get(f"{base}/{person.public_id}").text
    assert "Kommt &lt;b&gt;später&lt;/b&gt;." in page
    assert "note-mark" in team.get(base).text
    long = team.post(path, {"note": "x" * 2001})
    assert long.status_code == 422
    assert "x" * 2001 in long.text
    assert mails(app) == 0


def test_waiting_person_has_the_reason_beside_the_place(
    app: Flask, team: Browser, clock: FixedClock
) -> None:
    event = hybrid(app, capacity_on_site=1, per_administration=1)
    body = make_organisation(app, "Stadt Worms")
    person_at(app, event, RegistrationStatus.CONFIRMED, mode="on_site", organisation_id=body.id)
    waits = person_at(
        app, event, RegistrationStatus.WAITING, mode="on_site", organisation_text="Stadt Speyer"
    )
    second = person_at(app, event, RegistrationStatus.WAITING, organisation_id=body.id)
    listed = team.get(f"/organise/events/{event.slug}/registrations?order=line&lang=en").text
    assert listed.index(waits.last_name) < listed.index(second.last_name)
    assert "All places on site are taken" in listed
    assert "The public body has all the places that one can have (1)." in listed
    page = f"/organise/events/{event.slug}/registrations/{second.public_id}?lang=en"
    assert "The public body has all the places" in team.get(page).text


def test_who_waits_for_approval_is_called_so_everywhere(app: Flask, team: Browser) -> None:
    """On the overview, on the event's page, and in the history, also after the answer was no."""
    event = hybrid(app, approval=True, confirm_hours=24)
    person = person_at(app, event, RegistrationStatus.ADDRESS)
    team.post(
        path_of(event, person, "confirm_address"), {"expected": RegistrationStatus.ADDRESS.value}
    )
    assert "Auf Ihre Zusage warten Anmeldungen" in team.get("/organise/").text
    page = team.get(f"/organise/events/{event.slug}").text
    assert ("Noch zu entscheiden" in page, "E-Mail nicht bestätigt" in page) == (True, False)
    said = {"expected": RegistrationStatus.APPROVAL.value, "reason": "Zu viele."}
    team.post(path_of(event, person, "decline"), said)
    page = team.get(f"/organise/events/{event.slug}/registrations/{person.public_id}").text
    chain = re.findall(r'data-l="Status">(.*?)</td>', page)
    assert "Noch zu entscheiden" in chain[0]
    assert "Abgelehnt" in chain[1]
