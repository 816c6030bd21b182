"""Installations with data, made by the services."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from click.testing import Result
from flask import Flask

from ikone_events.domain.events.draft import EventDraft
from ikone_events.domain.events.lifecycle import Action
from ikone_events.services.events.editing import create_event
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.registering.registrations import Applicant, register
from ikone_events.store.db import transaction
from tests.factories import NOW

STARTS_AT = NOW + timedelta(days=14)


def call(app: Flask, *words: str, typed: str | None = None) -> Result:
    """A command as a shell calls it."""
    return app.test_cli_runner().invoke(args=list(words), input=typed)


def restore(app: Flask, file: Path) -> str:
    """Restore a backup into the installation; returns what the command says."""
    result = call(app, "restore", str(file), "--force")
    assert result.exit_code == 0, result.output
    return result.output


def draft(title: str, **values: Any) -> EventDraft:
    """An online workshop in two weeks."""
    defaults: dict[str, Any] = {
        "title": title,
        "summary": "Kurz gesagt.",
        "starts_at": STARTS_AT,
        "ends_at": STARTS_AT + timedelta(hours=2),
        "room_url": "https://video.example.org/raum",
        "contact_email": "jutta.beispiel@example.org",
    }
    return EventDraft(**{**defaults, **values})


def lay_event(app: Flask, slug: str, **values: Any) -> None:
    """An event that takes registrations, with the history of one."""
    with app.app_context():
        with transaction():
            event = create_event(draft(slug.title(), **values), actor="test", now=NOW)
            assert event.slug == slug
        for action in (Action.ANNOUNCE, Action.OPEN):
            with transaction():
                perform(slug, Request(action=action, actor="test"), now=NOW)


def sign_up(app: Flask, slug: str, name: str) -> str:
    """Register a person; returns the status."""
    applicant = Applicant(
        first_name=name.title(),
        last_name="Muster",
        email=f"{name}@example.org",
        organisation="Stadt Trier",
        locale="de",
    )
    with app.app_context(), transaction():
        return register(slug, applicant, now=NOW).value
