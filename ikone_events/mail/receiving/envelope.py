"""The envelope of a received mail: sender, references, digest, and whether it is authenticated."""

import re
from datetime import datetime
from hashlib import sha256

from ikone_events.domain.incoming.mails import Envelope
from ikone_events.mail.receiving.message import (
    Mail,
    message_ids,
    pieces,
    references,
    sender,
    text,
    unquoted,
    value,
    values,
)

# Headers of the sender. Others change when a mail is delivered again or moved to another provider.
_KEPT = ("from", "date", "message-id", "subject", "in-reply-to", "content-type")
_AUTOREPLY_HEADERS = ("x-autoreply", "x-autorespond", "x-autoresponder")


def envelope_of(mail: Mail, raw: bytes, *, received_at: datetime, authserv_id: str) -> Envelope:
    """The envelope of a parsed mail."""
    address, alone = sender(mail)
    return Envelope(
        digest=_digest(mail, raw),
        message_id=next(iter(message_ids(mail, "message-id")), ""),
        sender=address,
        received_at=received_at,
        references=references(mail),
        authenticated=alone
        and is_authenticated(mail, domain=address.rpartition("@")[2], authserv_id=authserv_id),
        automatic=_is_automatic(mail),
    )


def bare_envelope(raw: bytes, *, received_at: datetime) -> Envelope:
    """The envelope of a mail that can't be parsed."""
    return Envelope(
        digest=sha256(raw).hexdigest(), message_id="", sender="", received_at=received_at
    )


def _digest(mail: Mail, raw: bytes) -> str:
    """SHA-256 of the sender's headers and the body, independent of line ends."""
    _, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    found = sha256()
    for name in _KEPT:
        for line in values(mail, name):
            found.update(f"{name}: {' '.join(line.split())}\n".encode("utf-8", "replace"))
    found.update(b"\n" + body.rstrip())
    return found.hexdigest()


def answers_by_itself(mail: Mail) -> bool:
    """Whether a calendar answered without its owner.

    Google marks an answer after a click as auto-generated; automatic answers are auto-replied.
    """
    generated = value(mail, "auto-submitted").lower().startswith("auto-generated")
    return _is_automatic(mail) and not generated


def _is_automatic(mail: Mail) -> bool:
    """Whether a program sent the mail: RFC 3834, and older headers.

    X-Auto-Response-Suppress does not count, since Exchange adds it to mails of people too; nor does
    `Precedence: bulk` of mailing lists.
    """
    submitted = value(mail, "auto-submitted").partition(";")[0].strip().lower()
    if submitted:
        return submitted != "no"
    if any(values(mail, name) for name in _AUTOREPLY_HEADERS):
        return True
    return value(mail, "precedence").lower() == "auto_reply"


_SERVERS = re.compile(
    r"mailer-?daemon|mail-?daemon|mdaemon|postmaster|mail[ .-]?delivery\b.*|mmdf|uucp|ndr",
    re.IGNORECASE,
)


def is_of_mail_server(mail: Mail) -> bool:
    """Whether a mail server reports on a mail, by its sender.

    An empty Return-Path alone proves nothing: absence notes have one too (RFC 3834 section 3.3).
    """
    if value(mail, "x-failed-recipients"):
        return True
    name, _, written = text(mail, "from").rpartition("<")
    local = written.strip("> ").partition("@")[0]
    return any(_SERVERS.fullmatch(said.strip('" ')) for said in (name, local))


_PUNCTUATION = frozenset("=<>,")


def is_authenticated(mail: Mail, *, domain: str, authserv_id: str) -> bool:
    """Whether our own mail server found dmarc=pass for this domain (RFC 8601).

    Only headers with our server's name count, and of these only the topmost down to the next
    Received: servers add headers on top, everything below may have come with the mail. (A server
    must remove foreign headers with its own name, RFC 8601 section 5.) Two DMARC results, or a
    malformed one, count as none.
    """
    if not authserv_id or not domain:
        return False
    findings = [
        finding
        for results in _own_results(mail, authserv_id.lower())
        for finding in results
        if finding[0].lower().partition("/")[0] == "dmarc"
    ]
    return len(findings) == 1 and _is_pass(findings[0], domain)


def _own_results(mail: Mail, authserv_id: str) -> list[list[list[str]]]:
    """The results in our server's topmost headers, each as its tokens."""
    found: list[list[list[str]]] = []
    for name, raw in mail.raw_items():
        if name.lower() == "received" and found:
            break
        if name.lower() == "authentication-results":
            groups = _groups(str(raw))
            if groups and groups[0] and unquoted(groups[0][0]).lower() == authserv_id:
                found.append([group for group in groups[1:] if group])
    return found


def _groups(header: str) -> list[list[str]]:
    """The tokens between semicolons; none if comments or quotation marks are not closed."""
    groups: list[list[str]] = [[]]
    for piece in pieces(header) or ():
        if piece == ";":
            groups.append([])
        else:
            groups[-1].append(piece)
    return groups


def _is_pass(finding: list[str], domain: str) -> bool:
    """Whether it is `dmarc = pass` and then pairs `name = value`, with this `header.from`."""
    if len(finding) % 3 or any(mark != "=" for mark in finding[1::3]):
        return False
    names = [name.lower() for name in finding[0::3]]
    results = [unquoted(result).lower() for result in finding[2::3]]
    if _PUNCTUATION & {*names, *results}:
        return False
    of_from = [result for name, result in zip(names, results, strict=True) if name == "header.from"]
    return results[0] == "pass" and of_from == [domain.lower()]
