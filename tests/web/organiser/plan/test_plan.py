"""The plan of an event: what it shows, and every button that steers a step."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select

from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.plan.times import Anchor, Timing
from ikone_events.services.plan import plans, step_editing
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.plan.models import Step
from tests.factories import NOW, FixedClock, make_event, make_registration
from tests.rows import step_of
from tests.web.organiser.conftest import Browser, Person
from tests.web.visitor import Queries

BUTTONS = {
    "run": {},
    "skip": {},
    "take-back": {},
    "switch": {"to": "off"},
    "delete": {},
    "": {"amount": "1", "unit": "days", "direction": "before", "anchor": "start", "at": "10:00"},
}


@pytest.fixture
def later(
    make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]
) -> Callable[[], Browser]:
    """Signs in after the clock was moved: sessions of days ago are over."""
    return lambda: browser_of(make_person("spaeter@example.org"))


def laid(app: Flask, **values: Any) -> Event:
    """An event with its plan."""
    event = make_event(app, **values)
    with app.app_context(), transaction():
        plans.create_plan(lock_event(event.slug), now=NOW)
    return event


def own_message(app: Flask, event: Event, **values: Any) -> int:
    """A message of the organisers' own, in two days."""
    with app.app_context(), transaction():
        defaults: dict[str, Any] = {
            "title": "Bitte Kamera prüfen",
            "audience": Audience.CONFIRMED,
            "timing": Timing(anchor=Anchor.FIXED, fixed=NOW + timedelta(days=2)),
        }
        return plans.add_message(lock_event(event.slug), **{**defaults, **values}).id


def plan_path(event: Event, step: Step | int | None = None, button: str = "") -> str:
    """The plan's address, or that of a step or one of its buttons."""
    base = f"/organise/events/{event.slug}"
    if step is None:
        return f"{base}/mail"
    number = step if isinstance(step, int) else step.id
    return f"{base}/steps/{number}/{button}".rstrip("/")


def row(text: str, step: Step | int) -> str:
    """The part of the page that shows one step, without its tags."""
    number = step if isinstance(step, int) else step.id
    part = text[text.index(f'id="step-{number}"') :]
    part = part[: part.index("</li>\n<li")] if "</li>\n<li" in part else part
    return " ".join(re.sub(r"<[^>]+>", " ", part).split())


def test_plan_shows_when_what_and_to_how_many(app: Flask, team: Browser) -> None:
    event = laid(app)
    for _ in range(3):
        make_registration(app, event)
    page = team.get(plan_path(event) + "?lang=de").text
    said = row(page, step_of(app, event, "dispatch"))
    assert "Fr., 13. März, 10:00 Uhr" in said.replace("\u00a0", " ")
    assert "1 Arbeitstag vor Beginn" in said
    assert "Zugangslink versenden" in said
    assert "Alle Bestätigten: heute 3 Personen" in said
    assert f"{plan_path(event, step_of(app, event, 'dispatch'))}/preview" in page
    english = team.get(plan_path(event) + "?lang=en").text
    assert "1 hour" in row(english, step_of(app, event, "reminder_hour")).replace("one", "1")
    assert "Everybody confirmed: 3 people today" in english


def test_plan_stands_in_the_order_of_time(app: Flask, team: Browser) -> None:
    page = team.get(plan_path(laid(app)) + "?lang=de").text
    order = [
        "<h3>Ankündigen",
        "<h3>Zugangslink versenden",
        "<h3>Die Veranstaltung<",
        "<h3>Archivieren",
    ]
    places = [page.index(words, page.index("<main")) for words in order]
    assert places == sorted(places)


def test_waiting_step_shows_what_is_missing_and_where_it_is_settled(
    app: Flask, team: Browser
) -> None:
    event = laid(app, room_url="")
    page = team.get(plan_path(event)).text
    assert "Der Zugangslink zum Videoraum fehlt." in row(page, step_of(app, event, "dispatch"))
    assert f'href="/organise/events/{event.slug}#room"' in page
    assert f'href="/organise/events/{event.slug}/materials"' in page


