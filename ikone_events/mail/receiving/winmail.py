"""Answers that only Outlook can read: winmail.dat (TNEF), sent as "rich text".

They are counted and stay where they are: a person can open them in Outlook. Nothing of the format
is taken apart; the message class stands in it as plain text and tells answers from mails.
"""

from ikone_events.domain.incoming.mails import Damaged, Envelope
from ikone_events.domain.refusals import N_
from ikone_events.mail.receiving.headers import Mail, value
from ikone_events.mail.receiving.parts import content, leaves

ONLY_OUTLOOK = N_("The answer can only be read in Outlook (winmail.dat).")
_CLASSES = (b"IPM.Microsoft Schedule.MtgResp", b"IPM.Schedule.Meeting.Resp")


def outlook_answer_of(mail: Mail, envelope: Envelope) -> Damaged | None:
    """Whether this is somebody's answer in Outlook's own format."""
    for part in leaves(mail):
        if _is_winmail(part) and any(name in content(part) for name in _CLASSES):
            return Damaged(envelope=envelope, fault=ONLY_OUTLOOK)
    return None


def _is_winmail(part: Mail) -> bool:
    named = (value(part, "content-type") + value(part, "content-disposition")).lower()
    return part.get_content_type().endswith("/ms-tnef") or "winmail.dat" in named
