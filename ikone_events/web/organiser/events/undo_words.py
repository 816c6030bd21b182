"""What the last press will mail, to whom, and until when it can be undone."""

from dataclasses import dataclass

from ikone_events.domain.mails.audiences import AUDIENCE_LABELS, Audience
from ikone_events.domain.mails.kinds import LABELS, MailKind
from ikone_events.domain.times import moment_said
from ikone_events.services.events.undoing import unbegun_mailings
from ikone_events.services.installation import now
from ikone_events.services.mails.audiences import Group, count_each
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.plan.step_words import sent_words
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext, page_locale


@dataclass(frozen=True, slots=True)
class PendingMails:
    """The mails of the last press, of which none is written yet.

    `kind` is that of the first; `people` is the number of recipients per audience; `until` is empty
    if the mails leave now.
    """

    kind: MailKind
    people: tuple[tuple[Audience, int], ...]
    until: str = ""

    @property
    def total(self) -> int:
        """All recipients."""
        return sum(number for _audience, number in self.people)

    @property
    def recipients(self) -> str:
        """The audiences with their numbers."""
        return ", ".join(
            f"{_(AUDIENCE_LABELS[audience])} ({number})" for audience, number in self.people
        )


def pending_mails(event: Event) -> PendingMails | None:
    """Return the mails of the last press, None if it can't be undone."""
    mailings = unbegun_mailings(event)
    if not mailings:
        return None
    groups = [
        Group(event, Audience(mailing.audience), contact_choice=mailing.contact_choice)
        for mailing in mailings
    ]
    numbers = count_each(groups, now=now())
    waiting = [due_at for mailing in mailings if (due_at := mailing.due_at) and due_at > now()]
    return PendingMails(
        kind=MailKind(mailings[0].kind),
        people=tuple((group.audience, numbers[group]) for group in groups if numbers[group]),
        until=moment_said(min(waiting), locale=page_locale(), zone=event.zone) if waiting else "",
    )


def mails_words(event: Event) -> str:
    """Return whom the last press writes to, when, and until when it can be undone; "" if not."""
    mails = pending_mails(event)
    if mails is None:
        return ""
    if not mails.until:
        return sent_words(mails.total, None, zone=event.zone) if mails.total else ""
    if mails.total == 0:
        return _("Nobody is written to. You can undo it until %(at)s.", at=mails.until)
    return ngettext(
        "The e-mail is sent to one person on %(at)s: %(people)s. Until then you can undo it.",
        "The e-mail is sent to %(num)d people on %(at)s: %(people)s. Until then you can undo it.",
        mails.total,
        at=mails.until,
        people=mails.recipients,
    )


def undo_words(mails: PendingMails) -> str:
    """Return the sentences beside the button that undoes: what, and until when.

    Other things may have been done since, such as a change of date.
    """
    if mails.total == 0 and mails.until:
        words = _("You can undo this until %(at)s.", at=mails.until)
    elif not mails.until:
        words = _("You can still undo this: no e-mail has been written yet.")
    else:
        words = _("You can undo this until %(at)s; no e-mail is sent before.", at=mails.until)
    return f"{_(LABELS[mails.kind])}: {words}"