def test_blocked_step_comes_first_with_its_complaint(
    app: Flask, clock: FixedClock, later: Callable[[], Browser]
) -> None:
    event = laid(app, room_url="")
    make_registration(app, event)
    clock.moment = step_of(app, event, "dispatch").due_at + timedelta(minutes=5)
    page = later().get(plan_path(event) + "?lang=de").text
    blocked = page[page.index("blocked-steps") : page.index('id="steps"')]
    assert "Zugangslink versenden" in blocked
    assert "Der Zugangslink zum Videoraum fehlt." in blocked
    assert page.index("blocked-steps") < page.index('class="timeline')
    assert page.count("<h3>Zugangslink versenden") == 1


def test_outcomes_show_who_and_why(
    app: Flask, clock: FixedClock, later: Callable[[], Browser]
) -> None:
    event = laid(app)
    make_registration(app, event)
    clock.moment = step_of(app, event, "reminder_deadline").due_at + timedelta(days=2)
    app.extensions["ikone_engine"].run_once()
    clock.moment = step_of(app, event, "dispatch").due_at + timedelta(minutes=1)
    app.extensions["ikone_engine"].run_once()
    page = later().get(plan_path(event) + "?lang=de").text
    done = row(page, step_of(app, event, "dispatch"))
    assert "Automatisch ausgeführt." in done
    assert "von einer E-Mail" in done
    late = row(page, step_of(app, event, "reminder_deadline"))
    assert "Zu spät" in late
    assert "Dafür war es zu spät" in late


def test_resting_plan_shows_it(app: Flask, team: Browser) -> None:
    page = team.get(plan_path(laid(app, state="draft")) + "?lang=de").text
    assert "Die Veranstaltung ist ein Entwurf." in page


def test_step_runs_now_and_shows_how_many_mails(app: Flask, team: Browser) -> None:
    event = laid(app)
    make_registration(app, event)
    hour = step_of(app, event, "reminder_hour")
    answer = team.post(plan_path(event, hour, "run") + "?lang=de")
    assert answer.status_code == 303
    assert answer.location.endswith(f"#step-{hour.id}")
    after = step_of(app, event, "reminder_hour")
    assert (after.outcome, after.actor) == ("done", "Wilma Organisaria")
    page = team.get(plan_path(event)).text
    assert "Die E-Mail wird an eine Person gesendet." in page
    assert "Ausgeführt von Wilma Organisaria." in row(page, after)


def test_transition_done_by_hand_shows_its_mails_in_the_plan(app: Flask, team: Browser) -> None:
    event = laid(app)
    make_registration(app, event)
    team.post(f"/organise/events/{event.slug}/do/dispatch", {"state": "open"})
    step = step_of(app, event, "dispatch")
    with app.app_context():
        mailing = db.session.scalars(select(Mailing)).one()
    assert (mailing.step_id, step.actor) == (step.id, "Wilma Organisaria")
    app.extensions["ikone_engine"].run_once()
    shown = row(team.get(plan_path(event) + "?lang=de").text, step)
    assert "von einer E-Mail" in shown
    assert "vor Beginn" not in shown[: shown.index("Zugangslink")], "it ran at another time"


def test_step_whose_mails_were_deleted_does_not_claim_to_have_written_to_nobody(
    app: Flask, team: Browser
) -> None:
    event = laid(app)
    make_registration(app, event)
    team.post(f"/organise/events/{event.slug}/do/dispatch", {"state": "open"})
    app.extensions["ikone_engine"].run_once()
    with app.app_context(), transaction():
        db.session.execute(delete(OutboxMail))
    shown = row(team.get(plan_path(event) + "?lang=de").text, step_of(app, event, "dispatch"))
    assert "Die E-Mails wurden zusammen mit den Adressen gelöscht." in shown
    assert "Niemand wurde angeschrieben." not in shown


