"""Access to every organisers' page: without a login, as a viewer, for a foreign event."""

import re

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from ikone_events.domain.events.lifecycle import Message
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.mails.mailings import start_mailing
from ikone_events.services.plan.plans import create_plan, steps_of
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.registering.models import Code, Registration
from ikone_events.web.shell.access import GRANTS
from tests.factories import (
    NOW,
    make_event,
    make_mail,
    make_material,
    make_organisation,
    make_registration,
    stored,
)
from tests.own_fields import make_field
from tests.standing import SERIES, SLUG, make_standing
from tests.web.organiser.conftest import Browser
from tests.web.visitor import everything

LEADS_ON = ("organiser.public_", "organiser.settle_", "organiser.figures ")


def rules(app: Flask) -> list[Rule]:
    """All routes of the organisers."""
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("organiser.")]


def addresses(app: Flask, method: str, slug: str, ids: dict[str, object]) -> list[str]:
    """Every address of one method, for one event with all that hangs on it."""
    wanted = (rule for rule in rules(app) if method in (rule.methods or set()))
    return [address(app, rule, {"slug": slug, "action": "close", **ids}) for rule in wanted]


def address(app: Flask, rule: Rule, values: dict[str, object]) -> str:
    """The path of a route."""
    with app.test_request_context():
        values = {**values, **(rule.defaults or {})}
        return url_for(rule.endpoint, **{key: values[key] for key in rule.arguments})


@pytest.fixture
def event(app: Flask) -> Event:
    """An open event of a series."""
    return make_event(app, series=SERIES)


@pytest.fixture
def ids(app: Flask, event: Event) -> dict[str, object]:
    """A person, a mail, a mailing and a step of the event."""
    person = make_registration(app, event)
    with app.app_context(), transaction():
        held = lock_event(event.slug)
        create_plan(held, now=NOW)
        dispatch = next(step for step in steps_of(held) if step.name == "dispatch")
        message = Message(MailKind.NOTE, Audience.CONFIRMED)
        mailing = start_mailing(held, message, now=NOW, step=dispatch)
    return {
        "public_id": person.public_id,
        "mail_id": make_mail(app, person).id,
        "received_id": stored(app, answer_of(person)).id,
        "mailing_id": mailing.id,
        "step_id": dispatch.id,
        "code_id": stored(app, Code(event_id=event.id, text="RATHAUS2026", created_at=NOW)).id,
        "kind": MailKind.REMINDER_DAY.value,
        "file_type": "xlsx",
        "key": make_field(app, event).key,
        "number": make_organisation(app, "Stadt Worms").id,
        "name": "heute",
        "series": SLUG,
        "sign_up": make_standing(app).public_id,
        "what": "attended",
        "year": NOW.year,
    }


