"""The outbox: store the outcome of a claimed mail and its log, try again, stop."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Update,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from ikone_events.domain.mails.kinds import DELETED_ONCE_SENT
from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.mail.sending.outcomes import pause_after
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.delivery_log import MOST_WORDS, add_note, add_notes
from ikone_events.services.mails.mail_server import try_at_once
from ikone_events.store.damage import mend, report
from ikone_events.store.db import UTCDateTime, db, for_update, rows_written
from ikone_events.store.events.models import Event
from ikone_events.store.mails.claims import LINKS_REPLACED, MailClaim
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.registering.models import Registration

# In the log of a mail whose row could not be read.
DAMAGED = "damaged"
_IS_QUEUED = OutboxMail.state == literal_column("'queued'")

_IS_MINE = (
    (OutboxMail.id == bindparam("mail"))
    & (OutboxMail.tries == bindparam("fence"))
    & (OutboxMail.lease_until == bindparam("lease", type_=UTCDateTime()))
    & (OutboxMail.state == literal_column("'queued'"))
)
# Built once, since every mail runs it.
_SENT = (
    update(OutboxMail)
    .where(_IS_MINE)
    .values(
        state="sent",
        sent_at=bindparam("moment", type_=UTCDateTime()),
        lease_until=None,
        answer=bindparam("words"),
    )
)


def stop_hindered(claim: MailClaim, *, now: datetime) -> bool:
    """Stop a claimed mail whose mailing was stopped or whose links were replaced; else False."""
    if not claim.hindrance:
        return False
    mine = OutboxMail.id == claim.id, OutboxMail.tries == claim.tries
    _note_all(_stopping(*mine, _IS_QUEUED), claim.hindrance, actor="", now=now)
    return True


def fail_damaged(mail_id: int, *, now: datetime) -> bool:
    """Mark a mail as failed if its row is damaged; False if it is not.

    What can be read of it is kept. It is not sent again as it is: it has no Message-ID any more.
    """
    if not (names := mend(OutboxMail, mail_id, now=now)):
        return False
    words = f"The stored e-mail is damaged ({', '.join(names)}); it was not sent."
    values = {"state": "failed", "lease_until": None, "message_id": "", "answer": words}
    rows_written(update(OutboxMail).where(OutboxMail.id == mail_id).values(values))
    add_note(mail_id, DAMAGED, now=now, words=words)
    report(f"e-mail {mail_id} is damaged and was not sent")
    return True


def mark_sent(sent: Sequence[tuple[MailClaim, str]], *, now: datetime) -> int:
    """Store that mails were accepted, with the server's answers; returns how many.

    Those that another worker has claimed since are left to it.
    """
    values = [
        {
            "mail": claim.id,
            "fence": claim.tries,
            "lease": claim.lease_until,
            "moment": now,
            "words": answer[:MOST_WORDS],
        }
        for claim, answer in sent
    ]
    settled = db.session.connection().execute(_SENT, values).rowcount
    for claim, _answer in sent:
        _drop_text(claim.id, claim.kind)
    return settled


def mark_failed(claim: MailClaim, *, now: datetime, answer: str) -> bool:
    """Store that the mail was rejected, with the server's answer."""
    settled = _settle(claim, state="failed", lease_until=None, answer=answer[:MOST_WORDS])
    if settled:
        add_note(claim.id, "failed", now=now, words=answer)
        _drop_text(claim.id, claim.kind)
    return settled


def mark_deferred(claim: MailClaim, *, now: datetime, answer: str) -> bool:
    """Defer the mail, or mark it as failed after the last pause."""
    spent, seed = claim.tries - claim.tries_before, f"{claim.id}:{claim.tries}"
    pause = pause_after(spent, get_installation().settings.mail_retry, seed=seed)
    if pause is None:
        return mark_failed(claim, now=now, answer=answer)
    words = answer[:MOST_WORDS]
    settled = _settle(claim, due_at=now + pause, lease_until=None, answer=words)
    if settled:
        add_note(claim.id, "deferred", now=now, words=words)
    return settled


def mark_untried(claim: MailClaim, *, until: datetime, now: datetime, answer: str) -> bool:
    """Return a mail that was not tried, because the mail server accepts none at all.

    It waits for the next attempt at the server, as long as that takes, and keeps all its tries; the
    same answer is logged once.
    """
    words = answer[:MOST_WORDS]
    settled = release(claim, due_at=until, answer=words)
    if settled and words != claim.answer:
        add_note(claim.id, "deferred", now=now, words=words)
    return settled


def release(claim: MailClaim, **values: object) -> bool:
    """Return a claimed mail that was not tried; another worker may claim it at once."""
    return _settle(claim, lease_until=None, tries=claim.tries - 1, **values)


def _settle(claim: MailClaim, **values: object) -> bool:
    mine = (
        (OutboxMail.id == claim.id)
        & (OutboxMail.tries == claim.tries)
        & (OutboxMail.lease_until == claim.lease_until)
    )
    settled = update(OutboxMail).where(mine, OutboxMail.state == "queued").values(**values)
    return rows_written(settled) == 1


