"""Labels of incoming mails: what they are, what became of them, what to do."""

from ikone_events.domain.incoming.mails import BounceCause, IncomingKind, IncomingOutcome
from ikone_events.domain.refusals import N_
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.web.shell.i18n import gettext as _

ANSWER_LABELS = {
    "ACCEPTED": N_("Coming"),
    "TENTATIVE": N_("Maybe"),
    "DECLINED": N_("Not coming"),
}
_BADGES = {"ACCEPTED": "success", "TENTATIVE": "warning", "DECLINED": "danger"}
_KINDS = {
    IncomingKind.ABSENCE.value: N_("Automatic reply"),
    IncomingKind.LOOK.value: N_("A mail server reports a problem"),
    IncomingKind.DAMAGED.value: N_("An e-mail that can’t be read"),
}
_OF_SERVERS = (IncomingKind.BOUNCE.value, IncomingKind.LOOK.value)
_NO_ANSWERS = frozenset(
    {IncomingOutcome.COUNTER.value, IncomingOutcome.REFRESH.value, IncomingOutcome.UNKNOWN.value}
)
_OF_ANSWERS = {
    IncomingOutcome.REPEATED: N_("Overtaken by a later answer."),
    IncomingOutcome.OLD_DATE: N_("To the date before the change."),
    IncomingOutcome.OTHER_ADDRESS: N_("From another address than the one invited."),
    IncomingOutcome.ENDED: N_("To an invitation that has been withdrawn."),
    IncomingOutcome.UNCLEAR: N_("An answer that this program does not know."),
    IncomingOutcome.UNKNOWN: N_("An answer that this program does not know."),
}
_REMARKS = {
    BounceCause.ADDRESS: N_("The address can’t be reached."),
    BounceCause.FULL: N_("The mailbox is full."),
    BounceCause.SENDER: N_("The other mail server refuses e-mails from your domain."),
    BounceCause.OTHER: N_("The other mail server has given up."),
}
_AFTER_LOSS = {
    BounceCause.ADDRESS: N_("Correct the address and send the e-mail again."),
    BounceCause.FULL: N_("Send the e-mail again later, or call the person."),
    BounceCause.SENDER: N_(
        "Ask whoever runs your e-mail to check SPF, DKIM and DMARC. Then send the e-mail again."
    ),
    BounceCause.OTHER: N_("Send the e-mail again. If it comes back once more, ask the person."),
}
_ADVICE = {
    IncomingOutcome.OLD_DATE: N_(
        "Nothing was noted. The person has been asked anew with the new date."
    ),
    IncomingOutcome.OTHER_ADDRESS: N_("Nothing was noted. Please ask the person."),
    IncomingOutcome.COUNTER: N_("Nothing was changed. Please answer the person."),
    IncomingOutcome.DELEGATED: N_("Nothing was changed. If you agree, hand the place over."),
    IncomingOutcome.UNCLEAR: N_("Nothing was changed. Please read the e-mail in your mailbox."),
    IncomingOutcome.UNKNOWN: N_("Nothing was changed."),
}


def answer_label(partstat: str) -> str:
    """Return the label of an answer; unknown ones are returned as they are."""
    return _(ANSWER_LABELS[partstat]) if partstat in ANSWER_LABELS else partstat


def answer_badge(partstat: str) -> str:
    """Return the kind of badge for an answer."""
    return _BADGES.get(partstat, "neutral")


def is_plain_answer(mail: IncomingMail) -> bool:
    """Whether a mail is a yes, maybe or no, whatever became of it."""
    answer = mail.kind == IncomingKind.ANSWER.value and mail.partstat in ANSWER_LABELS
    return answer and (mail.event_id is None or mail.outcome not in _NO_ANSWERS)


def headline(mail: IncomingMail) -> str:
    """Return what a mail is, in a few words."""
    outcome = IncomingOutcome(mail.outcome)
    if mail.kind == IncomingKind.BOUNCE.value:
        temporary = outcome is IncomingOutcome.TEMPORARY
        return _("Not delivered yet") if temporary else _("E-mail came back")
    if mail.kind in _KINDS:
        return _(_KINDS[mail.kind])
    odd = {
        IncomingOutcome.COUNTER: _("Proposes another time"),
        IncomingOutcome.DELEGATED: _("Wants to send somebody else"),
        IncomingOutcome.REFRESH: _("Asked for the invitation once more"),
    }
    if is_plain_answer(mail):
        return answer_label(mail.partstat)
    if outcome in odd:
        return odd[outcome]
    return " ".join(filter(None, (_("Answer of a calendar"), mail.partstat)))


def remark(mail: IncomingMail) -> str:
    """Return what is unusual about a mail; "" if nothing is."""
    outcome = IncomingOutcome(mail.outcome)
    unrelated = mail.event_id is None and mail.mail_id is None
    if unrelated and mail.kind != IncomingKind.DAMAGED.value:
        return _("About nothing that we sent.")
    if mail.kind == IncomingKind.BOUNCE.value:
        return _bounce_remark(mail, outcome)
    if mail.kind == IncomingKind.ANSWER.value and outcome in _OF_ANSWERS:
        return _(_OF_ANSWERS[outcome])
    return ""


def _bounce_remark(mail: IncomingMail, outcome: IncomingOutcome) -> str:
    if outcome is IncomingOutcome.TEMPORARY:
        return _("The other mail server keeps trying.")
    if outcome is IncomingOutcome.OTHER_ADDRESS:
        return _("It had been forwarded to %(address)s.", address=mail.attendee)
    return _(_REMARKS[_cause(mail)]) if outcome is IncomingOutcome.TAKEN else ""


def _cause(mail: IncomingMail) -> BounceCause:
    return BounceCause(mail.cause or BounceCause.OTHER)


def advice(mail: IncomingMail) -> str:
    """Return what to do about a mail; "" if there is nothing to do."""
    outcome = IncomingOutcome(mail.outcome)
    if mail.kind == IncomingKind.BOUNCE.value:
        if outcome is IncomingOutcome.TAKEN:
            return _(_AFTER_LOSS[_cause(mail)])
        return _("Please ask the person.") if outcome is IncomingOutcome.OTHER_ADDRESS else ""
    return _(_ADVICE[outcome]) if outcome in _ADVICE else ""


def whose_words(mail: IncomingMail) -> str:
    """Return whose words are quoted: the person's, the mail server's, or our own."""
    if mail.kind in _OF_SERVERS:
        return _("The mail server said:")
    return _("Why:") if mail.kind == IncomingKind.DAMAGED.value else _("In their words:")


def quoted(mail: IncomingMail) -> str:
    """Return the words of a mail; our own reasons are translated."""
    return _(mail.words) if mail.kind == IncomingKind.DAMAGED.value else mail.words


def who_wrote(mail: IncomingMail) -> str:
    """Return the sender if it is not the invited person; "" for mails of mail servers."""
    if mail.kind in _OF_SERVERS:
        return ""
    person = mail.registration or mail.speaker
    known = person.email if person else ""
    return "" if mail.sender.casefold() == known.casefold() else mail.sender
