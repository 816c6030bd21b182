"""The outbox: claim a mail with a lease, note what became of it, try again, hold back."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Update,
    bindparam,
    delete,
    exists,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.mail.sending.outcomes import pause_after
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.delivery_log import add_note, add_notes
from ikone_events.store.db import UTCDateTime, ask_for_delivery, db, rows_written
from ikone_events.store.events.models import Event
from ikone_events.store.mails.claims import MailClaim, take_next
from ikone_events.store.mails.models import Mailing, OutboxMail, OutboxPause
from ikone_events.store.registering.models import Registration

MOST_WORDS = 2000

_MINE = (
    (OutboxMail.id == bindparam("mail"))
    & (OutboxMail.tries == bindparam("fence"))
    & (OutboxMail.state == literal_column("'queued'"))
)
# Built once: this one is asked for every mail.
_SENT = (
    update(OutboxMail)
    .where(_MINE)
    .values(
        state="sent",
        sent_at=bindparam("moment", type_=UTCDateTime()),
        lease_until=None,
        answer=bindparam("words"),
    )
)


def claim_next(*, now: datetime, lease: timedelta) -> MailClaim | None:
    """Take the next due mail, single ones before those of mailings; None when there is none.

    A mail that was on its way when its mailing was stopped, and came back, is held back here.
    """
    claim = take_next(now=now, lease=lease)
    while claim is not None and claim.mailing_stopped is not None:
        _note_all(_held(OutboxMail.id == claim.id), "stopped", actor="", now=now)
        claim = take_next(now=now, lease=lease)
    return claim


def mark_sent(claim: MailClaim, *, now: datetime, answer: str) -> bool:
    """Note that the mail server took the mail; False when the lease had passed to another."""
    values = {"mail": claim.id, "fence": claim.tries, "moment": now, "words": answer[:MOST_WORDS]}
    return db.session.connection().execute(_SENT, values).rowcount == 1


def mark_failed(claim: MailClaim, *, now: datetime, answer: str) -> bool:
    """Note that the mail is refused for good, in the server's words."""
    settled = _settle(claim, state="failed", lease_until=None, answer=answer[:MOST_WORDS])
    if settled:
        add_note(claim.id, "failed", now=now, words=answer)
    return settled


def mark_deferred(claim: MailClaim, *, now: datetime, answer: str, about_us: bool = False) -> bool:
    """Put the mail back for a later try, or give up after the last pause.

    With `about_us` the server would have taken no mail: it costs none of the tries, and the
    same words are noted once.
    """
    settings, words = get_installation().settings, answer[:MOST_WORDS]
    spent = claim.tries - claim.tries_before
    seed = f"{claim.id}:{claim.tries}"
    pause = pause_after(0 if about_us else spent, settings.mail_retry, seed=seed)
    if pause is None:
        return mark_failed(claim, now=now, answer=answer)
    before = claim.tries_before + (1 if about_us else 0)
    settled = _settle(
        claim, due_at=now + pause, lease_until=None, answer=words, tries_before=before
    )
    if settled and not (about_us and words == claim.answer):
        add_note(claim.id, "deferred", now=now, words=words)
    return settled


def release(claim: MailClaim) -> bool:
    """Give a claimed mail back untried; another worker may take it at once."""
    return _settle(claim, lease_until=None, tries_before=claim.tries_before + 1)


def _settle(claim: MailClaim, **values: object) -> bool:
    mine = (OutboxMail.id == claim.id) & (OutboxMail.tries == claim.tries)
    settled = update(OutboxMail).where(mine, OutboxMail.state == "queued").values(**values)
    return rows_written(settled) == 1


def mark_bounced(mail_id: int, *, now: datetime, answer: str) -> bool:
    """Note that a mail which a server took came back; False when it has failed or waits again.

    The bounce may be faster than the worker that is sending the mail: then its mark comes too
    late. When the mail was taken stays in its notes.
    """
    wanted = select(OutboxMail).where(OutboxMail.id == mail_id).with_for_update(of=OutboxMail)
    mail = db.session.scalar(wanted.execution_options(populate_existing=True))
    on_its_way = mail is not None and mail.lease_until is not None and mail.lease_until > now
    if mail is None or not (mail.state == "sent" or (mail.state == "queued" and on_its_way)):
        return False
    if mail.sent_at is not None:
        add_note(mail.id, "sent", now=mail.sent_at, words=mail.answer)
    mail.state, mail.answer = "failed", answer[:MOST_WORDS]
    mail.sent_at = mail.lease_until = None
    add_note(mail.id, "bounced", now=now, words=answer)
    db.session.flush()
    return True