def mark_bounced(mail_id: int, *, now: datetime, answer: str) -> bool:
    """Mark an accepted mail as failed because it bounced; False if it has failed or is queued.

    A bounce may arrive before the worker has stored that the mail was accepted. The time of
    acceptance is kept in the log.
    """
    wanted = select(OutboxMail).where(OutboxMail.id == mail_id)
    mail = db.session.scalar(for_update(wanted, OutboxMail))
    on_its_way = mail is not None and mail.lease_until is not None and mail.lease_until > now
    if mail is None or not (mail.state == "sent" or (mail.state == "queued" and on_its_way)):
        return False
    if mail.sent_at is not None:
        add_note(mail.id, "sent", now=mail.sent_at, words=mail.answer)
    mail.state, mail.answer = "failed", answer[:MOST_WORDS]
    mail.sent_at = mail.lease_until = None
    add_note(mail.id, "bounced", now=now, words=answer)
    db.session.flush()
    _drop_text(mail.id, mail.kind)
    return True


def _drop_text(mail_id: int, kind: str) -> None:
    """Delete the text of a mail that nobody but its recipient may read."""
    if kind in DELETED_ONCE_SENT:
        mine = update(OutboxMail).where(OutboxMail.id == mail_id, ~_IS_QUEUED)
        rows_written(mine.values(text="", html=""))


def lock_failed(event: Event, mail_id: int) -> OutboxMail:
    """Lock a mail of this event that failed. Raises NotFound."""
    mine = (OutboxMail.id == mail_id) & (OutboxMail.event_id == event.id)
    wanted = select(OutboxMail).where(mine, OutboxMail.state == "failed")
    mail = db.session.scalar(for_update(wanted, OutboxMail))
    if mail is None:
        raise NotFound(Complaint(N_("There is no such failed e-mail.")))
    return mail


def requeue(
    mail: OutboxMail, what: str, *, now: datetime, actor: str, words: str = ""
) -> OutboxMail:
    """Queue a failed mail again, with all its tries and a log entry.

    Raises NotFound if it was never composed.
    """
    if not mail.message_id:
        raise NotFound(Complaint(N_("There is no such failed e-mail.")))
    mail.state, mail.tries_before, mail.due_at = "queued", mail.tries, now
    mail.lease_until = None
    add_note(mail.id, what, now=now, words=words, actor=actor)
    try_at_once()
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
    try_at_once()
    return _note_all(again, "retried", actor=actor, now=now)


def stop(mailing: Mailing, *, actor: str, now: datetime) -> int:
    """Stop the queued mails of a mailing, except those being sent; returns how many."""
    free = or_(OutboxMail.lease_until.is_(None), OutboxMail.lease_until < now)
    waiting = _stopping(OutboxMail.mailing_id == mailing.id, OutboxMail.state == "queued", free)
    return _note_all(waiting, "stopped", actor=actor, now=now)


def stop_replaced(mail: OutboxMail, *, now: datetime, leave_mailing: bool) -> None:
    """Stop a queued mail with old links; one that is being sent is left to its worker.

    With `leave_mailing` another mail takes its place in the mailing.
    """
    if leave_mailing:
        mail.mailing_id = None
    if mail.lease_until is None or mail.lease_until < now:
        mail.state, mail.lease_until = "stopped", None
        add_note(mail.id, "replaced", now=now)
    db.session.flush()


def stop_with_dead_links(whose: ColumnElement[bool], *, now: datetime) -> None:
    """Stop the queued mails to somebody whose links do not work any more."""
    free = or_(OutboxMail.lease_until.is_(None), OutboxMail.lease_until < now)
    stopping = _stopping(whose, OutboxMail.state == "queued", free)
    _note_all(stopping, "replaced", actor="", now=now)


def resume(mailing: Mailing, *, actor: str, now: datetime) -> int:
    """Queue the stopped mails of a mailing again; returns how many.

    Mails of people whose registration, calendar entry or links have changed since remain stopped.
    """
    changed = select(Registration.id).where(
        Registration.event_id == mailing.event_id,
        Registration.event_lock_version > mailing.event_lock_version,
    )
    newer = aliased(OutboxMail)
    has_newer = exists(
        select(newer.id).where(
            newer.registration_id == OutboxMail.registration_id,
            or_(newer.id > OutboxMail.id, newer.calendar_stamp > OutboxMail.calendar_stamp),
            newer.calendar_uid != "",
            newer.state.in_(("queued", "sent")),
        )
    )
    waiting = update(OutboxMail).where(
        OutboxMail.mailing_id == mailing.id,
        OutboxMail.state == "stopped",
        ~LINKS_REPLACED,
        or_(OutboxMail.calendar_uid == "", ~has_newer),
        or_(OutboxMail.registration_id.is_(None), OutboxMail.registration_id.not_in(changed)),
    )
    values = {"state": "queued", "due_at": now}
    try_at_once()
    return _note_all(waiting.values(values), "resumed", actor=actor, now=now)


def set_aside(*, before: datetime, words: str, now: datetime) -> int:
    """Mark queued mails written before a time as failed; organisers can send each again."""
    old = update(OutboxMail).where(OutboxMail.state == "queued", OutboxMail.created_at < before)
    values = {"state": "failed", "lease_until": None, "answer": words}
    return _note_all(old.values(values), "failed", actor="", now=now)


def _stopping(*which: ColumnElement[bool]) -> Update:
    return update(OutboxMail).where(*which).values(state="stopped", lease_until=None)


def _note_all(change: Update, what: str, *, actor: str, now: datetime) -> int:
    """Execute an UPDATE of mails with a log entry for each; returns how many."""
    met = change.returning(OutboxMail.id).execution_options(synchronize_session=False)
    mail_ids = list(db.session.scalars(met))
    add_notes(mail_ids, what, actor=actor, now=now)
    return len(mail_ids)
