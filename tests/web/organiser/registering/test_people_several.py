"""Many people at once: chips, ticks, whole filters, and messages to just them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.models import Registration
from ikone_events.web.organiser.registering.selection import MOST
from tests.factories import NOW, FixedClock, make_event, make_organisation, make_registration
from tests.web.organiser.conftest import Browser
from tests.web.visitor import Queries

TEXT = {
    "title": "",
    "subject_de": "Neuer Raum",
    "body_de": "Wir treffen uns in Saal 2.",
    "subject_en": "",
    "body_en": "",
    "anchor": "now",
    "amount": "0",
    "unit": "days",
    "direction": "before",
    "at": "",
    "fixed": "",
}


def base_of(event: Event) -> str:
    return f"/organise/events/{event.slug}/registrations"


def statuses(app: Flask) -> list[str]:
    with app.app_context():
        return sorted(db.session.scalars(select(Registration.status)))


def recipients(app: Flask) -> list[str]:
    with app.app_context():
        return sorted(db.session.scalars(select(OutboxMail.recipient)))


def ticks_in(page: str) -> list[str]:
    """What the form of a page sends for its people."""
    return re.findall(r'name="person" value="([^"]+)"', page)


def chips_in(page: str) -> dict[str, tuple[str, int, bool]]:
    """The chips by their label: address, number, whether it is the chosen one."""
    chip = r'<a href="([^"]+)"( aria-current="true")?>([^<]+) <b>(\d+)</b></a>'
    return {
        label: (url.replace("&amp;", "&"), int(number), bool(chosen))
        for url, chosen, label, number in re.findall(chip, page)
    }


def rows_in(page: str) -> int:
    return page.partition("<tbody>")[2].count('<tr id="p-')


def test_who_comes_from_kusel_is_answered_by_a_search_and_a_chip(app: Flask, team: Browser) -> None:
    event = make_event(app)
    kusel = make_organisation(app, "Kreisverwaltung Kusel")
    for status in ("confirmed", "confirmed", "waitlisted", "cancelled"):
        make_registration(app, event, status=status, organisation_id=kusel.id)
    make_registration(app, event)

    chips = chips_in(team.get(f"{base_of(event)}?q=Kusel&order=name&lang=en").text)

    assert {label: chip[1:] for label, chip in chips.items()} == {
        "All": (4, True),
        "Confirmed": (2, False),
        "Waiting list": (1, False),
        "Withdrawn": (1, False),
    }
    page = team.get(chips["Confirmed"][0]).text
    assert rows_in(page) == 2
    assert "?q=Kusel&status=confirmed&order=name" in chips["Confirmed"][0]
    marked = [label for label, chip in chips_in(page).items() if chip[2]]
    assert marked == ["Confirmed"]
    assert 'type="hidden" name="status" value="confirmed"' in page


def test_every_chip_finds_as_many_as_it_says(app: Flask, team: Browser) -> None:
    event = make_event(app, approval=True, starts_at=NOW, ends_at=NOW + timedelta(hours=2))
    for values in (
        *[{"partstat": answer} for answer in ("", "ACCEPTED", "DECLINED", "TENTATIVE")],
        *[{"attendance": "attended"}, {"attendance": "missed"}],
        *[{"status": "pending", "awaits": awaits} for awaits in ("address", "approval")],
    ):
        make_registration(app, event, **values)
    chips = chips_in(team.get(f"{base_of(event)}?lang=en").text)
    assert len(chips) == 11
    for label, (url, number, _) in chips.items():
        page = team.get(url).text
        assert (label, rows_in(page)) == (label, number)
        assert [name for name, chip in chips_in(page).items() if chip[2]] == [label]


def test_all_are_ticked_by_links(app: Flask, team: Browser) -> None:
    event = make_event(app, capacity=None)
    for _ in range(51):
        make_registration(app, event)
    page = team.get(f"{base_of(event)}?status=confirmed&lang=en").text
    assert " checked" not in page.partition("<tbody>")[2]
    links = [url.replace("&amp;", "&") for url in re.findall(r'href="([^"]+tick=[^"]+)"', page)]
    assert links == [
        f"{base_of(event)}?tick={kind}&status=confirmed#several" for kind in ("page", "whole")
    ]
    ticked, whole = (team.get(link.partition("#")[0]).text for link in links)
    assert ticked.partition("<tbody>")[2].count(" checked>") == 50
    assert "All 51 people selected" in whole
    assert 'name="whole" value="yes"' in whole
    assert "tick=whole&amp;page=2" in whole


def test_whole_filter_is_asked_about_and_carried_out_for_each(app: Flask, team: Browser) -> None:
    event = make_event(app, capacity=None)
    for number in range(60):
        status = "cancelled" if number < 2 else "confirmed"
        make_registration(app, event, last_name="Viele", status=status)
    make_registration(app, event, last_name="Andere")
    path = f"{base_of(event)}/do/withdraw?lang=en"

    asked = team.post(path, {"whole": "yes", "q": "Viele"}).text

    assert "Withdraw 58 people?" in asked
    assert "60 people are selected. Nothing changes for 2 of them: Withdrawn (2)." in asked
    assert statuses(app).count("confirmed") == 59
    people = ticks_in(asked)
    # Somebody withdraws while the question is on the screen.
    gone = people[0].partition("/")[0]
    team.post(f"{base_of(event)}/{gone}/do/withdraw", {"expected": "confirmed"})
    done = team.post(path, {"person": people, "asked": "yes", "q": "Viele"}).text
    assert "done for 57 of 58" in done
    assert done.count("Somebody was faster") == 1
    assert statuses(app) == ["cancelled"] * 60 + ["confirmed"]
    assert len(recipients(app)) == 58
    assert "done for 0 of 58" in team.post(path, {"person": people, "asked": "yes"}).text
    assert len(recipients(app)) == 58


def test_question_about_a_whole_filter_costs_the_same_for_few_and_many(
    app: Flask, team: Browser
) -> None:
    event = make_event(app, capacity=None)
    path, sent = f"{base_of(event)}/do/decline", {"whole": "yes"}

    def cost() -> int:
        team.post(path, sent)
        with Queries(app) as said:
            assert team.post(path, sent).status_code == 200
        return len(said)

    def fill(number: int) -> None:
        for _ in range(number):
            make_registration(app, event)

    fill(3)
    few = cost()
    fill(60)
    assert cost() == few


def test_more_people_than_one_request_takes_are_refused_before_anything_is_done(
    app: Flask, team: Browser
) -> None:
    event = make_event(app, capacity=None)
    with app.app_context(), transaction():
        db.session.add_all(
            Registration(
                event_id=event.id,
                status="confirmed",
                status_at=NOW,
                registered_at=NOW,
                first_name="Maria",
                last_name="Muster",
                email=f"m{n}@example.org",
                email_key=f"m{n}@example.org",
                calendar_uid=f"uid-{n}",
            )
            for n in range(MOST + 1)
        )
    path = f"{base_of(event)}/do/withdraw?lang=en"
    assert team.post(path, {"whole": "yes"}).status_code == 303
    assert f"at most {MOST} people" in team.get(f"{base_of(event)}?lang=en").text
    too_many = {"person": [f"x{n}/confirmed" for n in range(MOST + 1)], "asked": "yes"}
    answer = team.post(path, too_many)
    assert (answer.status_code, f"at most {MOST} people" in answer.text) == (422, True)
    assert team.post(path, {"whole": "yes", "asked": "yes"}).status_code == 422
    assert recipients(app) == []
    message = {"whole": "yes", "q": "Muster"}
    chosen = team.post(f"{base_of(event)}/do/write", message).location
    assert f"To {MOST + 1} people from the list" in team.get(f"{chosen}&lang=en").text


def test_confirmation_is_sent_again_once(app: Flask, team: Browser, clock: FixedClock) -> None:
    event = make_event(app)
    confirmed = make_registration(app, event)
    waiting = make_registration(app, event, status="waitlisted", waiting_order=1)
    make_registration(app, event, status="cancelled")
    path = f"{base_of(event)}/do/resend?lang=en"
    asked = team.post(path, {"whole": "yes"}).text
    assert "Send the confirmation to 2 people again?" in asked
    assert "Nothing changes for one of them: Withdrawn (1)." in asked
    assert recipients(app) == []

    sent = {"person": ticks_in(asked), "asked": "yes"}
    assert "done for 2 of 2" in team.post(path, sent).text
    again = team.post(path, sent).text

    assert "done for 0 of 2" in again
    assert again.count("there is no second e-mail") == 2
    assert recipients(app) == sorted([confirmed.email, waiting.email])


def test_only_cancelled_people_get_no_confirmation(app: Flask, team: Browser) -> None:
    event = make_event(app)
    gone = make_registration(app, event, status="cancelled")
    sent = {"person": f"{gone.public_id}/cancelled"}
    assert team.post(f"{base_of(event)}/do/resend?lang=en", sent).status_code == 303
    page = team.get(f"{base_of(event)}?lang=en").text
    assert "This is not possible for anybody who is selected." in page


def write_to(team: Browser, event: Event, **selection: Any) -> str:
    """Choose people, write to them, and return the address of the preview."""
    chosen = team.post(f"{base_of(event)}/do/write", selection)
    assert chosen.status_code == 303
    saved = team.post(chosen.location, TEXT)
    assert saved.status_code == 303, saved.text
    location: str = saved.location
    return location


def test_message_goes_to_the_ticked_people_once(
    app: Flask, team: Browser, clock: FixedClock
) -> None:
    event = make_event(app, capacity=None)
    people = [make_registration(app, event) for _ in range(4)]
    ticked = [f"{each.public_id}/confirmed" for each in people[:3]]
    chosen = team.post(f"{base_of(event)}/do/write", {"person": ticked, "q": "Mus"}).location
    form = team.get(f"{chosen}&lang=en").text
    assert "To 3 people from the list" in form
    assert "not people who register later" in form

    preview = write_to(team, event, person=ticked)
    make_registration(app, event)
    with app.app_context(), transaction():
        db.session.get_one(Registration, people[0].id).status = "cancelled"

    page = team.get(f"{preview}?lang=en").text
    assert "2 people get this e-mail" in page
    assert "People chosen from the list" in page
    assert "Neuer Raum" in page.partition("<title>")[2].partition("</title>")[0]
    for _ in range(2):
        team.post(f"{preview.removesuffix('/preview')}/run")
        clock.move(minutes=10)
        app.extensions["ikone_engine"].run_once()
    assert recipients(app) == sorted(each.email for each in people[1:3])


def test_message_to_a_filter_goes_to_whom_it_finds_now(app: Flask, team: Browser) -> None:
    event = make_event(app, capacity=None)
    for name in ("Kusel", "Kusel", "Worms"):
        make_registration(app, event, organisation_text=name)
    preview = write_to(team, event, whole="yes", q="Kusel", status="confirmed")
    make_registration(app, event, organisation_text="Kusel")
    assert "2 people get this e-mail" in team.get(f"{preview}?lang=en").text


@pytest.mark.parametrize(
    ("query", "audience"),
    [
        ({"status": "confirmed", "order": "name"}, "confirmed"),
        ({"status": "waitlisted"}, "waiting"),
        ({"awaits": "address"}, "pending"),
        ({"came": "missed"}, "missed"),
    ],
)
def test_filter_that_is_an_audience_stays_one(
    app: Flask, team: Browser, query: dict[str, str], audience: str
) -> None:
    event = make_event(app)
    chosen = team.post(f"{base_of(event)}/do/write", {"whole": "yes", **query}).location
    assert chosen == f"/organise/events/{event.slug}/write?audience={audience}"
    page = team.get(f"{chosen}&lang=en").text
    assert f'<option selected value="{audience}">' in page
    assert "people who register before then" in page


def test_message_needs_only_a_subject_and_a_text(app: Flask, team: Browser) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    chosen = f"{base_of(event)}/write?person={person.public_id}"
    refused = team.post(chosen, {**TEXT, "subject_de": ""})
    assert (refused.status_code, person.last_name in refused.text) == (422, True)
    assert "Saal 2" in refused.text
    assert team.post(chosen, TEXT).status_code == 303
    with app.app_context():
        step = db.session.scalars(select(Step).where(Step.kind == "note")).one()
        assert (step.title, step.audience, step.active) == ("Neuer Raum", "chosen", False)


def test_people_of_others_are_not_written_to(
    app: Flask, team: Browser, viewer: Browser, stranger: Browser
) -> None:
    event, other = make_event(app), make_event(app)
    person, foreign = make_registration(app, event), make_registration(app, other)
    path = f"{base_of(event)}/write"
    for query in ("", "?person=", "?whole=yes&q=Niemand", f"?person={foreign.public_id}"):
        assert team.get(f"{path}{query}").status_code == 404
        assert team.post(f"{path}{query}", TEXT).status_code == 404
    mine = f"?person={person.public_id}"
    assert [viewer.get(path + mine).status_code, stranger.get(path + mine).status_code] == [
        403,
        404,
    ]
    for browser, status in ((viewer, 403), (stranger, 404)):
        for action in ("write", "resend"):
            answer = browser.post(f"{base_of(event)}/do/{action}", {"whole": "yes"})
            assert answer.status_code == status
    assert team.post(f"{base_of(event)}/do/write", {}).status_code == 303
    forged = team.post(f"/organise/events/{event.slug}/write", {**TEXT, "audience": "chosen"})
    assert forged.status_code == 422
    with app.app_context():
        assert db.session.scalars(select(Step)).all() == []
