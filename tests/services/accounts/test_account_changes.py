"""Each change of an account ends its sessions, and an administrator always remains."""

from collections.abc import Callable
from functools import partial

import pytest
from flask import Flask

from ikone_events.domain.refusals import AccountRefused, StaleForm, UnfitInput
from ikone_events.services.accounts import changes
from ikone_events.services.accounts.changes import Asker
from ikone_events.services.accounts.organisers import hash_new_password, is_password_of
from ikone_events.store.db import transaction
from ikone_events.store.events.queries import events_of
from tests.accounts import PASSWORD, make_account, stored_account
from tests.at_once import at_once
from tests.factories import make_event

Change = Callable[[int], object]


def do(app: Flask, change: Callable[[], object]) -> None:
    with app.app_context(), transaction():
        change()


def test_each_change_ends_sessions_and_links(app: Flask) -> None:
    make_account(app)
    number, slug = make_account(app, "o@example.org", "organiser"), make_event(app).slug
    steps: list[Change] = [
        lambda n: changes.set_role(n, "viewer"),
        lambda n: changes.set_events(n, [slug]),
        lambda n: changes.set_active(n, active=False),
        lambda n: changes.set_active(n, active=True),
        lambda n: changes.set_password(n, "hash"),
        lambda n: changes.set_access(n, role="organiser", only=()),
    ]
    seen = []
    for step in steps:
        do(app, partial(step, number))
        account = stored_account(app, number)
        seen.append((account.fs_uniquifier, account.access_version))
    assert len({session for session, _version in seen}) == len(steps)
    assert [version for _session, version in seen] == [2, 3, 4, 5, 6, 7]


def test_end_of_sessions_leaves_links_alone(app: Flask) -> None:
    number = make_account(app)
    before = stored_account(app, number)
    do(app, lambda: changes.end_sessions_of(number))
    after = stored_account(app, number)
    assert after.fs_uniquifier != before.fs_uniquifier
    assert after.access_version == before.access_version


@pytest.mark.parametrize(
    "change",
    [
        lambda number: changes.set_active(number, active=False),
        lambda number: changes.set_role(number, "organiser"),
        lambda number: changes.set_access(number, role="viewer", only=()),
    ],
    ids=["disable", "role", "access"],
)
@pytest.mark.both_databases
def test_last_active_administrator_stays(app: Flask, change: Change) -> None:
    last = make_account(app)
    others = [("o@example.org", "organiser", PASSWORD), ("new@example.org", "admin", None)]
    for email, role, password in others:
        make_account(app, email, role, password=password)
    gone = make_account(app, "gone@example.org")
    do(app, lambda: changes.set_active(gone, active=False))
    before = stored_account(app, last)
    with pytest.raises(AccountRefused, match="last active administrator"):
        do(app, lambda: change(last))
    after = stored_account(app, last)
    assert (after.active, after.role, after.fs_uniquifier) == (True, "admin", before.fs_uniquifier)
    do(app, lambda: changes.set_active(gone, active=True))
    do(app, lambda: change(last))


def test_installation_without_administrators_can_be_changed(app: Flask) -> None:
    number = make_account(app, "o@example.org", "organiser")
    do(app, lambda: changes.set_active(number, active=False))
    assert not stored_account(app, number).active


@pytest.mark.both_databases
@pytest.mark.parametrize("more", [0, 1], ids=["two", "three"])
def test_of_two_who_disable_each_other_one_loses(app: Flask, more: int) -> None:
    one, other = make_account(app), make_account(app, "b@example.org")
    for number in range(more):
        make_account(app, f"more{number}@example.org")

    def disable(pair: tuple[int, int]) -> str:
        victim, asker = pair
        try:
            do(app, lambda: changes.set_active(victim, active=False, asker=Asker(admin=asker)))
        except AccountRefused:
            return "refused"
        return "done"

    assert sorted(at_once(disable, ((one, other), (other, one)))) == ["done", "refused"]
    assert [stored_account(app, one).active, stored_account(app, other).active].count(True) == 1


@pytest.mark.both_databases
def test_lowered_administrator_changes_nothing_any_more(app: Flask) -> None:
    """The page was asked for before somebody else took the role away."""
    one, other = make_account(app), make_account(app, "b@example.org")
    do(app, lambda: changes.set_role(other, "organiser"))
    with pytest.raises(AccountRefused, match="may not do this any more"):
        do(app, lambda: changes.set_active(one, active=False, asker=Asker(admin=other)))


def test_form_of_an_older_version_is_refused(app: Flask) -> None:
    one, other = make_account(app), make_account(app, "b@example.org")
    seen = stored_account(app, other).access_version
    do(app, lambda: changes.set_role(other, "viewer"))
    asker = Asker(admin=one, seen_version=seen)
    with pytest.raises(StaleForm):
        do(app, lambda: changes.set_access(other, role="organiser", only=(), asker=asker))
    assert stored_account(app, other).role == "viewer"


def test_limit_to_events_and_back(app: Flask) -> None:
    number, event = make_account(app, "o@example.org", "organiser"), make_event(app)
    make_event(app)
    do(app, lambda: changes.set_events(number, [event.slug, event.slug]))
    with app.app_context():
        assert [seen.slug for seen in events_of(stored_account(app, number))] == [event.slug]
    do(app, lambda: changes.set_events(number, []))
    with app.app_context():
        assert len(events_of(stored_account(app, number))) == 2


def test_unknown_event_and_role_change_nothing(app: Flask) -> None:
    number, slug = make_account(app, "o@example.org", "organiser"), make_event(app).slug
    for change in (
        lambda: changes.set_events(number, ["nothing"]),
        lambda: changes.set_role(number, "king"),
        lambda: changes.set_access(number, role="admin", only=[slug]),
    ):
        with pytest.raises(UnfitInput):
            do(app, change)
    assert stored_account(app, number).access_version == 1


def test_limited_account_becomes_no_administrator(app: Flask) -> None:
    number, slug = make_account(app, "o@example.org", "organiser"), make_event(app).slug
    do(app, lambda: changes.set_events(number, [slug]))
    with pytest.raises(UnfitInput, match="lift the limit"):
        do(app, lambda: changes.set_role(number, "admin"))


@pytest.mark.parametrize(
    "password", ["kurz", "Password1234!", "ikone-ist-unser-Haus", "organisaria-backt-Brot"]
)
def test_weak_password_is_refused_everywhere(app: Flask, password: str) -> None:
    with app.app_context(), pytest.raises(UnfitInput):
        hash_new_password(password, email="ada@example.org", name="Wilma Organisaria")
    with pytest.raises(UnfitInput):
        make_account(app, password=password)


def test_password_is_the_same_from_every_keyboard(app: Flask) -> None:
    number = make_account(app)
    with app.app_context():
        account = stored_account(app, number)
        assert is_password_of(account, "Lange-Wo\u0308rter-2026")
        assert not is_password_of(account, "Lange-Worter-2026")
