"""The address of a video room is on one page: the one behind the button, for this person.

Every address of the application is asked, by everybody who has a reason to; so are all mails,
calendar entries, lists for download, commands and logs.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from io import BytesIO
from itertools import product
from zipfile import ZipFile, is_zipfile

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.routing import BuildError, Rule
from werkzeug.test import TestResponse

from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.events.transitions import Request, perform
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.models import Registration
from tests.effort import by_night
from tests.factories import NOW, FixedClock, door_path, make_registration, personal_path
from tests.journeys.filled_app import PEOPLE, fill
from tests.web.visitor import press

pytestmark = pytest.mark.slow

SECRETS = ("raum-geheim", "leitung-geheim", "pin-geheim")
# Organisers who edit an event see and change them there.
EDITORS = ("organiser", "admin")
THEIRS = re.compile(r"/organise/events/[^/]+(/edit|/copy)?")
# Where whoever may enter sees the PIN, beside the button.
DOORS = re.compile(r"/(r/[^/]+/room|door/[^/]+)")
SLUGS = by_night(("running", "dispatched", "past", "open", "cancelled"), ("running", "past"))
# An administrator sees all that an organiser sees, so by day these three.
WHO = by_night(("visitor", "viewer", "organiser", "admin"), ("visitor", "viewer", "admin"))
# Values of each argument that are tried.
MOST = by_night(1000, 3)


@pytest.fixture
def names(app: Flask) -> Mapping[str, str]:
    names = fill(app)
    others = {"moderator_url": "https://video.example.org/leitung-geheim"}
    with app.app_context(), transaction():
        db.session.execute(update(Event).values(room_pin="pin-geheim", **others))
    return names


def words_of(answer: TestResponse) -> str:
    """Headers and body; of a workbook, what is in it."""
    body = answer.get_data()
    if is_zipfile(BytesIO(body)):
        with ZipFile(BytesIO(body)) as archive:
            body = b"".join(archive.read(name) for name in archive.namelist())
    return f"{answer.headers}\n{body.decode('utf-8', 'replace')}"


def secrets_in(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def values_of(app: Flask, names: Mapping[str, str]) -> dict[str, list[str]]:
    """What stands in addresses, by the name of the argument."""
    paths = [path for path in names.values() if path.startswith("/")]
    may_enter = [names["guest"], names["guest_door"], names["veteran"]]
    tokens = [path.split("/")[2] for path in dict.fromkeys([*may_enter, *paths])]
    with app.app_context():
        running = select(Event.id).where(Event.slug.in_(SLUGS))
        steps = db.session.scalars(select(Step.id).where(Step.event_id.in_(running)))
        mails = db.session.scalars(select(OutboxMail.id))
        people = select(Registration.public_id).where(Registration.event_id.in_(running))
        return {
            "slug": [*SLUGS],
            "token": tokens,
            "step_id": [str(number) for number in steps],
            "mail_id": [str(number) for number in mails],
            "public_id": [*db.session.scalars(people), names["contact"], names["subscriber"]],
            "number": [names["administration"], names["own_account"]],
            "kind": [MailKind.ACCESS_LINK.value, MailKind.CONFIRMATION.value],
            "action": ["dispatch", "cancel", "postpone", "follow_up", "write", "confirm_again"],
            "file_type": ["csv", "xlsx", "ods", "json", "svg", "png"],
            "key": ["mittagessen"],
            "name": ["link_missing", "link_not_sent", "follow_up_due"],
            "what": ["attended", "supplement"],
            "year": [str(NOW.year)],
        }


def addresses(app: Flask, values: Mapping[str, list[str]]) -> Iterator[str]:
    adapter = app.url_map.bind("localhost")
    for rule in sorted(app.url_map.iter_rules(), key=str):
        if "GET" in (rule.methods or ()) and "static" not in rule.endpoint:
            yield from _addresses_of(rule, adapter.build, values)


def _addresses_of(
    rule: Rule, build: Callable[..., str], values: Mapping[str, list[str]]
) -> Iterator[str]:
    wanted = sorted(rule.arguments)
    others = sorted({each for known in values.values() for each in known})[::10]
    values = {**values, **{name: [value] for name, value in (rule.defaults or {}).items()}}
    for chosen in product(*(values.get(name, others)[:MOST] for name in wanted)):
        try:
            yield build(rule.endpoint, dict(zip(wanted, chosen, strict=True)))
        except (BuildError, ValueError):
            continue  # a type of file that this list does not have, a word in place of a number


def signed_in(app: Flask, who: str, clock: FixedClock) -> FlaskClient:
    client = app.test_client()
    if who not in PEOPLE:
        return client
    with app.app_context():
        account = db.session.scalars(select(Organiser).where(Organiser.email == PEOPLE[who])).one()
        known = {"_user_id": account.fs_uniquifier, "account": account.id, "_fresh": True}
    moment = int(clock().timestamp())
    with client.session_transaction() as session:
        session.update({**known, "signed_in_at": moment, "seen_at": moment})
    return client


@pytest.mark.parametrize("who", WHO)
def test_no_page_feed_or_list_holds_the_address_of_a_room(
    app: Flask, clock: FixedClock, names: Mapping[str, str], who: str
) -> None:
    client, asked = signed_in(app, who, clock), 0
    found = []
    clock.moment = NOW + timedelta(minutes=1)
    for address in addresses(app, values_of(app, names)):
        answer = client.get(address, buffered=True)
        asked += answer.status_code == 200
        leaked = secrets_in(words_of(answer))
        if who in EDITORS and THEIRS.fullmatch(address):
            leaked = []
        if DOORS.fullmatch(address):
            leaked = [each for each in leaked if each != "pin-geheim"]
        found += [(address, secret) for secret in leaked]
    assert found == []
    assert asked > 30
    for query in ("geheim", "video.example"):
        assert secrets_in(client.get(f"/organise/search?q={query}").text) == []


def test_no_mail_and_no_calendar_entry_holds_the_address_of_a_room(
    app: Flask, clock: FixedClock, names: Mapping[str, str]
) -> None:
    del names
    for action in (Action.CLOSE, Action.DISPATCH):
        request = Request(action=action, actor="W. O.")
        with app.app_context(), transaction():
            perform("open", request, now=clock())
        clock.move(minutes=20)  # what a page asked for waits for its undo
        app.extensions["ikone_engine"].run_once()
    with app.app_context():
        mails = list(db.session.scalars(select(OutboxMail)))
        kinds = {mail.kind for mail in mails}
        texts = [repr(vars(mail)) for mail in mails]
    assert {"access_link", "confirmation"} <= kinds
    assert [text for text in texts if secrets_in(text)] == []


def test_no_command_and_no_log_reveals_the_address_of_a_room(
    app: Flask,
    client: FlaskClient,
    clock: FixedClock,
    names: Mapping[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    del names
    caplog.set_level(logging.DEBUG)
    with app.app_context():
        event = db.session.scalars(select(Event).where(Event.slug == "running")).one()
        db.session.expunge(event)
    person = make_registration(app, event)
    clock.moment = event.starts_at
    for path in (personal_path(app, person, "/room"), door_path(app, person)):
        entered = client.get(press(client, path).location)
        assert secrets_in(words_of(entered)) == ["raum-geheim", "pin-geheim"]
    runner = app.test_cli_runner()
    for words in (
        ("event", "list"),
        ("event", "show", "running"),
        ("export", "registrations", "running", "--format", "csv"),
        ("export", "registrations", "running", "--format", "json"),
        ("export", "outbox", "--format", "csv"),
        ("verify",),
    ):
        assert secrets_in(runner.invoke(args=list(words)).output) == [], words
    assert secrets_in(caplog.text) == []
