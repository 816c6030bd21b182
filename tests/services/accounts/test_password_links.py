"""Links to set a password: used once, for one hour, and readable by their owner alone."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from flask import Flask
from sqlalchemy import select, update

from ikone_events.domain.refusals import AccountRefused, LinkRefused
from ikone_events.services.accounts import changes, password_links
from ikone_events.services.accounts.changes import SHELL, Asker
from ikone_events.services.accounts.organisers import NewOrganiser
from ikone_events.services.operating.retention import delete_expired
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, transaction
from ikone_events.store.mails.models import OutboxMail
from tests.accounts import link_in, link_mails, make_account, stored_account
from tests.at_once import at_once
from tests.factories import NOW, FixedClock
from tests.mailbox import Mailbox
from tests.web.visitor import Queries

ADDRESS = "ada@example.org"


def ask(app: Flask, email: str = ADDRESS, locale: str = "de") -> None:
    with app.app_context(), transaction():
        password_links.ask_for_link(email, locale=locale, now=NOW)


def token_of(app: Flask) -> str:
    """The token in the latest mail, which is not sent yet."""
    return link_in(link_mails(app)[-1].text).rpartition("/")[2]


def use(app: Flask, token: str, clock: FixedClock, hashed: str = "hash") -> None:
    with app.app_context(), transaction():
        password_links.set_password_by_link(token, hashed, now=clock())


def is_open(app: Flask, token: str, clock: FixedClock) -> bool:
    with app.app_context():
        try:
            password_links.account_of_link(token, now=clock())
        except LinkRefused:
            return False
    return True


def test_link_sets_the_password_once(app: Flask, clock: FixedClock) -> None:
    number = make_account(app)
    before = stored_account(app, number)
    ask(app)
    token = token_of(app)
    assert is_open(app, token, clock)
    use(app, token, clock)
    after = stored_account(app, number)
    assert after.password == "hash"
    assert after.fs_uniquifier != before.fs_uniquifier
    assert not is_open(app, token, clock)
    with pytest.raises(LinkRefused):
        use(app, token, clock, "other")
    assert stored_account(app, number).password == "hash"


@pytest.mark.both_databases
def test_link_used_twice_at_once_works_once(app: Flask, clock: FixedClock) -> None:
    number = make_account(app)
    ask(app)
    token, outcomes = token_of(app), []

    def set_to(hashed: str) -> None:
        with suppress(LinkRefused):
            use(app, token, clock, hashed)
            outcomes.append(hashed)

    at_once(set_to, [f"hash{n}" for n in range(4)])
    assert outcomes == [stored_account(app, number).password]


def test_link_ends_after_an_hour(app: Flask, clock: FixedClock) -> None:
    make_account(app)
    ask(app)
    token = token_of(app)
    clock.move(minutes=59, seconds=59)
    assert is_open(app, token, clock)
    clock.move(seconds=1)
    assert not is_open(app, token, clock)


@pytest.mark.parametrize(
    "change",
    [
        lambda n: changes.set_password(n, "new"),
        lambda n: changes.set_role(n, "viewer"),
        lambda n: changes.set_active(n, active=False),
        lambda n: (changes.set_active(n, active=False), changes.set_active(n, active=True)),
    ],
    ids=["password", "role", "disabled", "disabled-and-enabled"],
)
def test_link_ends_with_a_change_of_the_account(
    app: Flask, clock: FixedClock, change: Callable[[int], object]
) -> None:
    number = make_account(app)
    make_account(app, "b@example.org")
    ask(app)
    token = token_of(app)
    with app.app_context(), transaction():
        change(number)
    assert not is_open(app, token, clock)
    assert link_mails(app) == []  # it was not sent yet


@pytest.mark.parametrize("kind", ["registration", "subscription", "calendar"])
def test_other_personal_links_set_no_password(app: Flask, clock: FixedClock, kind: str) -> None:
    number = make_account(app)
    with app.app_context():
        installation = password_links.get_installation()
        claim = password_links.LinkClaim(str(number), 1, int(NOW.timestamp()) + 60)
        token = installation.signer.sign(password_links.Purpose(kind), claim)
    assert not is_open(app, token, clock)


def test_link_without_an_end_is_refused(app: Flask, clock: FixedClock) -> None:
    number = make_account(app)
    with app.app_context():
        claim = password_links.LinkClaim(str(number), 1)
        token = password_links.get_installation().signer.sign(
            password_links.Purpose.PASSWORD, claim
        )
    assert not is_open(app, token, clock)


@pytest.mark.both_databases
def test_unknown_and_disabled_addresses_get_nothing_and_take_the_same_steps(app: Flask) -> None:
    make_account(app)
    gone = make_account(app, "gone@example.org", "viewer")
    with app.app_context(), transaction():
        changes.set_active(gone, active=False)
    steps = []
    for email in (ADDRESS, "niemand@example.org", "gone@example.org"):
        with Queries(app) as queries:
            ask(app, email)
        steps.append([words.split()[0] for words in queries.statements])
    assert "INSERT" in steps[0]
    assert steps == [steps[0]] * 3
    assert [mail.recipient for mail in link_mails(app)] == [ADDRESS]


def test_link_is_sent_in_the_language_of_the_account_or_of_the_page(app: Flask) -> None:
    number = make_account(app)
    ask(app, ADDRESS.upper(), "en")
    with app.app_context(), transaction():
        changes.set_own_details(number, name="Ada", locale="de")
    ask(app, locale="en")
    first, second = link_mails(app)
    assert first.subject.startswith("Set a new password")
    assert second.subject.startswith("Neues Passwort festlegen")
    assert "Guten Tag Ada," in second.text


@pytest.mark.both_databases
def test_text_with_the_link_is_deleted_once_it_was_sent(app: Flask, mailbox: Mailbox) -> None:
    make_account(app)
    ask(app)
    app.extensions["ikone_engine"].run_once()
    [received] = mailbox.received
    assert "/login/reset/" in received.text
    [mail] = link_mails(app)
    assert (mail.state, mail.text, mail.html) == ("sent", "", "")


def test_text_with_the_link_is_deleted_when_it_can_not_be_sent(
    app: Flask, mailbox: Mailbox
) -> None:
    make_account(app)
    ask(app)
    mailbox.answer = lambda _recipient: "550 5.1.1 unknown"
    app.extensions["ikone_engine"].run_once()
    [mail] = link_mails(app)
    assert (mail.state, mail.text, mail.html) == ("failed", "", "")
    with app.app_context():
        assert list(password_links.link_states().values()) == ["failed"]


def test_old_mails_with_links_are_deleted(app: Flask, clock: FixedClock) -> None:
    make_account(app)
    ask(app)
    with app.app_context(), transaction():
        db.session.execute(update(OutboxMail).values(state="stopped"))
    clock.move(hours=1)
    with app.app_context(), transaction():
        delete_expired(clock())
    assert [(mail.text, mail.html) for mail in link_mails(app)] == [("", "")]
    clock.move(days=30)
    with app.app_context(), transaction():
        delete_expired(clock())
    assert link_mails(app) == []


@pytest.mark.both_databases
def test_invited_person_sets_the_first_password(app: Flask, clock: FixedClock) -> None:
    admin = make_account(app)
    new = NewOrganiser(email="neu@example.org", role="viewer", name="Nora Neu", password=None)
    with app.app_context(), transaction():
        asker = Asker(admin=admin)
        number = password_links.invite(new, asker=asker, locale="de", now=NOW).id
    [mail] = link_mails(app)
    assert "Wilma Organisaria hat für Sie einen Zugang" in mail.text
    assert stored_account(app, number).password is None
    use(app, token_of(app), clock)
    assert stored_account(app, number).password == "hash"


def test_lowered_administrator_invites_nobody(app: Flask) -> None:
    make_account(app)
    lowered = make_account(app, "b@example.org", "organiser")
    new = NewOrganiser(email="neu@example.org", role="admin", name="N", password=None)
    with app.app_context(), pytest.raises(AccountRefused), transaction():
        password_links.invite(new, asker=Asker(admin=lowered), locale="de", now=NOW)
    with app.app_context():
        assert db.session.scalar(select(Organiser.id).where(Organiser.email == new.email)) is None


def test_disabled_account_is_sent_no_link_by_hand(app: Flask) -> None:
    make_account(app)
    gone = make_account(app, "gone@example.org", "viewer")
    with app.app_context(), transaction():
        changes.set_active(gone, active=False)
    with app.app_context(), pytest.raises(AccountRefused, match="disabled"), transaction():
        password_links.send_link(gone, asker=SHELL, locale="de", now=NOW)
    assert link_mails(app) == []
