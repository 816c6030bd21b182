"""What an enhanced status code (RFC 3463) says about a mail that was not delivered."""

import re

from ikone_events.domain.incoming.mails import BounceCause

ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
# The reply code of an SMTP server at the beginning of its answer.
_REPLY = re.compile(r"\s*([245])\d\d(?=[\s#-]|$)")
# Bad sender's mailbox or system address: among the codes about addresses, but about ours.
_ABOUT_SENDER = frozenset({"7", "8"})
_ADDRESSING, _MAILBOX, _POLICY = "1", "2", "7"
_DISABLED, _FULL = "1", "2"


def status_code(field: str, diagnosis: str) -> str:
    """The enhanced status of a mail, or "".

    A status that says nothing (missing, or x.0.0 for "other") is replaced by the one in the
    server's diagnosis, or by the class of its reply code.
    """
    given = ENHANCED.match(field.strip())
    if given and not given[0].endswith(".0.0"):
        return given[0]
    if said := ENHANCED.search(diagnosis):
        return said[0]
    if given:
        return given[0]
    reply = _REPLY.match(diagnosis)
    return f"{reply[1]}.0.0" if reply else ""


def cause_of(code: str, diagnosis: str) -> BounceCause:
    """Why a mail with this status was not delivered.

    Only permanent codes say something about the address: a server may give up after days of
    temporary errors, and writes 5.0.0 then with the last temporary answer as its diagnosis.
    """
    found = ENHANCED.fullmatch(code)
    reply = _REPLY.match(diagnosis)
    if not found or found[1] != "5" or (reply and reply[1] == "4"):
        return BounceCause.OTHER
    subject, detail = found[2], found[3]
    if subject == _ADDRESSING:
        return BounceCause.SENDER if detail in _ABOUT_SENDER else BounceCause.ADDRESS
    if subject == _MAILBOX and detail in (_DISABLED, _FULL):
        return BounceCause.ADDRESS if detail == _DISABLED else BounceCause.FULL
    return BounceCause.SENDER if subject == _POLICY else BounceCause.OTHER
