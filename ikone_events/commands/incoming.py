"""What the reader of the mailbox makes of a mail."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from ikone_events.domain.incoming.mails import (
    Absence,
    Bounce,
    CalendarAnswer,
    Damaged,
    Incoming,
    IncomingKind,
    ReturnedMail,
)
from ikone_events.mail.receiving import receive


@click.group()
def incoming() -> None:
    """Received mails."""


@incoming.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
def read(files: tuple[Path, ...]) -> None:
    """Show what FILES (one mail each) are, as one JSON line per file; changes nothing."""
    for path in files:
        found = receive(path.read_bytes(), received_at=datetime.now(UTC))
        click.echo(json.dumps({"file": str(path), **_described(found)}, ensure_ascii=False))


def _described(found: Incoming | None) -> dict[str, object]:
    """Kind, status (PARTSTAT of an answer, enhanced code of a bounce) and what follows from it."""
    kind, status, attendee, comment = "none", "", "", ""
    match found:
        case CalendarAnswer():
            kind, status = IncomingKind.ANSWER.value, found.partstat
            attendee, comment = found.attendee, found.comment
        case Bounce():
            kind, status = IncomingKind.BOUNCE.value, found.code
            attendee, comment = found.recipient, found.words
        case Absence():
            kind, attendee, comment = IncomingKind.ABSENCE.value, found.envelope.sender, found.words
        case ReturnedMail():
            kind, comment = IncomingKind.LOOK.value, found.words
        case Damaged():
            kind, comment = IncomingKind.DAMAGED.value, found.fault
    return {
        "kind": kind,
        "status": status,
        "lost": isinstance(found, Bounce) and found.lost,
        "marks_address": isinstance(found, Bounce) and found.marks_address,
        "attendee": attendee,
        "comment": comment,
    }
