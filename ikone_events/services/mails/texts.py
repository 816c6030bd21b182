"""Edited texts of mails: find the one in force, save one, go back to the standard text.

For each language the text of the event comes first, then its series', then the installation's.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.exc import IntegrityError

from ikone_events.domain.mails.edited_text import EditedText, check_text
from ikone_events.domain.mails.kinds import FOLLOW_UPS, MailKind
from ikone_events.domain.refusals import N_, Complaint, StaleForm, UnfitInput
from ikone_events.domain.typed_links import links_in
from ikone_events.domain.words import LOCALES
from ikone_events.services.installation import get_installation
from ikone_events.store.db import db, for_update, rows_written
from ikone_events.store.events.models import Event
from ikone_events.store.events.snapshots import derived
from ikone_events.store.mails.models import MailText

INSTALLATION = "installation"
NO_TEXT = EditedText("", "")

# Built once, since every registration runs it.
_NEAREST = select(MailText.scope, MailText.subject, MailText.body).where(
    MailText.kind == bindparam("kind"),
    MailText.locale == bindparam("locale"),
    MailText.scope.in_((bindparam("event"), bindparam("series"), bindparam("installation"))),
)


def event_scope(event: Event) -> str:
    """The scope of the texts of one event."""
    return f"event:{event.id}"


def series_scope(series: str) -> str:
    """The scope of the texts of a series."""
    return f"series:{series}"


def scopes_of(event: Event | None) -> tuple[str, ...]:
    """The scopes of an event's texts, the first one counts."""
    if event is None:
        return (INSTALLATION,)
    series = (series_scope(event.series),) if event.series else ()
    return (event_scope(event), *series, INSTALLATION)


def find_text(event: Event | None, kind: str, locale: str) -> EditedText | None:
    """The edited text in force, or None for the standard text."""
    if event is None:
        return _find_text(None, kind, locale)
    return derived(event, ("text", kind, locale), lambda: _find_text(event, kind, locale))


def _find_text(event: Event | None, kind: str, locale: str) -> EditedText | None:
    scopes = scopes_of(event)
    values = {
        "kind": str(kind),
        "locale": locale,
        "event": scopes[0],
        "series": scopes[-2] if len(scopes) > 1 else scopes[0],
        "installation": INSTALLATION,
    }
    found = {row.scope: row for row in db.session.execute(_NEAREST, values)}
    for scope in scopes:
        if scope in found:
            return EditedText(found[scope].subject, found[scope].body)
    return None


def snapshot(event: Event, kind: str) -> str:
    """The texts in force as JSON, so that a mailing has one text; "" for the standard text.

    An organiser's own message has no standard text: a missing language uses the other one.
    """
    texts = {locale: text for locale in LOCALES if (text := find_text(event, kind, locale))}
    if is_own(kind) and texts:
        texts = {locale: texts.get(locale) or next(iter(texts.values())) for locale in LOCALES}
    if kind == MailKind.FOLLOW_UP.value:
        for other in FOLLOW_UPS[1:]:
            for locale in LOCALES:
                if text := find_text(event, other, locale):
                    texts[f"{other}/{locale}"] = text
    if not texts:
        return ""
    kept = {key: {"subject": text.subject, "body": text.body} for key, text in texts.items()}
    return json.dumps(kept, ensure_ascii=False)


def from_snapshot(texts: str, locale: str, kind: str = "") -> EditedText | None:
    """The edited text that a mailing began with, or None for the standard text.

    `kind` is needed for follow-ups, whose mailing has three kinds of mail.
    """
    if not texts:
        return None
    key = f"{kind}/{locale}" if kind in FOLLOW_UPS[1:] else locale
    found = json.loads(texts).get(key)
    return EditedText(found["subject"], found["body"]) if found else None


def is_own(kind: str) -> bool:
    """Whether it is an organiser's own message, named like its step."""
    return kind not in set(MailKind)


@dataclass(frozen=True, slots=True)
class TextChange:
    """A text to be saved in one language.

    `seen` is the `changed_at` of the row that the form showed; None if there was none.
    """

    locale: str
    text: EditedText
    seen: datetime | None = None


def texts_of(scopes: Sequence[str]) -> list[MailText]:
    """All edited texts of some scopes."""
    return list(db.session.scalars(select(MailText).where(MailText.scope.in_(scopes))))


def check_edited(kind: str, text: EditedText, former: EditedText | None) -> None:
    """Raise UnfitInput unless a text can take the place of the former one, whose links stay."""
    hosts = get_installation().settings.link_hosts
    check_text(kind, text, hosts=hosts, kept=links_in(former.body) if former else ())


def save_text(
    scope: str, kind: str, change: TextChange, *, event: Event | None, actor: str, now: datetime
) -> MailText:
    """Store an edited text. Raises UnfitInput, and StaleForm if it has changed meanwhile.

    `event` is the event of the scope; its texts are deleted with it.
    """
    check_edited(kind, change.text, find_text(event, kind, change.locale))
    row = _lock_text(scope, kind, change.locale, seen=change.seen)
    if row is None:
        row = MailText(
            scope=scope, event_id=event.id if event else None, kind=kind, locale=change.locale
        )
    row.subject, row.body = change.text.subject, change.text.body
    row.changed_at, row.changed_by = now, actor
    _store(row)
    return row


def reset_text(scope: str, kind: str, locale: str, *, seen: datetime | None) -> None:
    """Delete the text of this scope. Raises StaleForm if it has changed meanwhile.

    Raises UnfitInput for the German text of an own message, which has no standard text.
    """
    if is_own(kind) and locale == "de":
        text = N_("A message of your own needs its German text; delete the message instead.")
        raise UnfitInput(Complaint(text))
    row = _lock_text(scope, kind, locale, seen=seen)
    if row is not None:
        rows_written(delete(MailText).where(MailText.id == row.id))
        db.session.expunge(row)


def _lock_text(scope: str, kind: str, locale: str, *, seen: datetime | None) -> MailText | None:
    """The row, locked. Raises StaleForm if it is not the one that the form showed."""
    wanted = select(MailText).where(
        MailText.scope == scope, MailText.kind == kind, MailText.locale == locale
    )
    row = db.session.scalar(for_update(wanted, MailText))
    if (row.changed_at if row else None) != seen:
        raise _stale(row.changed_by if row else "")
    return row


def _store(row: MailText) -> None:
    """Of two people who create the same text at once, the second gets StaleForm."""
    db.session.add(row)
    try:
        db.session.flush()
    except IntegrityError as fault:
        raise _stale("") from fault


def _stale(who: str) -> StaleForm:
    if who:
        text = N_("%(name)s has changed this text in the meantime.")
        return StaleForm(Complaint(text, {"name": who}))
    return StaleForm(Complaint(N_("This text has been changed in the meantime.")))
