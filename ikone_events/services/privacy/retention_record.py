"""Signed records of what retention has deleted, for the data protection officer.

Each contains the hash of the one before it, so none can be changed or taken out unnoticed, and a
signature by a key that is derived from `IKONE_SECRET_KEY`. They contain numbers and short names of
events, never a person.
"""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ikone_events import __version__
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.services.installation import get_installation
from ikone_events.services.installation import now as present
from ikone_events.services.privacy.out_of_reach import out_of_reach
from ikone_events.store.db import db
from ikone_events.store.erasing import Erased, counted
from ikone_events.store.operating.retention_records import (
    RetentionRecord,
    find_record,
    lock_last_record,
    records_after,
)
from ikone_events.store.operating.schema import versions

# Who deletes: the worker, the command, a file that is loaded.
WORKER, COMMAND, LOADING = "system", "retention", "load"
NAMELESS = frozenset({WORKER, COMMAND, LOADING})
FORMAT = "ikone-events.retention-record.v1"


@dataclass(slots=True)
class Deleted:
    """What is deleted in one go, by event; the record counts rows by table."""

    events: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def recording(*, by: str, as_of: datetime) -> Iterator[Deleted]:
    """Count what is deleted meanwhile; if it is anything, store a record in the transaction.

    `by` is the actor; one who has a name is an organiser.
    """
    deleted = Deleted()
    with counted() as erased:
        yield deleted
        db.session.flush()
    if erased:
        _store(deleted, erased, by=by if by in NAMELESS else "organiser", as_of=as_of)


def _store(deleted: Deleted, erased: Erased, *, by: str, as_of: datetime) -> None:
    last, moment = lock_last_record(), present()
    number = last.number + 1 if last else 1
    content = json.dumps(
        {
            "format": FORMAT,
            "number": number,
            "made_at": moment.isoformat(),
            "as_of": as_of.isoformat(),
            "by": by,
            "installation": get_installation().settings.base_url,
            "program": __version__,
            "schema": versions()[-1],
            "events": deleted.events,
            "rows": _by_table(erased),
            "out_of_reach": [
                {
                    "copy": each.copy.value,
                    "newest": each.newest.isoformat() if each.newest else None,
                    "gone_on": each.gone_on.isoformat() if each.gone_on else None,
                    "number": each.number,
                }
                for each in out_of_reach(moment)
            ],
            "former_hash": last.hash if last else "",
        },
        ensure_ascii=False,
        sort_keys=True,
    )
    digest = _hash(content)
    record = RetentionRecord(
        number=number, made_at=moment, content=content, hash=digest, signature=_sign(digest)
    )
    db.session.add(record)
    db.session.flush()


def rows_in_records(after: int) -> Counter[str]:
    """How many rows of each table were deleted or emptied by the records after a number."""
    rows: Counter[str] = Counter()
    for record in records_after(after):
        for table, numbers in json.loads(record.content)["rows"].items():
            rows[table] += sum(numbers.values())
    return rows


def _by_table(erased: Erased) -> dict[str, dict[str, int]]:
    rows: dict[str, dict[str, int]] = {}
    for (table, what), number in sorted(erased.items()):
        rows.setdefault(table, {})[what] = number
    return rows


def _hash(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def _sign(digest: str) -> str:
    secret = get_installation().settings.secret_key.encode()
    key = hmac.new(secret, FORMAT.encode(), hashlib.sha256).digest()
    return hmac.new(key, digest.encode(), hashlib.sha256).hexdigest()


def as_file(records: list[RetentionRecord]) -> str:
    """Records as JSON that `check_file` reads; `content` is the text that was hashed."""
    rows = [
        {
            "content": record.content,
            "hash": record.hash,
            "signature": record.signature,
            "record": json.loads(record.content),
        }
        for record in records
    ]
    return json.dumps({"format": FORMAT, "records": rows}, ensure_ascii=False, indent=1)


@dataclass(frozen=True, slots=True)
class CheckedRecord:
    """A record of a file, and the complaint about it, if there is one."""

    number: int
    complaint: Complaint | None


def check_file(text: str) -> list[CheckedRecord]:
    """Check each record of a file. Raises UnfitInput if it is none."""
    try:
        data = json.loads(text)
        rows = [_row_of(row) for row in data["records"]]
        if data["format"] != FORMAT or not rows:
            raise ValueError
    except (ValueError, TypeError, KeyError) as fault:
        raise UnfitInput(Complaint(N_("This is no file with records of retention."))) from fault
    return [CheckedRecord(number, _complaint(number, row)) for number, row in rows]


def _row_of(row: Mapping[str, Any]) -> tuple[int, Mapping[str, Any]]:
    content = json.loads(row["content"])
    if content != row["record"]:
        raise ValueError
    signed = {name: str(row[name]) for name in ("content", "hash", "signature")}
    return int(content["number"]), signed


def _complaint(number: int, row: Mapping[str, Any]) -> Complaint | None:
    if _hash(row["content"]) != row["hash"]:
        return Complaint(N_("The record was changed: its hash is another one."))
    if not hmac.compare_digest(_sign(row["hash"]), row["signature"]):
        text = N_("The signature is not by this installation and its present secret key.")
        return Complaint(text)
    stored = find_record(number)
    if stored is None:
        return Complaint(N_("It is signed, but the installation has no record of this number."))
    if stored.hash != row["hash"]:
        return Complaint(
            N_("It is signed, but the installation has another record with its number.")
        )
    return None


def broken_records() -> Iterator[str]:
    """What is wrong with the chain of stored records."""
    former = ""
    for expected, record in enumerate(records_after(0), start=1):
        if record.number != expected or json.loads(record.content)["former_hash"] != former:
            yield f"retention: record {record.number} does not follow the one before it"
            return
        if _hash(record.content) != record.hash:
            yield f"retention: record {record.number} was changed"
        former = record.hash
