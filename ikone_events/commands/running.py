"""Running the trial, the server and the worker."""

import click
from flask import current_app
from flask.cli import with_appcontext

from ikone_events.commands.common import fail, log_to_stderr, reporting_outages, with_tables
from ikone_events.store.operating.first_start import SchemaError
from ikone_events.store.operating.schema import require_current
from ikone_events.worker.engine import Engine
from ikone_events.worker.server import CannotListenError, wait_for_stop
from ikone_events.worker.server import serve as run


@click.command()
@click.option("--port", default=8000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--scenario", type=click.Choice(["monday", "after", "summer"]), default="monday")
def demo(port: int, host: str, scenario: str) -> None:
    """Start a throw-away installation with demo data, a worker and a local mail catcher."""
    from ikone_events.demo.trial import run_trial  # noqa: PLC0415 - it builds the app around us

    log_to_stderr()
    try:
        run_trial(host=host, port=port, scenario=scenario)
    except CannotListenError as fault:
        fail(str(fault))


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--no-worker", is_flag=True, help="Serve pages only; a worker runs elsewhere.")
@with_appcontext
@with_tables
def serve(host: str, port: int, no_worker: bool) -> None:
    """Migrate the database, then serve pages and send e-mails."""
    log_to_stderr()
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001

    def ready() -> None:
        click.echo(f"Ikone Events is at http://{host}:{port}")

    try:
        run(app, host=host, port=port, ready=ready, worker=not no_worker)
    except CannotListenError as fault:
        fail(str(fault))


@click.command()
@click.option("--once", is_flag=True, help="Do what is due, then exit (for cron).")
@with_appcontext
def worker(once: bool) -> None:
    """Send due e-mails and read the mailbox. PostgreSQL allows any number of workers."""
    log_to_stderr()
    engine: Engine = current_app.extensions["ikone_engine"]
    with reporting_outages():
        try:
            require_current()
        except SchemaError as fault:
            fail(str(fault))
        if once:
            click.echo(f"{engine.run_once()} e-mails sent.")
            return
    engine.start()
    wait_for_stop()
    engine.stop()
