"""Accounts from the shell: one line each, refusals with exit status 1."""

import pytest
from click.testing import Result
from flask import Flask

from tests.accounts import make_account, stored_account
from tests.factories import make_event

ADA, OTTO = "ada@example.org", "otto@example.org"


def call(app: Flask, *words: str, typed: str | None = None) -> Result:
    return app.test_cli_runner().invoke(args=["organiser", *words], input=typed)


def test_list_has_a_line_for_each_account(app: Flask) -> None:
    slug = make_event(app).slug
    make_account(app)
    make_account(app, OTTO, "organiser", only=(slug,), name="Zacharias")
    assert call(app, "list").output.splitlines() == [
        f"{ADA}\tadmin\tall events\tactive\tnever",
        f"{OTTO}\torganiser\t{slug}\tactive\tnever",
    ]


def test_account_is_disabled_and_enabled(app: Flask) -> None:
    make_account(app)
    number = make_account(app, OTTO, "organiser")
    session = stored_account(app, number).fs_uniquifier
    assert call(app, "disable", OTTO.upper()).exit_code == 0
    account = stored_account(app, number)
    assert not account.active
    assert account.fs_uniquifier != session
    assert "disabled" in call(app, "list").output
    assert call(app, "enable", OTTO).output == f"{OTTO} can sign in again.\n"
    assert stored_account(app, number).active


def test_role_and_events_are_changed(app: Flask) -> None:
    make_account(app)
    number, slug = make_account(app, OTTO, "organiser"), make_event(app).slug
    assert call(app, "role", OTTO, "viewer").exit_code == 0
    assert call(app, "only", OTTO, slug).output == f"{OTTO} sees {slug}.\n"
    account = stored_account(app, number)
    assert (account.role, account.sees_all) == ("viewer", False)
    assert call(app, "role", OTTO, "door").exit_code == 0
    assert not stored_account(app, number).sees_all
    assert call(app, "only", OTTO).output == f"{OTTO} sees all events.\n"
    assert stored_account(app, number).sees_all


@pytest.mark.parametrize("words", [("disable", ADA), ("role", ADA, "organiser")])
def test_last_administrator_is_refused_with_words(app: Flask, words: tuple[str, ...]) -> None:
    make_account(app)
    make_account(app, OTTO, "organiser")
    result = call(app, *words)
    assert result.exit_code == 1
    assert "last active administrator" in result.output


@pytest.mark.parametrize(
    "words", [("disable", "x@y.example"), ("only", ADA, "nothing"), ("password", "x@y.example")]
)
def test_unknown_account_or_event_is_one_line(app: Flask, words: tuple[str, ...]) -> None:
    make_account(app)
    result = call(app, *words)
    assert (result.exit_code, len(result.output.splitlines())) == (1, 1)


def test_password_is_set_from_standard_input(app: Flask) -> None:
    number = make_account(app)
    before = stored_account(app, number)
    result = call(app, "password", ADA, "--password-stdin", typed="drei blaue Fahrräder\n")
    assert (result.exit_code, result.output) == (0, f"{ADA} has a new password.\n")
    after = stored_account(app, number)
    assert after.password != before.password
    assert after.fs_uniquifier != before.fs_uniquifier


@pytest.mark.parametrize("password", ["kurz", "Password1234!", "ada@example.org"])
def test_weak_password_is_refused(app: Flask, password: str) -> None:
    make_account(app)
    for words in (("password", ADA), ("add", OTTO, "--role", "viewer", "--name", "Ada Example")):
        result = call(app, *words, "--password-stdin", typed=f"{password}\n")
        assert result.exit_code == 1
        assert "password" in result.output
    assert OTTO not in call(app, "list").output
