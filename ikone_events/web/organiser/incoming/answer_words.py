"""What came back by mail, in words: what it was, what became of it, what to do about it."""

from ikone_events.domain.incoming.mails import Kind, Outcome
from ikone_events.domain.refusals import N_
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.web.organiser.words import gettext as _

ANSWER_LABELS = {
    "ACCEPTED": N_("Coming"),
    "TENTATIVE": N_("Maybe"),
    "DECLINED": N_("Not coming"),
}
_BADGES = {"ACCEPTED": "success", "TENTATIVE": "warning", "DECLINED": "danger"}
_NO_ANSWERS = frozenset({Outcome.COUNTER.value, Outcome.REFRESH.value, Outcome.UNKNOWN.value})
_OF_ANSWERS = {
    Outcome.REPEATED: N_("Overtaken by a later answer."),
    Outcome.OLD_DATE: N_("To the date before the change."),
    Outcome.OTHER_ADDRESS: N_("From another address than the one invited."),
    Outcome.ENDED: N_("To an invitation that has been withdrawn."),
    Outcome.UNKNOWN: N_("An answer that this program does not know."),
}
_ADVICE = {
    Outcome.OLD_DATE: N_("Nothing was noted. The person has been asked anew with the new date."),
    Outcome.OTHER_ADDRESS: N_("Nothing was noted. Please ask the person."),
    Outcome.COUNTER: N_("Nothing was changed. Please answer the person."),
    Outcome.DELEGATED: N_("Nothing was changed. If you agree, hand the place over."),
    Outcome.UNKNOWN: N_("Nothing was changed."),
}


def answer_label(partstat: str) -> str:
    """An answer in a word; unknown ones show their name."""
    return _(ANSWER_LABELS[partstat]) if partstat in ANSWER_LABELS else partstat


def answer_badge(partstat: str) -> str:
    """The kind of badge that an answer has."""
    return _BADGES.get(partstat, "neutral")


def is_plain_answer(mail: IncomingMail) -> bool:
    """Whether it says yes, maybe or no, whatever became of it."""
    answer = mail.kind == Kind.ANSWER.value and mail.partstat in ANSWER_LABELS
    return answer and (mail.event_id is None or mail.outcome not in _NO_ANSWERS)


def headline(mail: IncomingMail) -> str:
    """What it was, in a few words."""
    outcome = Outcome(mail.outcome)
    if mail.kind == Kind.BOUNCE.value:
        return _bounce_headline(outcome)
    if mail.kind == Kind.ABSENCE.value:
        return _("Automatic reply")
    if mail.kind == Kind.DAMAGED.value:
        return _("A mail that can’t be read")
    odd = {
        Outcome.COUNTER: _("Proposes another time"),
        Outcome.DELEGATED: _("Wants to send somebody else"),
        Outcome.REFRESH: _("Asked for the invitation once more"),
    }
    if is_plain_answer(mail):
        return answer_label(mail.partstat)
    if outcome in odd:
        return odd[outcome]
    return " ".join(filter(None, (_("Answer of a calendar"), mail.partstat)))


def _bounce_headline(outcome: Outcome) -> str:
    if outcome is Outcome.TEMPORARY:
        return _("Not delivered yet")
    return _("Letter came back")


def remark(mail: IncomingMail) -> str:
    """What is odd about it; empty when nothing is."""
    outcome = Outcome(mail.outcome)
    lost = mail.event_id is None and mail.letter_id is None
    if lost and mail.kind != Kind.DAMAGED.value:
        return _("About nothing that we sent.")
    if mail.kind == Kind.BOUNCE.value:
        return _bounce_remark(mail, outcome)
    if mail.kind == Kind.ANSWER.value and outcome in _OF_ANSWERS:
        return _(_OF_ANSWERS[outcome])
    return ""


def _bounce_remark(mail: IncomingMail, outcome: Outcome) -> str:
    if outcome is Outcome.TEMPORARY:
        return _("The other mail server keeps trying.")
    if outcome is Outcome.OTHER_ADDRESS:
        return _("It had been forwarded to %(address)s.", address=mail.attendee)
    return _("The address can’t be reached.") if outcome is Outcome.TAKEN else ""


def advice(mail: IncomingMail) -> str:
    """What to do about it; empty when there is nothing to do."""
    outcome = Outcome(mail.outcome)
    if mail.kind == Kind.BOUNCE.value:
        if outcome is Outcome.TAKEN:
            return _("Correct the address and send the letter again.")
        return _("Please ask the person.") if outcome is Outcome.OTHER_ADDRESS else ""
    return _(_ADVICE[outcome]) if outcome in _ADVICE else ""


def whose_words(mail: IncomingMail) -> str:
    """Whose words stand with it: a person's, a mail server's, or our own."""
    if mail.kind == Kind.BOUNCE.value:
        return _("The mail server said:")
    return _("Why:") if mail.kind == Kind.DAMAGED.value else _("In their words:")


def who_wrote(mail: IncomingMail) -> str:
    """Who sent it, where that is not the person themselves; bounces come from machines."""
    if mail.kind == Kind.BOUNCE.value:
        return ""
    known = mail.registration.email if mail.registration else ""
    return "" if mail.sender.casefold() == known.casefold() else mail.sender