def test_second_press_is_refused_because_it_is_done(app: Flask, team: Browser) -> None:
    event = laid(app)
    make_registration(app, event)
    path = plan_path(event, step_of(app, event, "reminder_hour"), "run")
    assert team.post(path).status_code == 303
    again = team.post(path + "?lang=de")
    assert again.status_code == 409
    assert "Jemand war schneller" in again.text
    with app.app_context():
        assert len(db.session.scalars(select(Mailing)).all()) == 1


def test_run_now_is_refused_with_what_is_missing(app: Flask, team: Browser) -> None:
    event = laid(app, room_url="")
    answer = team.post(plan_path(event, step_of(app, event, "dispatch"), "run") + "?lang=de")
    assert answer.status_code == 409
    assert "Es wurde nichts geändert" in answer.text
    assert "Der Zugangslink zum Videoraum fehlt." in answer.text
    assert step_of(app, event, "dispatch").outcome == ""


def test_step_is_skipped_and_taken_back(app: Flask, team: Browser) -> None:
    event = laid(app)
    step = step_of(app, event, "feedback")
    assert team.post(plan_path(event, step, "skip")).status_code == 303
    page = team.get(plan_path(event) + "?lang=de").text
    assert "Übersprungen von Wilma Organisaria." in row(page, step)
    assert plan_path(event, step, "take-back") in page
    assert team.post(plan_path(event, step, "take-back")).status_code == 303
    assert step_of(app, event, "feedback").outcome == ""
    assert "ist wieder eingeplant" in team.get(plan_path(event) + "?lang=de").text


def test_step_is_switched_off_and_on(app: Flask, team: Browser) -> None:
    event = laid(app)
    step = step_of(app, event, "close")
    assert team.post(plan_path(event, step, "switch"), {"to": "off"}).status_code == 303
    assert step_of(app, event, "close").active is False
    page = team.get(plan_path(event) + "?lang=de").text
    assert "Abgeschaltet" in row(page, step)
    assert team.post(plan_path(event, step, "switch"), {"to": "on"}).status_code == 303
    assert step_of(app, event, "close").active is True
    assert team.post(plan_path(event, step, "switch"), {"to": "x"}).status_code == 422


def test_step_gets_another_time_and_shows_which_moment_that_is(app: Flask, team: Browser) -> None:
    event = laid(app)
    step = step_of(app, event, "dispatch")
    form = team.get(plan_path(event, step) + "?lang=de").text
    assert 'value="10:00"' in form
    assert '<option selected value="working_days">' in form
    wanted = {**BUTTONS[""], "amount": "2", "at": "17:30", "office_hours": "y"}
    answer = team.post(plan_path(event, step), wanted, follow_redirects=True)
    # Two days before Monday is a Saturday; with office hours that becomes the Friday before.
    assert "Fr., 13. März 2026, 17:30 Uhr" in answer.text.replace("\u00a0", " ")
    after = step_of(app, event, "dispatch")
    assert (after.amount, after.unit, after.at, after.office_hours) == (-2, "days", "17:30", True)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": "viele"}, "amount"),
        ({"amount": ""}, "amount"),
        ({"amount": "-3"}, "amount"),
        ({"amount": "400"}, "amount"),
        ({"amount": "9" * 30}, "amount"),
        ({"amount": "20"}, "amount"),
        ({"at": "25:00"}, "at"),
        ({"at": "bald"}, "at"),
        ({"unit": "hours"}, "at"),
        ({"unit": "years"}, "unit"),
        ({"direction": "sideways"}, "direction"),
        ({"anchor": "retention"}, "anchor"),
        ({"anchor": "fixed"}, "anchor"),
        ({"anchor": ""}, "anchor"),
    ],
)
def test_unfit_time_is_shown_at_its_field_and_kept(
    app: Flask, team: Browser, changes: dict[str, str], field: str
) -> None:
    event = laid(app)
    step = step_of(app, event, "dispatch")
    answer = team.post(plan_path(event, step), {**BUTTONS[""], "office_hours": "y", **changes})
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert re.search(r'<input[^>]*checked[^>]*id="office_hours"', answer.text)
    kept = changes.get("amount", "1")
    assert f'value="{kept}"' in answer.text
    after = step_of(app, event, "dispatch")
    assert (after.amount, after.due_at) == (step.amount, step.due_at)


