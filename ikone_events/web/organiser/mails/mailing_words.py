"""What became of mailings and mails, in words."""

from datetime import datetime

from ikone_events.domain.mails.kinds import LABELS
from ikone_events.services.mails.delivery_log import notes_of
from ikone_events.services.mails.mailing_figures import Account, Figures
from ikone_events.store.mails.models import DeliveryNote, OutboxMail
from ikone_events.web.organiser.plan.step_words import SYSTEM, nothing_left
from ikone_events.web.organiser.words import gettext as _
from ikone_events.web.organiser.words import ngettext


def kind_label(kind: str) -> str:
    """What a kind of mail is called; unknown ones show their name."""
    labels: dict[str, str] = {known.value: label for known, label in LABELS.items()}
    return _(labels[kind]) if kind in labels else kind


def mailing_label(account: Account) -> str:
    """The organisers' own title of a mailing, or its kind."""
    step = account.mailing.step
    return (step.title if step else "") or kind_label(account.mailing.kind)


def figures_words(figures: Figures) -> str:
    """ "62 of 64 delivered, 2 failed": all that is to be said of a mailing."""
    if figures.total == 0:
        return nothing_left(figures.reached)
    said = [
        ngettext(
            "%(sent)d of one e-mail delivered",
            "%(sent)d of %(num)d e-mails delivered",
            figures.total,
            sent=figures.sent,
        )
    ]
    if figures.failed:
        said.append(_("%(number)d failed", number=figures.failed))
    return ", ".join(said)


def rest_words(account: Account) -> str:
    """What has not left yet, and why; empty when all is done."""
    figures = account.figures
    waiting = figures.queued + figures.unwritten
    if account.is_stopped:
        held = figures.stopped + figures.unwritten
        who = account.mailing.stopped_by
        if who == SYSTEM:
            words = _("too late for the event: %(number)d held back", number=held)
        else:
            words = _("stopped by %(who)s: %(number)d held back", who=who, number=held)
        if figures.queued:
            words += ", " + _("%(number)d on the way", number=figures.queued)
        return words
    return _("%(number)d waiting to be sent", number=waiting) if waiting else ""


def state_of(mail: OutboxMail, moment: datetime) -> str:
    """The state as a badge shows it: being sent and deferred are kinds of waiting."""
    if mail.state != "queued":
        return mail.state
    if mail.lease_until is not None and mail.lease_until > moment:
        return "sending"
    return "deferred" if mail.tries > mail.tries_before else "queued"


_ENDS = ("failed", "bounced")


def happenings(mail: OutboxMail) -> list[tuple[datetime, str, str, str]]:
    """Everything that happened to a mail, in order: when, what, whose words, by whom."""
    begun = (mail.created_at, _("Written and queued"), "", "")
    ended = []
    if mail.sent_at is not None:
        ended.append((mail.sent_at, _("Taken by the mail server"), mail.answer, ""))
    noted = notes_of(mail)
    notes = [_happening(note) for note in noted]
    if mail.state == "failed" and not any(n.what in _ENDS for n in noted):
        ended.append((mail.due_at, _("Refused for good"), mail.answer, ""))
    return [begun, *notes, *ended]


def _happening(note: DeliveryNote) -> tuple[datetime, str, str, str]:
    words = {
        "deferred": _("Sent back for a later try"),
        "failed": _("Refused for good"),
        "retried": _("Put into the queue again"),
        "corrected": _("Address corrected"),
        "stopped": _("Held back with its mailing"),
        "resumed": _("Released with its mailing"),
        "sent": _("Taken by the mail server"),
        "delayed": _("Another mail server could not deliver it yet"),
        "bounced": _("Came back: the address could not be reached"),
    }
    return note.at, words.get(note.what, note.what), note.words, note.actor
