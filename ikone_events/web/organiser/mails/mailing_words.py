"""Labels of mailings and mails: their kind, their state, their delivery log."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from ikone_events.domain.events.todo_facts import sentences_of
from ikone_events.domain.mails.audiences import OF_NETWORK, OF_NEWS, Audience
from ikone_events.domain.mails.kinds import LABELS, MailKind
from ikone_events.domain.operating.alarms import STANDSTILL, Alarm, todos_of
from ikone_events.domain.refusals import N_
from ikone_events.domain.times import moment_page
from ikone_events.services.incoming.resending import Resent
from ikone_events.services.mails.delivery_log import notes_of
from ikone_events.services.mails.mailing_chunks import DAMAGED
from ikone_events.services.mails.mailing_progress import MailCounts, MailingProgress
from ikone_events.services.mails.mailings import has_begun
from ikone_events.services.operating.health import engine_health
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import DeliveryNote, OutboxMail
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext, page_locale, translate

SYSTEM = "system"


def kind_label(kind: str) -> str:
    """Return the label of a kind of mail; unknown kinds are returned as they are."""
    labels: dict[str, str] = {known.value: label for known, label in LABELS.items()}
    return _(labels[kind]) if kind in labels else kind


def mail_label(mail: OutboxMail) -> str:
    """Return the subject of an organiser's own message, whose kind says nothing, or the kind."""
    own = mail.kind == MailKind.NOTE.value and mail.subject
    return mail.subject if own else kind_label(mail.kind)


def mailing_label(progress: MailingProgress) -> str:
    """Return the title that organisers gave to a mailing, or the label of its kind."""
    step = progress.mailing.step
    return (step.title if step else "") or kind_label(progress.mailing.kind)


def code_words(event: Event, audience: Audience) -> str:
    """Return what an event that needs a code means for a mail to subscribers, or ""."""
    if not event.by_code or audience not in OF_NEWS:
        return ""
    if audience in OF_NETWORK:
        return _(
            "This event needs a code. Subscribers of the network have none, so they are not told."
        )
    return _("This event needs a code. It does not stand in this e-mail.")


def counts_words(counts: MailCounts) -> str:
    """Return a summary such as "62 of 64 delivered, 2 failed"."""
    if counts.total == 0:
        return nothing_left(reached=counts.reached)
    return ", ".join(delivered_words(counts.total, counts.sent, counts.failed))


def nothing_left(*, reached: bool) -> str:
    """Why a mailing has no mails: they were deleted, or it had no recipient."""
    if reached:
        return _("The e-mails were deleted together with the addresses.")
    return _("Nobody was written to.")


def delivered_words(total: int, sent: int, failed: int) -> list[str]:
    """How many mails were delivered, and how many failed if any did."""
    delivered = ngettext(
        "%(sent)d of one e-mail delivered",
        "%(sent)d of %(num)d e-mails delivered",
        total,
        sent=sent,
    )
    return [delivered, _("%(number)d failed", number=failed)] if failed else [delivered]


def rest_words(progress: MailingProgress) -> str:
    """Return how many mails have not been sent and why; "" if all have."""
    counts = progress.counts
    waiting = counts.queued + counts.unwritten
    if progress.is_stopped:
        number, who = counts.stopped + counts.unwritten, progress.mailing.stopped_by
        if who == DAMAGED:
            words = _("damaged in the database: %(number)d held back", number=number)
        elif who == SYSTEM:
            words = _("too late for the event: %(number)d held back", number=number)
        else:
            words = _("stopped by %(who)s: %(number)d held back", who=who, number=number)
        if counts.queued:
            words += ", " + _("%(number)d on the way", number=counts.queued)
        return words
    due_at, event = progress.mailing.due_at, progress.mailing.event
    if due_at is not None and not has_begun(progress.mailing):
        at = moment_page(due_at, locale=page_locale(), zone=event.zone)
        return _("%(number)d waiting to be sent, from %(at)s", number=waiting, at=at)
    return _("%(number)d waiting to be sent", number=waiting) if waiting else ""


def left_out_words(resent: Resent) -> list[str]:
    """How many failed mails are not sent again, one sentence for each reason."""
    said = (
        ngettext(
            "One e-mail is not sent: e-mails to its address come back. Please correct the address.",
            "%(num)d e-mails are not sent: e-mails to their addresses come back. "
            "Please correct the addresses.",
            resent.undeliverable,
        ),
        ngettext(
            "One e-mail is not sent: it would tell what is no longer true.",
            "%(num)d e-mails are not sent: they would tell what is no longer true.",
            resent.untrue,
        ),
        ngettext(
            "One e-mail is not sent: it could not be written.",
            "%(num)d e-mails are not sent: they could not be written.",
            resent.unwritten,
        ),
    )
    numbers = (resent.undeliverable, resent.untrue, resent.unwritten)
    return [words for words, number in zip(said, numbers, strict=True) if number]


class Standstill(NamedTuple):
    """Why mails wait: in a few words, and in a sentence."""

    reason: str
    sentence: str


_STANDSTILL: Mapping[Alarm, str] = {
    **dict.fromkeys(STANDSTILL, N_("Nothing is sent at the moment")),
    Alarm.PAUSED: N_("Sending is paused"),
    Alarm.MAIL_SERVER: N_("The mail server is not accepting e-mails"),
}


def standstill(mails: Iterable[OutboxMail], moment: datetime) -> Standstill | None:
    """Return why mails that wait are not sent; None if none waits or nothing is in the way."""
    if all(mail.state != "queued" for mail in mails):
        return None
    engine = engine_health(moment)
    alarm = next((each for each in STANDSTILL if each in engine.alarms), None)
    if alarm is None:
        return None
    (todo,) = todos_of(engine, only={alarm})
    return Standstill(_(_STANDSTILL[alarm]), " ".join(map(translate, sentences_of(todo))))


def state_of(mail: OutboxMail, moment: datetime) -> str:
    """Return the state for the badge; a queued mail may also be "sending" or "deferred"."""
    if mail.state != "queued":
        return mail.state
    if mail.lease_until is not None and mail.lease_until > moment:
        return "sending"
    return "deferred" if mail.tries > mail.tries_before else "queued"


_ENDS = ("failed", "bounced", "damaged")


def delivery_entries(mail: OutboxMail) -> list[tuple[datetime, str, str, str]]:
    """The delivery log of a mail: time, what happened, the server's reply, who did it."""
    ends = []
    if mail.sent_at is not None:
        ends.append((mail.sent_at, _("Taken by the mail server"), mail.answer, ""))
    notes = notes_of(mail)
    if mail.state == "failed" and not any(note.what in _ENDS for note in notes):
        ends.append((mail.due_at, _("Refused for good"), mail.answer, ""))
    return [(mail.created_at, _("Written and queued"), "", ""), *map(_entry, notes), *ends]


def _entry(note: DeliveryNote) -> tuple[datetime, str, str, str]:
    words = {
        "deferred": _("Sent back for a later try"),
        "failed": _("Refused for good"),
        "damaged": _("Damaged in the database, so it was not sent"),
        "retried": _("Put into the queue again"),
        "corrected": _("Address corrected"),
        "stopped": _("Stopped together with the others"),
        "resumed": _("Resumed together with the others"),
        "replaced": _("Not sent: its links or its address were replaced"),
        "sent": _("Taken by the mail server"),
        "delayed": _("Another mail server could not deliver it yet"),
        "bounced": _("Came back: the address could not be reached"),
    }
    return note.at, words.get(note.what, note.what), note.words, note.actor
