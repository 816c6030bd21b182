"""How many people a mail goes to, in the words that buttons and messages use."""

from ikone_events.domain.events.lifecycle import ACTION_LABELS, Message
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.kinds import LABELS, MailKind
from ikone_events.services.events.transitions import Done
from ikone_events.services.mails.audiences import count
from ikone_events.web.organiser.words import gettext as _
from ikone_events.web.organiser.words import ngettext


def who_gets(message: Message | None, number: int) -> str:
    """Whom an action writes to, and how many they are, before it is done."""
    if message is None or number == 0:
        return _("Nobody is written to.")
    return ngettext(
        "One person gets an e-mail: “%(kind)s”.",
        "%(num)d people get an e-mail each: “%(kind)s”.",
        number,
        kind=_(LABELS[message.kind]),
    )


def what_was_done(done: Done) -> str:
    """What an action did, and how many mails it is having written."""
    label, mailing = _(ACTION_LABELS[done.rule.action]), done.mailing
    number = count(done.event, Audience(mailing.audience)) if mailing else 0
    if mailing is None or number == 0:
        return _("Done: %(action)s.", action=label)
    return ngettext(
        "Done: %(action)s. One e-mail is being written: “%(kind)s”.",
        "Done: %(action)s. %(num)d e-mails are being written: “%(kind)s”.",
        number,
        action=label,
        kind=_(LABELS[MailKind(mailing.kind)]),
    )
