"""Rate limits and spared hooks belong to one application, however many a process makes."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask_login import LoginManager

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.web.shell.login import drop_unused_hooks
from tests.factories import make_settings

TOKEN = "Zm9yIG5vYm9keSBhdCBhbGw"


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    return make_settings(data_dir, rate_limits=True)


def press(app: Flask, count: int) -> list[int]:
    """Posts to a page that allows sixty a minute."""
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    return [client.post(f"/r/{TOKEN}/confirm").status_code for _ in range(count)]


def test_second_application_leaves_the_limits_of_the_first(app: Flask, settings: Settings) -> None:
    other = replace(settings, data_dir=settings.data_dir / "other", rate_limits=False)
    free = create_app(other)

    assert 429 in press(app, 61)
    assert 429 not in press(free, 61)


def test_applications_count_apart(app: Flask, settings: Settings) -> None:
    second = create_app(replace(settings, data_dir=settings.data_dir / "other"))

    assert press(app, 61)[-1] == 429
    assert press(second, 1) != [429]


def test_hook_that_cannot_be_taken_out_stops_the_start(app: Flask) -> None:
    """A new version of a library that hooks in otherwise must not cost every visitor unnoticed."""
    with pytest.raises(RuntimeError, match="no hook"):
        drop_unused_hooks(app)


def test_hooks_of_others_stay(app: Flask, settings: Settings) -> None:
    """Whoever adds pages may use the same libraries."""
    own = LoginManager()

    def with_login(application: Flask) -> None:
        own.init_app(application, add_context_processor=False)

    made = create_app(
        replace(settings, data_dir=settings.data_dir / "other"), more_pages=with_login
    )
    assert own._update_remember_cookie in made.after_request_funcs[None]
