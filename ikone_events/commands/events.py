"""Events and their lifecycle from the shell."""

from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from ikone_events.commands.common import fail, get_event, lines_of, with_tables
from ikone_events.domain.events.lifecycle import Action, State, offers
from ikone_events.domain.refusals import Refusal
from ikone_events.domain.times import local_to_utc, moment_mail, span_page
from ikone_events.services.accounts.security_log import SecurityEvent, log_security
from ikone_events.services.events.combined_actions import announce_and_open
from ikone_events.services.events.discarding import finish_discarding
from ikone_events.services.events.transitions import Request, facts_of, perform
from ikone_events.services.installation import now
from ikone_events.store.db import transaction
from ikone_events.store.events.queries import all_events
from ikone_events.store.figures.counts import Table, counts_of

GONE = "gone"
_REASON_HELP = (
    "For postpone and cancel; it is mailed to participants."
    " For mark_sent and conclude; it is kept in the history."
)

event = AppGroup("event", help="Events and their lifecycle.")


@event.command("list")
@with_tables
def list_events() -> None:
    """One line per event: date, state, slug, title."""
    for row in all_events():
        click.echo(f"{row.day.isoformat()}  {row.state:<12} {row.slug:<28} {row.title}")


@event.command("show")
@click.argument("slug")
@with_tables
def show_event(slug: str) -> None:
    """Show an event with its figures and possible actions."""
    row = get_event(slug)
    counts = counts_of(row, Table.PEOPLE, Table.ADMINISTRATIONS)
    click.echo(row.title)
    click.echo(span_page(row.starts_at, row.ends_at, zone=row.zone, locale="en"))
    click.echo(f"state: {row.state}")
    click.echo(
        f"registrations: {counts.total}, confirmed: {counts.confirmed}, waiting: {counts.waiting},"
        f" administrations: {counts.administrations}"
    )
    for offer in offers(facts_of(row, now())):
        click.echo(f"{offer.rule.action} -> {offer.rule.target or GONE}")
        for complaint in offer.complaints:
            click.echo(f"  needs: {complaint}")


@event.command("do")
@click.argument("slug")
@click.argument("action")
@click.option("--reason", default="", help=_REASON_HELP)
@click.option("--starts-at", default="", help="For reschedule: local time, 2027-02-09T10:00.")
@click.option("--ends-at", default="", help="For reschedule: local time, 2027-02-09T12:00.")
@click.option("--open", "opens", is_flag=True, help="For announce: open the registration too.")
@with_tables
def do(  # noqa: PLR0917 - click passes them by name
    slug: str, action: str, reason: str, starts_at: str, ends_at: str, opens: bool
) -> None:
    """Carry out an action; a refusal prints all complaints and exits with status 1."""
    if action not in list(Action):
        fail(f"“{action}” is not an action; there are: {', '.join(Action)}.")
    if opens and action != Action.ANNOUNCE:
        fail("--open belongs to “announce”.")
    zone = get_event(slug).zone
    try:
        request = Request(
            action=Action(action),
            actor="shell",
            reason=reason,
            new_starts_at=_moment(starts_at, zone),
            new_ends_at=_moment(ends_at, zone),
        )
        with transaction():
            done = (announce_and_open if opens else perform)(slug, request, now=now())
    except Refusal as refusal:
        fail(lines_of(refusal))
    if done.rule.target is None:
        finish_discarding(done.files)
        log_security(SecurityEvent.EVENT_DISCARDED, slug=slug)
    source = State.DRAFT if opens else done.rule.source
    click.echo(f"{slug}: {source} -> {done.rule.target or GONE}")
    if done.rule.action is Action.RESCHEDULE and done.event.deadline is not None:
        deadline = moment_mail(done.event.deadline, locale="en", zone=zone)
        click.echo(f"registration deadline: {deadline}")


def _moment(text: str, zone: str) -> datetime | None:
    if not text:
        return None
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        fail(f"“{text}” is not a moment like 2027-02-09T10:00.")
    return local.astimezone(UTC) if local.tzinfo else local_to_utc(local, zone)
