"""A mail server on loopback whose mails can be read in the browser."""

import socket
import threading
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from ikone_events.services.installation import Clock

KEPT = 2000


@dataclass(frozen=True, slots=True)
class Caught:
    """One mail as it arrived."""

    number: int
    at: datetime
    recipient: str
    message: EmailMessage

    @property
    def subject(self) -> str:
        """The decoded subject."""
        return str(self.message["Subject"])

    def part(self, content_type: str) -> str:
        """The text of the first part of a type; empty when there is none."""
        for part in self.message.walk():
            if part.get_content_type() == content_type:
                payload = part.get_payload(decode=True)
                return payload.decode("utf-8") if isinstance(payload, bytes) else ""
        return ""


class Catcher:
    """An SMTP server that stores mails in memory and refuses given addresses."""

    def __init__(self, clock: Clock, refused: frozenset[str] = frozenset()) -> None:
        self._clock, self._refused = clock, refused
        self._mails: list[Caught] = []
        self._lock = threading.Lock()
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())

    def start(self) -> int:
        """Listen on a free port of this machine; returns the port."""
        self._controller.start()
        return int(self._controller.port)

    def stop(self) -> None:
        """Stop listening."""
        self._controller.stop()

    def mails(self) -> list[Caught]:
        """What has arrived, the newest first."""
        with self._lock:
            return self._mails[::-1]

    def find(self, number: int) -> Caught | None:
        """One mail by its number."""
        return next((mail for mail in self.mails() if mail.number == number), None)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        """Refuse the undeliverable addresses of the story."""
        if address.lower() in self._refused:
            return "550 5.1.1 Mailbox unavailable"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep the mail."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message = message_from_bytes(content, policy=policy.default)
        with self._lock:
            number = self._mails[-1].number + 1 if self._mails else 1
            caught = Caught(number, self._clock(), envelope.rcpt_tos[0], message)
            self._mails = [*self._mails[1 - KEPT :], caught]
        return "250 2.0.0 kept"


def free_port() -> int:
    """A free port; aiosmtpd does not return which one it got."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
