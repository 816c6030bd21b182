"""Organisers' accounts from the shell."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask.cli import AppGroup

from ikone_events.commands.common import fail, lines_of, with_tables
from ikone_events.domain.account_roles import AccountRole
from ikone_events.domain.refusals import Refusal
from ikone_events.domain.times import moment_utc
from ikone_events.services.accounts import changes
from ikone_events.services.accounts.organisers import (
    NewOrganiser,
    add,
    get_account_of,
    hash_new_password,
)
from ikone_events.services.accounts.security_log import SecurityEvent, log_security
from ikone_events.services.installation import now
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.accounts.queries import all_accounts
from ikone_events.store.db import transaction
from ikone_events.store.events.queries import events_of

_ROLES = click.Choice([role.value for role in AccountRole])
_STDIN = click.option("--password-stdin", is_flag=True, help="Read it from standard input.")

organiser = AppGroup("organiser", help="Organisers' accounts.")


@organiser.command("add")
@click.argument("email")
@click.option("--role", type=_ROLES, required=True)
@click.option("--name", default="")
@click.option("--only", multiple=True, metavar="SLUG", help="Limit the account to these events.")
@_STDIN
@with_tables
def add_organiser(
    email: str, role: str, name: str, password_stdin: bool, only: tuple[str, ...]
) -> None:
    """Create an organiser's account."""
    password = _password(from_stdin=password_stdin)
    new = NewOrganiser(email=email, role=role, name=name, password=password, only=only)
    with _refusals(), transaction():
        account = add(new, now=now())
    _note(SecurityEvent.ACCOUNT_ADDED, account, role=role)
    click.echo(f"{email} can sign in as {role}.")


@organiser.command("list")
@with_tables
def list_organisers() -> None:
    """List all accounts: address, role, events, status, last login."""
    for account in all_accounts():
        click.echo("\t".join((account.email, account.role, *_columns(account))))


@organiser.command("disable")
@click.argument("email")
@with_tables
def disable_organiser(email: str) -> None:
    """Disable an account; its sessions end at once."""
    with _refusals(), transaction():
        account = changes.set_active(get_account_of(email).id, active=False)
    _note(SecurityEvent.ACCOUNT_CHANGED, account, active="no")
    click.echo(f"{account.email} can't sign in any more.")


@organiser.command("enable")
@click.argument("email")
@with_tables
def enable_organiser(email: str) -> None:
    """Enable a disabled account."""
    with _refusals(), transaction():
        account = changes.set_active(get_account_of(email).id, active=True)
    _note(SecurityEvent.ACCOUNT_CHANGED, account, active="yes")
    click.echo(f"{account.email} can sign in again.")


@organiser.command("role")
@click.argument("email")
@click.argument("role", type=_ROLES)
@with_tables
def change_role(email: str, role: str) -> None:
    """Change the role of an account; its sessions end at once."""
    with _refusals(), transaction():
        account = changes.set_role(get_account_of(email).id, role)
    _note(SecurityEvent.ACCOUNT_CHANGED, account, role=role)
    click.echo(f"{account.email} has the role {role}.")


@organiser.command("only")
@click.argument("email")
@click.argument("slugs", nargs=-1, metavar="[SLUG …]")
@with_tables
def limit_organiser(email: str, slugs: tuple[str, ...]) -> None:
    """Limit an account to events; without events it sees all. Its sessions end at once."""
    with _refusals(), transaction():
        account = changes.set_events(get_account_of(email).id, slugs)
    _note(SecurityEvent.ACCOUNT_CHANGED, account, events=len(slugs))
    click.echo(f"{account.email} sees {', '.join(slugs) if slugs else 'all events'}.")


@organiser.command("password")
@click.argument("email")
@_STDIN
@with_tables
def change_password(email: str, password_stdin: bool) -> None:
    """Set a new password; sessions and mailed links end at once."""
    with _refusals():
        account = get_account_of(email)
        password = _password(from_stdin=password_stdin)
        hashed = hash_new_password(password, email=account.email, name=account.name)
        with transaction():
            account = changes.set_password(account.id, hashed)
    _note(SecurityEvent.PASSWORD_CHANGED, account, by="shell")
    click.echo(f"{account.email} has a new password.")


@contextmanager
def _refusals() -> Iterator[None]:
    """Print the complaints of a refusal and exit with status 1."""
    try:
        yield
    except Refusal as refusal:
        fail(lines_of(refusal))


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed


def _columns(account: Organiser) -> Iterator[str]:
    slugs = () if account.sees_all else (event.slug for event in events_of(account))
    yield "all events" if account.sees_all else ", ".join(slugs) or "no event"
    invited = "active" if account.password else "invited"
    yield invited if account.active else "disabled"
    yield moment_utc(account.signed_in_at) if account.signed_in_at else "never"


def _note(event: SecurityEvent, account: Organiser, **details: str | int) -> None:
    log_security(event, account=None, network=None, about=account.id, **details)
