"""Organisers from the shell."""

import sys

import click
from flask.cli import AppGroup

from ikone_events.commands.saying import fail, lines_of, with_tables
from ikone_events.domain.refusals import Refusal
from ikone_events.services.accounts.organisers import NewOrganiser, add
from ikone_events.services.installation import now
from ikone_events.store.db import transaction

organiser = AppGroup("organiser", help="The people who work here.")


@organiser.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(["admin", "organiser", "viewer"]), required=True)
@click.option("--name", default="")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--only", multiple=True, metavar="SLUG", help="Limit them to these events.")
@with_tables
def add_organiser(
    email: str, role: str, name: str, password_stdin: bool, only: tuple[str, ...]
) -> None:
    """Let somebody sign in."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    new = NewOrganiser(email=email, role=role, name=name, password=password, only=only)
    try:
        with transaction():
            add(new, now=now())
    except Refusal as refusal:
        fail(lines_of(refusal))
    click.echo(f"{email} can sign in as {role}.")
