"""The page of retention: what is deleted next, and the records of what was deleted."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask import Response, abort, render_template

from ikone_events.domain.refusals import N_
from ikone_events.services.installation import now
from ikone_events.services.privacy.due_deletions import (
    due_besides,
    due_events,
    next_due,
    table_label,
)
from ikone_events.services.privacy.out_of_reach import Copy
from ikone_events.services.privacy.restored_people import find_returned
from ikone_events.services.privacy.retention_record import COMMAND, LOADING, WORKER, as_file
from ikone_events.store.operating.retention_records import (
    RetentionRecord,
    find_record,
    newest_records,
)
from ikone_events.web.organiser.frame import blueprint, download
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _

# So many records are listed, and so many coming ends of retention.
MOST_RECORDS, MOST_COMING = 50, 10
_BY = {
    WORKER: N_("by the program itself"),
    COMMAND: N_("by the command “retention”"),
    LOADING: N_("when a file was loaded"),
    "organiser": N_("by an organiser"),
}
COPY_LABELS: Mapping[Copy, tuple[str, str]] = {
    Copy.BACKUPS: (
        N_("Backups"),
        N_("Whoever runs the server deletes them, or the backup command by its number."),
    ),
    Copy.BEFORE_RESTORE: (
        N_("Former installations that restores moved away"),
        N_("They lie in the data folder as “before-restore-…”; delete them by hand."),
    ),
    Copy.UPLOADS: (
        N_("Files of uploads that nobody released"),
        N_("The program deletes them within a day."),
    ),
    Copy.DATABASE_FILES: (
        N_("Files of the PostgreSQL server"),
        N_("Deleted rows stay in them until autovacuum and new rows overwrite them."),
    ),
    Copy.REPLICAS: (
        N_("Replicas and snapshots of the server"),
        N_("Their operator knows how long they are kept."),
    ),
    Copy.MAILBOXES: (
        N_("E-mails in mailboxes"),
        N_("Whoever received them deletes them."),
    ),
    Copy.CALENDARS: (
        N_("Entries in calendars"),
        N_("They name the event and its own reader, nobody else."),
    ),
    Copy.EXPORTS: (
        N_("Lists that were exported"),
        N_("Whoever saved one has to delete it; the security log tells who did."),
    ),
    Copy.SERVER_LOGS: (
        N_("Logs of the web server and the mail server"),
        N_("Their operator sets how long they are kept."),
    ),
}


@blueprint.get("/settings/retention")
@permission(Permission.EDIT_SETTINGS)
def retention() -> str:
    """Show what is due, what comes next, and the records."""
    moment = now()
    return render_template(
        "organiser/settings/retention.html",
        due=due_events(moment),
        besides=due_besides(moment),
        coming=next_due(moment, MOST_COMING),
        returned=len(find_returned()),
        records=[_read(record) for record in newest_records(MOST_RECORDS)],
        most=MOST_RECORDS,
        table_label=lambda name: _(table_label(name)),
    )


@blueprint.get("/settings/retention/<int(max=2147483647):number>")
@permission(Permission.EDIT_SETTINGS)
def retention_record(number: int) -> str:
    """Show a record for the data protection officer, to be printed."""
    return render_template(
        "organiser/settings/retention_record.html",
        record=_read(_get(number)),
        copies=COPY_LABELS,
        table_label=lambda name: _(table_label(name)),
    )


@blueprint.get("/settings/retention/<int(max=2147483647):number>.json")
@permission(Permission.EDIT_SETTINGS)
def retention_file(number: int) -> Response:
    """Send a record as the file that `retention --check` reads."""
    text = as_file([_get(number)])
    return download(text, "application/json", f"retention-{number}.json")


def _get(number: int) -> RetentionRecord:
    record = find_record(number)
    if record is None:
        abort(404)
    return record


def _read(record: RetentionRecord) -> dict[str, Any]:
    """A record as templates print it: moments and days instead of texts."""
    content = json.loads(record.content)
    reach = [
        {**each, "copy": Copy(each["copy"])} | {name: _day(each[name]) for name in _DAYS}
        for each in content["out_of_reach"]
    ]
    events, who = content["events"], _BY[content["by"]]
    return {
        **content,
        "made_at": record.made_at,
        "as_of": datetime.fromisoformat(content["as_of"]),
        "out_of_reach": reach,
        "by_words": _(who),
        "people": sum(each.get("people", 0) for each in events),
        "again": sum(each.get("returned_with_a_backup", 0) for each in events),
        "slugs": [each["event"] for each in events if "event" in each],
        "hash": record.hash,
        "signature": record.signature,
    }


_DAYS = ("newest", "gone_on")


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