@pytest.mark.parametrize(
    ("fixed", "status"),
    [
        ("2026-03-10T10:00", 303),
        ("", 422),
        ("2026-03-29T02:30", 422),
        ("2026-02-10T10:00", 422),
        ("morgen", 422),
    ],
)
def test_own_message_has_a_date_of_its_own(
    app: Flask, team: Browser, fixed: str, status: int
) -> None:
    event = laid(app)
    own = own_message(app, event)
    answer = team.post(plan_path(event, own), {**BUTTONS[""], "anchor": "fixed", "fixed": fixed})
    assert answer.status_code == status
    if status == 422:
        assert 'id="fixed-error"' in answer.text


def test_own_message_is_deleted_unless_it_was_sent(app: Flask, team: Browser) -> None:
    event = laid(app)
    make_registration(app, event)
    own = own_message(app, event)
    assert "Bitte Kamera prüfen" in row(team.get(plan_path(event)).text, own)
    assert team.post(plan_path(event, own, "delete")).status_code == 303
    assert "„Bitte Kamera prüfen“ ist gelöscht." in team.get(plan_path(event)).text
    assert team.post(plan_path(event, own, "delete")).status_code == 404
    sent = own_message(app, event)
    assert team.post(plan_path(event, sent, "run")).status_code == 303
    assert team.post(plan_path(event, sent, "delete")).status_code == 409


def test_step_of_the_plan_is_not_deleted(app: Flask, team: Browser) -> None:
    event = laid(app)
    step = step_of(app, event, "feedback")
    assert team.post(plan_path(event, step, "delete")).status_code == 409
    assert step_of(app, event, "feedback").outcome == ""


@pytest.mark.parametrize("button", ["skip", "switch", ""])
def test_deleting_of_names_is_neither_moved_nor_taken_out(
    app: Flask, team: Browser, button: str
) -> None:
    event = laid(app)
    step = step_of(app, event, "archive")
    answer = team.post(plan_path(event, step, button) + "?lang=de", BUTTONS[button])
    assert answer.status_code == 409
    assert "Aufbewahrungsfrist" in answer.text
    after = step_of(app, event, "archive")
    assert (after.outcome, after.active, after.due_at) == ("", True, step.due_at)
    assert team.get(plan_path(event, step)).status_code == 409
    assert f"/organise/events/{event.slug}/edit#retention_days" in team.get(plan_path(event)).text