def lock_failed(event: Event, mail_id: int) -> OutboxMail:
    """Lock a mail of this event that failed. Raises NotFound."""
    mail = db.session.scalar(
        select(OutboxMail)
        .where(
            OutboxMail.id == mail_id,
            OutboxMail.event_id == event.id,
            OutboxMail.state == "failed",
        )
        .with_for_update(of=OutboxMail)
        .execution_options(populate_existing=True)
    )
    if mail is None:
        raise NotFound(Complaint(N_("There is no such failed e-mail.")))
    return mail


def retry(event: Event, mail_id: int, *, now: datetime, actor: str = "") -> OutboxMail:
    """Send a failed mail of this event again, under its old Message-ID. Raises NotFound."""
    mail = lock_failed(event, mail_id)
    if not mail.message_id:
        raise NotFound(Complaint(N_("There is no such failed e-mail.")))
    return requeue(mail, "retried", now=now, actor=actor)


def requeue(
    mail: OutboxMail, what: str, *, now: datetime, actor: str, words: str = ""
) -> OutboxMail:
    """Let a failed mail leave again, its pauses begun anew, with a note why."""
    mail.state, mail.tries_before, mail.due_at = "queued", mail.tries, now
    mail.lease_until = None
    add_note(mail.id, what, now=now, words=words, actor=actor)
    ask_for_delivery()
    return mail


def retry_all(
    event: Event,
    *,
    now: datetime,
    actor: str = "",
    mailing_id: int | None = None,
    without: Sequence[int] = (),
) -> int:
    """Send every failed mail of this event, or of one mailing, again; returns how many."""
    failed = (OutboxMail.state == "failed") & (OutboxMail.message_id != "")
    if mailing_id is not None:
        failed &= OutboxMail.mailing_id == mailing_id
    again = (
        update(OutboxMail)
        .where(OutboxMail.event_id == event.id, failed, OutboxMail.id.not_in(without))
        .values(state="queued", tries_before=OutboxMail.tries, due_at=now, lease_until=None)
    )
    ask_for_delivery()
    return _note_all(again, "retried", actor=actor, now=now)


def stop(mailing: Mailing, *, actor: str, now: datetime) -> int:
    """Hold back what a mailing has not sent yet; returns how many mails.

    A mail that a worker holds at this moment is on its way and stays so.
    """
    free = or_(OutboxMail.lease_until.is_(None), OutboxMail.lease_until < now)
    held = _held(OutboxMail.mailing_id == mailing.id, OutboxMail.state == "queued", free)
    return _note_all(held, "stopped", actor=actor, now=now)


def resume(mailing: Mailing, *, actor: str, now: datetime) -> int:
    """Send what was held back by `stop` after all; returns how many mails.

    Who withdrew or moved up since has a mail that says so; the old one stays held back.
    """
    changed = select(Registration.id).where(
        Registration.event_id == mailing.event_id,
        Registration.event_lock_version > mailing.event_lock_version,
    )
    newer = aliased(OutboxMail)
    overtaken = exists(
        select(newer.id).where(
            newer.registration_id == OutboxMail.registration_id,
            newer.id > OutboxMail.id,
            newer.calendar_uid != "",
            newer.state.in_(("queued", "sent")),
        )
    )
    waiting = update(OutboxMail).where(
        OutboxMail.mailing_id == mailing.id,
        OutboxMail.state == "stopped",
        or_(OutboxMail.calendar_uid == "", ~overtaken),
        or_(OutboxMail.registration_id.is_(None), OutboxMail.registration_id.not_in(changed)),
    )
    values = {"state": "queued", "due_at": now}
    ask_for_delivery()
    return _note_all(waiting.values(values), "resumed", actor=actor, now=now)


def set_aside(*, before: datetime, words: str, now: datetime) -> int:
    """Do not send what was written before a moment; shown as failed, each can be sent by hand."""
    old = update(OutboxMail).where(OutboxMail.state == "queued", OutboxMail.created_at < before)
    values = {"state": "failed", "lease_until": None, "answer": words}
    return _note_all(old.values(values), "failed", actor="", now=now)


def find_pause() -> OutboxPause | None:
    """Since when and why no mail leaves and no step runs, if so: while this one row exists."""
    return db.session.scalar(select(OutboxPause))


def is_paused() -> bool:
    """Whether the worker has to leave everything as it is."""
    return find_pause() is not None


def end_pause() -> bool:
    """Let mails leave and steps run again; False when nothing was held."""
    ended = rows_written(delete(OutboxPause)) > 0
    ask_for_delivery()
    return ended


def _held(*which: ColumnElement[bool]) -> Update:
    return update(OutboxMail).where(*which).values(state="stopped", lease_until=None)


def _note_all(change: Update, what: str, *, actor: str, now: datetime) -> int:
    """Execute an UPDATE of mails and note it at each one it met."""
    met = change.returning(OutboxMail.id).execution_options(synchronize_session=False)
    mail_ids = list(db.session.scalars(met))
    add_notes(mail_ids, what, actor=actor, now=now)
    return len(mail_ids)
