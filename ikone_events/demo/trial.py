"""`ikone-events demo`: everything in one process and a temporary folder."""

import secrets
import tempfile
from datetime import UTC, date
from pathlib import Path

import click

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.demo.catcher import Catcher
from ikone_events.demo.day import add_day
from ikone_events.demo.pages import Trial, TrialClock
from ikone_events.demo.rooms import ROOMS
from ikone_events.demo.round_table import add_round_table
from ikone_events.demo.story import Story, folder, make_story
from ikone_events.domain.operating.dataset import read_dataset
from ikone_events.domain.times import moment_mail
from ikone_events.services.accounts.organisers import NewOrganiser, add
from ikone_events.services.operating.identity import close_setup, save_identity
from ikone_events.services.operating.loading import store_dataset
from ikone_events.store.db import transaction
from ikone_events.store.operating.schema import migrate
from ikone_events.worker.server import serve

# Invented people of the demo data; the password is printed and worth nothing.
PASSWORD = "workshop-2021"  # noqa: S105 - of a throw-away installation on loopback
LOGINS = (
    NewOrganiser(
        email="koordination@example.org", role="admin", name="Wilma Organisaria", password=PASSWORD
    ),
    NewOrganiser(
        email="redaktion@example.org", role="organiser", name="Bruno Terminius", password=PASSWORD
    ),
    NewOrganiser(
        email="leitung@example.org", role="viewer", name="Lea Einsichtia", password=PASSWORD
    ),
)
_ABOUT_US = {
    "organisation": "IKONE DS",
    "accent": "",
    "address": "IKONE DS, Beispielplatz 1, 67653 Kaiserslautern (Demo)",
    "privacy_contact": "datenschutz@example.org",
}


def run_trial(*, host: str, port: int, scenario: str) -> None:
    """Create a new installation, print its address, serve until stopped, then delete it."""
    story = make_story(scenario, today=date.today())  # noqa: DTZ011 - the week on the user's own clock
    clock = TrialClock(story.begins.astimezone(UTC))
    catcher = Catcher(clock, story.undeliverable)
    with tempfile.TemporaryDirectory(prefix="ikone-demo-") as name:
        settings = _settings(Path(name), host=host, port=port, smtp_port=catcher.start())
        app = create_app(settings, clock=clock, more_pages=Trial(clock, catcher).register)
        with app.app_context():
            migrate()
            _fill(story, clock)
            with transaction():
                helper = add_day(story, actor=LOGINS[0].name, password=PASSWORD)
                add_round_table(story, actor=LOGINS[0].name)
        try:
            serve(
                app, host=host, port=port, ready=lambda: _print_addresses(settings, story, helper)
            )
        finally:
            catcher.stop()


def _settings(data_dir: Path, *, host: str, port: int, smtp_port: int) -> Settings:
    shown = "localhost" if host in ("127.0.0.1", "0.0.0.0") else host  # noqa: S104 - compared
    return Settings(
        secret_key=secrets.token_urlsafe(48),
        base_url=f"http://{shown}:{port}",
        data_dir=data_dir,
        smtp_url=f"smtp://127.0.0.1:{smtp_port}?tls=none",
        mail_from="termine@ikone.example",
        mail_per_minute=6000,
        tick_seconds=5,
        backup_days=0,
        # The video service of the trial is a page of its own (demo/rooms.py).
        jitsi_url=f"http://{shown}:{port}{ROOMS}",
        jitsi_app_id="ikone-trial",
        jitsi_secret=secrets.token_urlsafe(48),
        outgoing_hosts=(shown,),
    )


def _fill(story: Story, clock: TrialClock) -> None:
    with transaction():
        dataset = read_dataset(story.data)
        store_dataset(dataset, folder=folder(), actor="demo", now=clock())
        save_identity(_ABOUT_US, seen=0)  # no variables: then they can be changed in the browser
        close_setup(now=clock())
        for login in LOGINS:
            add(login, now=clock())


def _print_addresses(settings: Settings, story: Story, helper: str) -> None:
    url = settings.base_url
    begins = moment_mail(story.begins, locale="en", zone=settings.timezone)
    click.echo(
        f"\nIkone Events, a trial with invented data. It is {begins}.\n\n"
        f"  Public pages   {url}/\n"
        f"  Organisers     {url}/organise/\n"
        f"  Caught mail    {url}/demo/\n\n"
        f"  Logins         {LOGINS[0].email} (admin), {LOGINS[1].email} (organiser),\n"
        f"                 {LOGINS[2].email} (viewer),\n"
        f"                 {helper} (door); password: {PASSWORD}\n\n"
        "Stop with Ctrl+C; everything is thrown away then.\n"
    )