@pytest.mark.parametrize("button", BUTTONS)
def test_foreign_step_answers_like_a_missing_one(app: Flask, team: Browser, button: str) -> None:
    mine, theirs = laid(app), laid(app)
    foreign = step_of(app, theirs, "dispatch")
    answers = [
        team.post(plan_path(mine, number, button), BUTTONS[button])
        for number in (foreign.id, 999_999)
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    after = step_of(app, theirs, "dispatch")
    assert (after.outcome, after.active, after.due_at) == ("", True, foreign.due_at)
    huge = team.post(plan_path(mine, 10**30, button), BUTTONS[button])
    assert huge.status_code in (404, 405)


@pytest.mark.parametrize("button", BUTTONS)
def test_viewer_sees_the_plan_and_presses_nothing(app: Flask, viewer: Browser, button: str) -> None:
    event = laid(app)
    step = step_of(app, event, "close")
    page = viewer.get(plan_path(event))
    assert page.status_code == 200
    assert "/run" not in page.text
    assert 'class="steer"' not in page.text
    assert viewer.post(plan_path(event, step, button), BUTTONS[button]).status_code == 403
    assert viewer.get(plan_path(event, step)).status_code == 403
    assert step_of(app, event, "close").outcome == ""


def test_stranger_finds_no_plan(app: Flask, stranger: Browser) -> None:
    event = laid(app)
    step = step_of(app, event, "close")
    assert stranger.get(plan_path(event)).status_code == 404
    assert stranger.post(plan_path(event, step, "run")).status_code == 404
    assert event.title not in stranger.get("/organise/").text


def test_buttons_shown_are_those_that_succeed(app: Flask, team: Browser) -> None:
    event = laid(app, room_url="")
    page = team.get(plan_path(event)).text
    assert plan_path(event, step_of(app, event, "close"), "run") in page
    assert plan_path(event, step_of(app, event, "follow_up"), "run") not in page
    assert plan_path(event, step_of(app, event, "archive"), "skip") not in page
    assert plan_path(event, step_of(app, event, "announce"), "skip") not in page


def test_plan_costs_the_same_number_of_queries_whatever_its_length(
    app: Flask, team: Browser
) -> None:
    event = laid(app)
    make_registration(app, event)
    team.get(plan_path(event))
    with Queries(app) as short:
        team.get(plan_path(event))
    for audience in (Audience.WAITING, Audience.ASKED, Audience.SUBSCRIBERS, Audience.MISSED):
        own_message(app, event, audience=audience)
    with Queries(app) as long:
        team.get(plan_path(event))
    assert len(long) == len(short) <= 14


def test_today_shows_the_steps_of_all_events(
    app: Flask, team: Browser, clock: FixedClock, later: Callable[[], Browser]
) -> None:
    soon = laid(app, title="Bald", room_url="")
    far = laid(
        app,
        title="Später einmal",
        starts_at=NOW + timedelta(days=80),
        ends_at=NOW + timedelta(days=81),
    )
    make_registration(app, soon)
    page = team.get("/organise/?lang=de").text
    assert f"{plan_path(soon)}#step-" in page
    assert f"{plan_path(far)}#step-" not in page
    assert "ist blockiert" not in page
    step = step_of(app, soon, "dispatch")
    clock.moment = step.due_at + timedelta(minutes=1)
    to_do, _, ahead = later().get("/organise/").text.partition('id="soon"')
    assert "ist blockiert" in to_do
    assert f"#step-{step.id}" not in ahead, "a blocked step stands among the things to do"


def test_today_costs_the_same_number_of_queries_whatever_is_planned(
    app: Flask, team: Browser
) -> None:
    laid(app)
    team.get("/organise/")
    with Queries(app) as few:
        team.get("/organise/")
    for _ in range(4):
        laid(app)
    with Queries(app) as many:
        team.get("/organise/")
    assert len(many) == len(few)


def test_empty_plan_of_all_events_shows_it(team: Browser) -> None:
    assert "ist nichts geplant" in team.get("/organise/?lang=de").text


def test_skipped_step_that_is_done_by_hand_counts_as_done(app: Flask, team: Browser) -> None:
    event = laid(app)
    step = step_of(app, event, "close")
    team.post(plan_path(event, step, "skip"))
    team.post(f"/organise/events/{event.slug}/do/close", {"state": "open"})
    assert step_of(app, event, "close").outcome == "done"


@pytest.fixture
def pressed_meanwhile(app: Flask) -> Callable[[Event, str], None]:
    """Somebody else skips a step between the look and the press."""

    def press(event: Event, name: str) -> None:
        with app.app_context(), transaction():
            held = lock_event(event.slug)
            step_editing.skip(held, step_of_session(held, name), actor="Bruno", now=NOW)

    def step_of_session(event: Event, name: str) -> int:
        wanted = select(Step.id).where(Step.event_id == event.id, Step.name == name)
        return db.session.scalars(wanted).one()

    return press


@pytest.mark.parametrize("button", ["run", "skip", "switch"])
def test_button_pressed_after_a_colleague_changes_nothing(
    app: Flask,
    team: Browser,
    pressed_meanwhile: Callable[[Event, str], None],
    button: str,
) -> None:
    event = laid(app)
    step = step_of(app, event, "close")
    pressed_meanwhile(event, "close")
    answer = team.post(plan_path(event, step, button), BUTTONS[button])
    assert answer.status_code == 409
    assert "Bruno" in row(answer.text, step)
    after = step_of(app, event, "close")
    assert (after.outcome, after.actor) == ("skipped", "Bruno")


def test_overview_shows_the_next_step_and_the_course(app: Flask, team: Browser) -> None:
    event = laid(app)
    page = team.get(f"/organise/events/{event.slug}?lang=de").text
    card, _, rest = page[page.index('id="next-step"') :].partition("</section>")
    assert "Erinnerung an den Anmeldeschluss" in card
    assert f"{plan_path(event, step_of(app, event, 'reminder_deadline'))}/preview" in card
    course = rest[rest.index('id="course"') :]
    labels = [
        "Erinnerung an den Anmeldeschluss",
        "Zugangslink versenden",
        "Erinnerung kurz vor Beginn",
        "Anmeldung schließen",
        "Die Veranstaltung",
        "Nachbereitung versenden",
        "Bitte um Rückmeldung",
        "Archivieren",
    ]
    assert re.findall(r"<h3>([^<]+?)\s*<", course)[-len(labels) :] == labels


def test_dashboard_puts_the_blocked_step_first_and_shows_it_once(
    app: Flask, clock: FixedClock, later: Callable[[], Browser]
) -> None:
    event = laid(app, room_url="", title="Smart City 2")
    make_registration(app, event)
    clock.moment = step_of(app, event, "dispatch").due_at + timedelta(minutes=5)
    page = later().get("/organise/?lang=de").text
    lines = re.findall(r'<li class="danger">.*?</li>', page, re.DOTALL)
    said = [line for line in lines if "Smart City 2" in line]
    assert len(said) == 1
    words = "„Zugangslink versenden“ (Smart City 2) ist blockiert: Der Zugangslink zum Videoraum"
    assert words in said[0]
    assert f'href="/organise/events/{event.slug}#room"' in said[0]


def test_dashboard_costs_the_same_number_of_queries(app: Flask, team: Browser) -> None:
    laid(app)
    team.get("/organise/")
    with Queries(app) as few:
        team.get("/organise/")
    for _ in range(4):
        laid(app, room_url="")
    with Queries(app) as many:
        team.get("/organise/")
    assert len(many) == len(few)


def test_history_shows_what_the_plan_did(
    app: Flask, clock: FixedClock, later: Callable[[], Browser]
) -> None:
    event = laid(app)
    make_registration(app, event)
    clock.moment = step_of(app, event, "dispatch").due_at + timedelta(minutes=1)
    app.extensions["ikone_engine"].run_once()
    page = later().get(f"/organise/events/{event.slug}/history?lang=de").text
    assert "automatisch ausgeführt" in page
    assert ">plan<" not in page


def test_step_that_has_run_meanwhile_gets_no_other_time(app: Flask, team: Browser) -> None:
    event = laid(app)
    step = step_of(app, event, "close")
    assert team.get(plan_path(event, step)).status_code == 200
    team.post(f"/organise/events/{event.slug}/do/close", {"state": "open"})
    for answer in (
        team.get(plan_path(event, step)),
        team.post(plan_path(event, step), BUTTONS[""]),
    ):
        assert answer.status_code == 409
        assert "Jemand war schneller" in answer.text
    assert step_of(app, event, "close").outcome == "done"


def test_materials_say_when_the_follow_up_goes_and_the_plan_to_whom(
    app: Flask, clock: FixedClock, later: Callable[[], Browser]
) -> None:
    event = laid(app, state="dispatched")
    make_registration(app, event, attendance="attended")
    clock.moment = event.ends_at + timedelta(hours=1)
    team, path = later(), f"/organise/events/{event.slug}"
    link = {"link-title": "Handreichung", "link-url": "https://example.org/a"}
    link |= {"link-visibility": "registered", "link-availability": "follow_up"}
    assert team.post(f"{path}/materials/link", link).status_code == 303
    page = team.get(f"{path}/materials?lang=de").text
    assert "Die Nachbereitung geht automatisch hinaus: " in page
    assert "wartet sie noch einmal eine Stunde." in page
    assert "Alle Bestätigten und die Warteliste: heute eine Person" in team.get(path).text
    with app.app_context(), transaction():
        db.session.get_one(Event, event.id).follow_up_to_waiting = False
    assert "Alle Bestätigten: heute eine Person" in team.get(path).text
