"""One application for many tests: built once a process, as good as new before each of them.

Building costs 20 ms, and a new engine compiles every statement anew; setting back costs 3 ms.
A test that wants an application of its own says so with settings of its own (`tmp_path / "data"`).
"""

import math
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine as Pooled
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.services.installation import Clock, Installation
from ikone_events.store.db import db
from ikone_events.store.write_trial import WriteTrial
from ikone_events.web.shell.limit_counters import TableCounters
from ikone_events.web.shell.limits import RateLimits
from ikone_events.web.shell.page_cache import PageCache
from ikone_events.web.shell.security_events import FloodFilter
from ikone_events.worker.engine import Engine
from tests.factories import FixedClock, make_settings

_STATEMENTS = 5_000  # kept compiled; by default 500 for each engine, and tests ask for more
_MOST = 8  # applications kept; the two of a module alternate on both databases


class LentClock:
    """The clock of whichever test has the application."""

    clock: Clock

    def __call__(self) -> datetime:
        return self.clock()


@dataclass
class Kept:
    """An application and what it was like before its first test."""

    app: Flask
    installation: Installation
    clock: LentClock
    config: dict[str, Any]
    extensions: dict[str, Any]
    engine: Any


_kept: dict[Settings, Kept] = {}


def lend(settings: Settings, clock: Clock, templates: FileSystemBytecodeCache) -> Flask:
    """The application of these settings with nothing remembered; its folder is empty."""
    key = _without_mail_servers(settings)
    kept = _kept.pop(key, None) or _build(settings, templates)
    _kept[key] = kept
    while len(_kept) > _MOST:
        _dispose(_kept.pop(next(iter(_kept))))
    app = kept.app
    kept.clock.clock = clock
    app.config.clear()
    app.config.update(kept.config)
    app.extensions.clear()
    app.extensions.update(kept.extensions)
    app.extensions["ikone_installation"] = replace(kept.installation, settings=settings)
    app.extensions["ikone_engine"] = Engine(app, settings)
    app.extensions["ikone_pages"] = PageCache()
    # Shares pool and compiled statements; listeners of a test and what is kept by engine end.
    db._app_engines[app][None] = kept.engine.execution_options()
    app.extensions["ikone_write_trial"] = trial = WriteTrial()
    trial._tried = math.inf  # the number of statements of a page must not depend on the time
    if settings.rate_limits:  # else nothing is counted; each counter starts a thread
        app.extensions["ikone_limits"] = RateLimits(enabled=True)
    app.extensions["ikone_floods"] = FloodFilter()
    return app


def give_back(app: Flask) -> None:
    """Close all connections, so that the folder can be emptied."""
    shared = getattr(app.extensions["ikone_limits"]._counters, "_shared", None)
    if isinstance(shared, TableCounters):
        shared._table.engine.dispose()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def empty_folder(folder: Path) -> None:
    """Take away what the test before has left."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700)


@contextmanager
def shared_statements() -> Iterator[None]:
    """While it lasts, statements are compiled once for each kind of database, not by each engine.

    Dialects of one kind are alike: all are made by `engine_options`, for servers of one version.
    """
    compiled: defaultdict[str, LRUCache[Any, Any]] = defaultdict(lambda: LRUCache(_STATEMENTS))
    by_kind = property(lambda engine: compiled[engine.dialect.name], lambda _engine, _own: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pooled, "_compiled_cache", by_kind, raising=False)
        patch.setattr(DefaultDialect, "__eq__", lambda one, other: type(one) is type(other))
        patch.setattr(DefaultDialect, "__hash__", lambda dialect: hash(type(dialect)))
        yield


@contextmanager
def own_app(folder: Path, clock: Clock | None = None, **changes: Any) -> Iterator[Flask]:
    """An installation of a test's own with empty tables, whose worker nobody wakes."""
    app = create_app(make_settings(folder, **changes), clock=clock or FixedClock())
    app.extensions["ikone_wake"] = lambda: None
    with app.app_context():
        db.create_all()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def build(settings: Settings, clock: Clock, templates: FileSystemBytecodeCache) -> Flask:
    """An application as tests want it: nobody works in the background.

    A test that wants a mail sent calls the engine itself.
    """
    app = create_app(settings, clock=clock, session_clock=clock)
    app.testing = True
    app.jinja_env.bytecode_cache = templates
    app.extensions["ikone_wake"] = lambda: None
    return app


def _build(settings: Settings, templates: FileSystemBytecodeCache) -> Kept:
    clock = LentClock()
    app = build(settings, clock, templates)
    with app.app_context():
        engine = db.engine
    installation = app.extensions["ikone_installation"]
    return Kept(app, installation, clock, dict(app.config), dict(app.extensions), engine)


def _without_mail_servers(settings: Settings) -> Settings:
    """Mail servers of tests have other ports each time; only installation and engine know them."""
    imap_url = "imap://127.0.0.1:143" if settings.imap_url else ""
    return replace(settings, smtp_url="smtp://127.0.0.1:25", imap_url=imap_url)


def _dispose(kept: Kept) -> None:
    kept.engine.dispose()
