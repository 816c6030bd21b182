"""The mailbox over IMAP; the only module that uses IMAPClient.

Mails are read by UID without marking them as read, and moved one by one.
"""

import ssl
from ast import literal_eval
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from imaplib import IMAP4
from socket import SHUT_RDWR
from threading import Timer

from imapclient import IMAPClient

from ikone_events.domain.header_text import one_line
from ikone_events.mail.settings import ImapSettings

_FAULTS = (OSError, IMAP4.error, ValueError)
_MOST_WORDS = 300
_INBOX = "INBOX"


class MailboxFaultError(Exception):
    """The mailbox can't be read; the message is the server's answer without the password."""


class MailRefusedError(MailboxFaultError):
    """The server can't deliver or move this mail; others can still be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailInfo:
    """Size and arrival of a mail whose content has not been fetched."""

    uid: int
    size: int
    received_at: datetime | None


class OpenMailbox:
    """A mailbox with its folder selected. UIDs are valid while `uidvalidity` is the same."""

    def __init__(self, client: IMAPClient, settings: ImapSettings) -> None:
        self._client = client
        self._settings = settings
        self._prefix, self._separator = _namespace(client)
        state = client.select_folder(self._path(settings.folder))
        self.uidvalidity = int(state.get(b"UIDVALIDITY", 0))
        self.next_uid = int(state.get(b"UIDNEXT", 0))
        self._created_paths: set[str] = set()
        self._infos: dict[int, MailInfo] = {}

    def arrived(self, *, after: int, since: datetime | None) -> list[int]:
        """The UIDs above `after`, in order; only of mails since the day of `since`, if given."""
        # "7:*" always contains the last mail, even if its UID is below 7.
        criteria: list[object] = ["UID", f"{after + 1}:*"]
        if since is not None:
            criteria += ["SINCE", since.date()]
        with _faults(self._settings):
            return sorted(uid for uid in self._client.search(criteria) if uid > after)

    def fetch_infos(self, uids: Sequence[int]) -> None:
        """Fetch size and arrival of many mails at once; does nothing if one of them is damaged."""
        with suppress(MailRefusedError), _about_one_mail(self._settings):
            self._infos = self._fetch_infos(uids)

    def info(self, uid: int) -> MailInfo | None:
        """Size and arrival of one mail; None if it is gone."""
        if uid in self._infos:
            return self._infos[uid]
        with _about_one_mail(self._settings):
            return self._fetch_infos([uid]).get(uid)

    def _fetch_infos(self, uids: Sequence[int]) -> dict[int, MailInfo]:
        found = self._client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE"])
        return {uid: _info(uid, found[uid]) for uid in uids if uid in found}

    def content(self, uid: int, most: int) -> bytes:
        """The first `most` bytes of a mail; none if it is gone."""
        with _about_one_mail(self._settings):
            found = self._client.fetch([uid], [f"BODY.PEEK[]<0.{most}>"]).get(uid, {})
        data = found.get(b"BODY[]<0>", b"")
        return data if isinstance(data, bytes) else b""

    def move(self, uid: int, folder: str) -> None:
        """Move one mail into a folder, which is created if it is missing."""
        with _about_one_mail(self._settings):
            self._move(uid, self._created(folder))

    def _move(self, uid: int, path: str) -> None:
        """Without UIDPLUS single mails can't be expunged: the copy stays, marked as deleted."""
        if self._client.has_capability("MOVE"):
            self._client.move([uid], path)
            return
        self._client.copy([uid], path)
        self._client.add_flags([uid], [rb"\Deleted"], silent=True)
        if self._client.has_capability("UIDPLUS"):
            self._client.uid_expunge([uid])

    def _created(self, folder: str) -> str:
        path = self._path(folder)
        if path not in self._created_paths:
            if not self._client.folder_exists(path):
                self._client.create_folder(path)
                self._client.subscribe_folder(path)
            self._created_paths.add(path)
        return path

    def _path(self, folder: str) -> str:
        """The path of a folder on this server: with its separator and prefix (often INBOX)."""
        if folder.upper() == _INBOX:
            return _INBOX
        path = folder.replace("/", self._separator) if self._separator else folder
        return path if path.startswith(self._prefix) else f"{self._prefix}{path}"


@contextmanager
def open_mailbox(settings: ImapSettings) -> Iterator[OpenMailbox]:
    """Connect, log in and select the folder. Raises MailboxFaultError.

    The connection is cut after `look_seconds`: a server that sends single bytes would never reach
    the timeout of an answer.
    """
    with _faults(settings):
        client = _connected(settings)
    end = Timer(settings.look_seconds, _cut, (client,))
    end.daemon = True
    end.start()
    try:
        with _faults(settings):
            if settings.tls == "starttls":
                client.starttls(ssl.create_default_context())
            client.login(settings.username, settings.password)
            mailbox = OpenMailbox(client, settings)
        yield mailbox
        with suppress(*_FAULTS):
            client.logout()
    finally:
        end.cancel()
        with suppress(*_FAULTS):
            client.shutdown()


def _connected(settings: ImapSettings) -> IMAPClient:
    implicit = settings.tls == "implicit"
    client = IMAPClient(
        settings.host,
        port=settings.port,
        ssl=implicit,
        ssl_context=ssl.create_default_context() if implicit else None,
        timeout=settings.timeout,
    )
    client.normalise_times = False
    return client


def _cut(client: IMAPClient) -> None:
    with suppress(OSError):
        client.socket().shutdown(SHUT_RDWR)


def _namespace(client: IMAPClient) -> tuple[str, str]:
    """Prefix and separator of personal folders on this server."""
    if client.has_capability("NAMESPACE"):
        personal = client.namespace().personal
        if personal:
            prefix, separator = personal[0]
            return str(prefix), str(separator or "")
    root = client.list_folders("", "")
    separator = root[0][1] if root else b"/"
    return "", separator.decode("ascii", "replace") if separator else ""


def _info(uid: int, found: dict[bytes, object]) -> MailInfo:
    size, arrived = found.get(b"RFC822.SIZE"), found.get(b"INTERNALDATE")
    aware = isinstance(arrived, datetime) and arrived.tzinfo is not None
    return MailInfo(
        uid=uid,
        size=size if isinstance(size, int) else 0,
        received_at=arrived.astimezone(UTC) if aware and isinstance(arrived, datetime) else None,
    )


@contextmanager
def _faults(settings: ImapSettings) -> Iterator[None]:
    """Raise every fault as MailboxFaultError."""
    try:
        yield
    except _FAULTS as fault:
        raise MailboxFaultError(_words(fault, settings)) from fault


@contextmanager
def _about_one_mail(settings: ImapSettings) -> Iterator[None]:
    """Raise MailRefusedError if the server refuses, MailboxFaultError if the connection is lost."""
    try:
        yield
    except _FAULTS as fault:
        refused = isinstance(fault, IMAP4.error) and not isinstance(fault, IMAP4.abort)
        kind = MailRefusedError if refused else MailboxFaultError
        raise kind(_words(fault, settings)) from fault


def _words(fault: Exception, settings: ImapSettings) -> str:
    """The server's answer. Some servers repeat the refused command, with the password."""
    said = fault.args[0] if fault.args and isinstance(fault, IMAP4.error) else fault
    if isinstance(said, str) and said.startswith("b"):
        with suppress(ValueError, SyntaxError):  # the library turns bytes into their repr
            said = literal_eval(said)
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    text = one_line(text or type(fault).__name__).replace(settings.password, "…")
    return text.rstrip(".")[:_MOST_WORDS]
