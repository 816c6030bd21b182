"""The mailbox behind IMAP: the only user of IMAPClient.

Mails are looked at without marking them as read, by UID alone, and moved one by one. The library
was chosen over imap-tools, which gives no mail as the bytes it was and deletes with an EXPUNGE that
takes along what people have marked in their own programs.
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
from ikone_events.mail.receiving.imap_settings import ImapSettings

_FAULTS = (OSError, IMAP4.error, ValueError)
_MOST_WORDS = 300
_INBOX = "INBOX"


class MailboxFaultError(Exception):
    """The mailbox can't be read; the message holds the server's words, never the password."""


class MailRefusedError(MailboxFaultError):
    """The server does not give or move this one mail; others can still be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A mail that lies there, before anything of it is fetched."""

    uid: int
    size: int
    received_at: datetime | None


class OpenMailbox:
    """A mailbox with its folder opened. UIDs mean what they did while `uidvalidity` is the same."""

    def __init__(self, client: IMAPClient, settings: ImapSettings) -> None:
        self._client = client
        self._settings = settings
        self._prefix, self._separator = _namespace(client)
        state = client.select_folder(self._path(settings.folder))
        self.uidvalidity = int(state.get(b"UIDVALIDITY", 0))
        self.next_uid = int(state.get(b"UIDNEXT", 0))
        self._there: set[str] = set()
        self._sighted: dict[int, Sighting] = {}

    def arrived(self, *, after: int, since: datetime | None) -> list[int]:
        """The UIDs above one, in order; `since` leaves out what arrived before that day."""
        # "7:*" always has the last mail in it, even where its UID is below 7.
        criteria: list[object] = ["UID", f"{after + 1}:*"]
        if since is not None:
            criteria += ["SINCE", since.date()]
        with _own_words(self._settings):
            return sorted(uid for uid in self._client.search(criteria) if uid > after)

    def look_ahead(self, uids: Sequence[int]) -> None:
        """Ask for size and arrival of many mails at once; one that is spoiled spoils the answer."""
        with suppress(MailRefusedError), _about_one_mail(self._settings):
            self._sighted = self._sighted_now(uids)

    def sighting(self, uid: int) -> Sighting | None:
        """Size and arrival of one mail; None when it is gone."""
        if uid in self._sighted:
            return self._sighted[uid]
        with _about_one_mail(self._settings):
            return self._sighted_now([uid]).get(uid)

    def _sighted_now(self, uids: Sequence[int]) -> dict[int, Sighting]:
        found = self._client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE"])
        return {uid: _sighting(uid, found[uid]) for uid in uids if uid in found}

    def content(self, uid: int, most: int) -> bytes:
        """The mail as it is, at most so many bytes of it; nothing when it is gone."""
        with _about_one_mail(self._settings):
            found = self._client.fetch([uid], [f"BODY.PEEK[]<0.{most}>"]).get(uid, {})
        data = found.get(b"BODY[]<0>", b"")
        return data if isinstance(data, bytes) else b""

    def move(self, uid: int, folder: str) -> None:
        """Put one mail into a folder, which is made if it is missing."""
        with _about_one_mail(self._settings):
            self._move(uid, self._made(folder))

    def _move(self, uid: int, path: str) -> None:
        """Where the server can't expunge single mails, the old copy stays, marked as deleted."""
        if self._client.has_capability("MOVE"):
            self._client.move([uid], path)
            return
        self._client.copy([uid], path)
        self._client.add_flags([uid], [rb"\Deleted"], silent=True)
        if self._client.has_capability("UIDPLUS"):
            self._client.uid_expunge([uid])

    def _made(self, folder: str) -> str:
        path = self._path(folder)
        if path not in self._there:
            if not self._client.folder_exists(path):
                self._client.create_folder(path)
                self._client.subscribe_folder(path)
            self._there.add(path)
        return path

    def _path(self, folder: str) -> str:
        """A folder as this server writes it: its separator, and below INBOX where it wants so."""
        if folder.upper() == _INBOX:
            return _INBOX
        path = folder.replace("/", self._separator) if self._separator else folder
        return path if path.startswith(self._prefix) else f"{self._prefix}{path}"


@contextmanager
def open_mailbox(settings: ImapSettings) -> Iterator[OpenMailbox]:
    """Connect, sign in, open the folder; everything inside ends after `look_seconds`.

    A server that drips would renew the limit of each answer for ever. Raises MailboxFaultError.
    """
    with _own_words(settings):
        client = _connected(settings)
    end = Timer(settings.look_seconds, _cut, (client,))
    end.daemon = True
    end.start()
    try:
        with _own_words(settings):
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
    """What people's folders begin with on this server, and what stands between them."""
    if client.has_capability("NAMESPACE"):
        personal = client.namespace().personal
        if personal:
            prefix, separator = personal[0]
            return str(prefix), str(separator or "")
    root = client.list_folders("", "")
    separator = root[0][1] if root else b"/"
    return "", separator.decode("ascii", "replace") if separator else ""


def _sighting(uid: int, found: dict[bytes, object]) -> Sighting:
    size, arrived = found.get(b"RFC822.SIZE"), found.get(b"INTERNALDATE")
    aware = isinstance(arrived, datetime) and arrived.tzinfo is not None
    return Sighting(
        uid=uid,
        size=size if isinstance(size, int) else 0,
        received_at=arrived.astimezone(UTC) if aware and isinstance(arrived, datetime) else None,
    )


@contextmanager
def _own_words(settings: ImapSettings) -> Iterator[None]:
    try:
        yield
    except _FAULTS as fault:
        raise MailboxFaultError(_words(fault, settings)) from fault


@contextmanager
def _about_one_mail(settings: ImapSettings) -> Iterator[None]:
    """A refusal is this mail's; a lost connection (`abort`) is everybody's."""
    try:
        yield
    except IMAP4.abort as fault:
        raise MailboxFaultError(_words(fault, settings)) from fault
    except IMAP4.error as fault:
        raise MailRefusedError(_words(fault, settings)) from fault
    except _FAULTS as fault:
        raise MailboxFaultError(_words(fault, settings)) from fault


def _words(fault: Exception, settings: ImapSettings) -> str:
    """What went wrong, in the server's words. Some servers repeat the command they refuse."""
    said = fault.args[0] if fault.args and isinstance(fault, IMAP4.error) else fault
    if isinstance(said, str) and said.startswith("b"):
        with suppress(ValueError, SyntaxError):  # bytes that the library made a text of
            said = literal_eval(said)
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    text = one_line(text or type(fault).__name__).replace(settings.password, "…")
    return text.rstrip(".")[:_MOST_WORDS]
