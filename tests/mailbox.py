"""A real SMTP server on loopback that keeps mails and answers as a test tells it to.

When it is closed, every calendar object that arrived is read by `tests/calendar_oracle.py`, and so
is the order in which they arrived.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from ikone_events.demo.catcher import free_port
from tests.calendar_oracle import checked_mail, order_complaints


@dataclass(frozen=True)
class Received:
    """One mail as it arrived."""

    recipient: str
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    def part(self, content_type: str) -> bytes | None:
        """The decoded bytes of the first part of a type."""
        for part in self.message.walk():
            if part.get_content_type() == content_type:
                payload = part.get_payload(decode=True)
                return payload if isinstance(payload, bytes) else None
        return None

    @property
    def text(self) -> str:
        return (self.part("text/plain") or b"").decode()

    @property
    def calendar(self) -> bytes | None:
        return self.part("text/calendar")

    def check_calendar(self) -> None:
        """Assert that the calendar object is sound and belongs to this mail."""
        for part in self.message.walk():
            if part.get_content_type() == "text/calendar":
                checked_mail(
                    part.get_payload(decode=True),  # type: ignore[arg-type]
                    method=str(part.get_param("method")),
                    attendee=self.recipient,
                    organiser=self.message["From"].addresses[0].addr_spec,
                )


@dataclass
class Mailbox:
    """`answer` may return an SMTP line such as "451 later" for a recipient, else None."""

    answer: Callable[[str], str | None] = lambda _recipient: None
    received: list[Received] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self._controller.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._controller.stop()
        for mail in self.received:
            mail.check_calendar()
        objects = [mail.calendar for mail in self.received]
        assert order_complaints(data for data in objects if data is not None) == ()

    @property
    def url(self) -> str:
        """What IKONE_SMTP_URL would be."""
        return f"smtp://127.0.0.1:{self._controller.port}?tls=none"

    def to(self, recipient: str) -> list[Received]:
        """What one person got, in order."""
        return [mail for mail in self.received if mail.recipient == recipient]

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if line := self.answer(address):
            return line
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=policy.default)
        self.received.append(Received(envelope.rcpt_tos[0], message))
        return "250 2.0.0 kept"