def answer_of(person: Registration) -> IncomingMail:
    """What a calendar said."""
    return IncomingMail(
        digest="a", kind="answer", outcome="delegated", event_id=person.event_id,
        registration_id=person.id, received_at=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_enters_without_a_login(
    app: Flask, client: FlaskClient, event: Event, ids: dict[str, object], method: str
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    paths = addresses(app, method, event.slug, ids)
    assert len(paths) > 10
    for path in paths:
        answer = client.open(path, method=method)
        assert answer.status_code == 303, path
        assert answer.location.startswith("/login?next=/organise/"), path


def test_foreign_event_answers_exactly_like_a_missing_one(
    app: Flask, stranger: Browser, event: Event, ids: dict[str, object]
) -> None:
    for method in ("GET", "POST"):
        send = stranger.get if method == "GET" else stranger.post
        foreign = [p for p in addresses(app, method, event.slug, ids) if event.slug in p]
        missing = addresses(app, method, "x" * len(event.slug), ids)
        pairs = list(zip(foreign, (p for p in missing if "xxx" in p), strict=True))
        assert len(pairs) > 8
        for path, other in pairs:
            answer, expected = send(path), send(other)
            assert (answer.status_code, expected.status_code) == (404, 404), (method, path)
            assert bare(answer.text, event.slug) == bare(expected.text, "x" * len(event.slug))
            assert event.title not in answer.text


def bare(body: str, slug: str) -> str:
    """A page without what is different each time: its token and its own address."""
    return re.sub(r'value="[^"]*"', "", body).replace(slug, "")


def test_foreign_events_are_on_no_list(stranger: Browser, event: Event) -> None:
    for path in ("/organise/", "/organise/events"):
        assert event.title not in stranger.get(path).text


def test_ids_of_another_event_are_not_found(app: Flask, team: Browser, event: Event) -> None:
    other = make_event(app)
    person = make_registration(app, other)
    mail = make_mail(app, person, state="failed")
    slides = make_material(app, other)
    base = f"/organise/events/{event.slug}"
    assert team.get(f"{base}/registrations/{person.public_id}/do/withdraw").status_code == 404
    assert team.post(f"{base}/registrations/{person.public_id}/do/withdraw").status_code == 404
    assert team.post(f"{base}/registrations/{person.public_id}/attendance").status_code == 404
    assert team.get(f"{base}/mail/{mail.id}").status_code == 404
    assert team.post(f"{base}/mail/{mail.id}/retry").status_code == 404
    assert team.get(f"{base}/materials/{slides.public_id}/file").status_code == 404
    assert team.post(f"{base}/materials/{slides.public_id}/remove").status_code == 404


def test_viewer_sees_and_changes_nothing_and_takes_nothing_away(
    app: Flask, viewer: Browser, event: Event, ids: dict[str, object]
) -> None:
    for path in addresses(app, "POST", event.slug, ids):
        if not path.startswith("/organise/account"):
            assert viewer.post(path).status_code == 403, path
    views = app.view_functions
    for rule in rules(app):
        if "GET" not in (rule.methods or set()):
            continue
        values = {"slug": event.slug, "action": "close", **ids}
        if rule.endpoint == "organiser.material_file":
            continue
        allowed = getattr(views[rule.endpoint], "permission", None) in GRANTS["viewer"]
        answer = viewer.get(address(app, rule, values))
        # Former addresses, previews of what is public by now, links of mails and the figures, which
        # begin with the newest year, lead on.
        found = 308 if rule.endpoint.startswith("organiser.moved_") else 200
        if f"{rule.endpoint} ".startswith(LEADS_ON):
            found = 303
        assert answer.status_code == (found if allowed else 403), rule


def test_looking_changes_nothing(
    app: Flask, team: Browser, event: Event, ids: dict[str, object]
) -> None:
    paths = addresses(app, "GET", event.slug, ids)
    before = everything(app)
    for path in paths:
        team.get(path)
    assert everything(app) == before
    for path in paths:
        team.client.head(path).close()
    assert everything(app) == before


def test_viewer_gets_no_buttons(viewer: Browser, event: Event, ids: dict[str, object]) -> None:
    for part in ("", "/registrations", "/mail", "/mail/sent", "/materials", "/history"):
        page = viewer.get(f"/organise/events/{event.slug}{part}").text
        actions = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', page)
        assert set(actions) == {"/logout", "/organise/account/stay"}, part


def test_pages_are_private_and_never_kept(
    app: Flask, team: Browser, event: Event, ids: dict[str, object]
) -> None:
    for path in addresses(app, "GET", event.slug, ids):
        headers = team.get(path).headers
        assert headers["Cache-Control"] == "no-store", path
        assert "noindex" in headers["X-Robots-Tag"], path


def test_every_page_speaks_german_and_english(
    app: Flask, team: Browser, event: Event, ids: dict[str, object]
) -> None:
    for path in addresses(app, "GET", event.slug, ids):
        for lang in ("de", "en"):
            answer = team.get(f"{path}?lang={lang}")
            mail = "sandbox" in answer.headers["Content-Security-Policy"]
            if answer.mimetype == "text/html" and answer.status_code == 200 and not mail:
                assert f'<html lang="{lang}">' in answer.text
