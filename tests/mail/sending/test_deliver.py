"""What becomes of a mail at a real SMTP server on this machine, at every stage it can fail."""

# ruff: noqa: ARG002 - aiosmtpd prescribes what its handlers take
import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from ikone_events.mail.sending.deliver import MailConnection
from ikone_events.mail.sending.outcomes import Deferred, Delivered, DeliveryOutcome, Rejected
from ikone_events.mail.settings import SmtpSettings
from tests.patience import PATIENCE, wait_for

CONTENT = b"From: e@x.example\r\nSubject: Hallo\r\n\r\nErste Zeile\r\n.Punkt am Anfang\r\n\r\n"
SENDER = "events@ikone.example.org"
ANNA = "anna@example.org"


class Catcher:
    """A server's manners: `answers` says what it replies at a stage, in order, then it accepts."""

    def __init__(self, **answers: list[str]) -> None:
        self.answers = answers
        self.caught: list[Envelope] = []
        self.connections: set[object] = set()
        self.hang_up = False

    def _next(self, stage: str, good: str) -> str:
        queue = self.answers.get(stage, [])
        return queue.pop(0) if queue else good

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        self.connections.add(session.peer)
        answer = self._next("MAIL", "250 OK")
        if answer.startswith("250"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        answer = self._next("RCPT", "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.hang_up:
            self.hang_up = False
            assert server.transport is not None
            server.transport.abort()
        self.caught.append(envelope)
        return self._next("DATA", "250 2.0.0 Ok: queued as 4F2A")


@contextmanager
def serving(catcher: Catcher, **options: object) -> Iterator[SmtpSettings]:
    controller = Controller(catcher, hostname="127.0.0.1", port=_free_port(), **options)
    controller.start()
    try:
        yield SmtpSettings(host="127.0.0.1", port=controller.port, tls="none", timeout=PATIENCE)
    finally:
        controller.stop()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def speaking(talk: Callable[[socket.socket], None]) -> Iterator[SmtpSettings]:
    """A server that says exactly what `talk` says to each connection, one after another."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                peer.settimeout(PATIENCE)
                talk(peer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    port = listener.getsockname()[1]
    try:
        yield SmtpSettings(host="127.0.0.1", port=port, tls="none", timeout=0.3)
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(PATIENCE)


def deliver_to(settings: SmtpSettings, recipient: str = ANNA) -> DeliveryOutcome:
    with closing(MailConnection(settings)) as connection:
        return connection.deliver(CONTENT, SENDER, recipient)


def test_accepted_mail_is_delivered_untouched() -> None:
    catcher = Catcher()
    with serving(catcher) as settings:
        assert deliver_to(settings) == Delivered("250 2.0.0 Ok: queued as 4F2A")
    (envelope,) = catcher.caught
    assert envelope.content == CONTENT
    assert envelope.mail_from == SENDER
    assert envelope.rcpt_tos == [ANNA]
    assert f"SIZE={len(CONTENT)}" in [option.upper() for option in envelope.mail_options]


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
def test_4xx_at_every_stage_is_deferred_in_the_servers_words(stage: str) -> None:
    with serving(Catcher(**{stage: ["450 4.2.1 Mailbox busy"]})) as settings:
        assert deliver_to(settings) == Deferred("450 4.2.1 Mailbox busy")


@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
def test_5xx_at_every_stage_is_rejected_in_the_servers_words(stage: str) -> None:
    with serving(Catcher(**{stage: ["550 5.1.1 User unknown"]})) as settings:
        assert deliver_to(settings) == Rejected("550 5.1.1 User unknown")


@pytest.mark.parametrize("code", ["451", "452", "499"])
def test_any_4xx_at_data_is_deferred(code: str) -> None:
    with serving(Catcher(DATA=[f"{code} local error"])) as settings:
        assert isinstance(deliver_to(settings), Deferred)


@pytest.mark.parametrize("line", ["550 5.7.1 Sender rejected", "421 4.7.0 Too many e-mails"])
def test_refused_sender_is_about_us_not_about_the_mail(line: str) -> None:
    with serving(Catcher(MAIL=[line])) as settings:
        assert deliver_to(settings) == Deferred(line, server_down=True, about_us=True)


@pytest.mark.parametrize(
    "changes", [{"host": "x" * 64 + ".example"}, {"username": "büro", "password": "geheim"}]
)
def test_host_or_password_that_cannot_be_encoded_is_about_us(changes: dict[str, str]) -> None:
    """Python raises UnicodeError, which is neither OSError nor SMTPException."""
    with serving(Catcher()) as settings:
        outcome = deliver_to(replace(settings, **changes))
    assert isinstance(outcome, Deferred)
    assert outcome.about_us


def test_mail_that_is_too_large_is_rejected() -> None:
    with serving(Catcher(MAIL=["552 5.3.4 Message too big"])) as settings:
        assert deliver_to(settings) == Rejected("552 5.3.4 Message too big")


@pytest.mark.parametrize("code", ["530", "535"])
def test_wish_for_a_login_is_about_us_not_about_the_mail(code: str) -> None:
    with serving(Catcher(MAIL=[f"{code} 5.7.0 Authentication required"])) as settings:
        outcome = deliver_to(settings)
    words = f"{code} 5.7.0 Authentication required"
    assert outcome == Deferred(words, server_down=True, about_us=True)


def test_one_bad_recipient_does_not_hold_up_the_next_mail() -> None:
    catcher = Catcher(RCPT=["550 5.1.1 User unknown"])
    with serving(catcher) as settings, closing(MailConnection(settings)) as connection:
        assert isinstance(connection.deliver(CONTENT, SENDER, "weg@example.org"), Rejected)
        assert isinstance(connection.deliver(CONTENT, SENDER, ANNA), Delivered)
    assert [envelope.rcpt_tos for envelope in catcher.caught] == [[ANNA]]
    assert len(catcher.connections) == 1


def test_connection_is_used_for_many_mails_and_renewed_now_and_then() -> None:
    catcher = Catcher()
    with serving(catcher) as settings:
        short = replace(settings, mails_per_connection=3)
        with closing(MailConnection(short)) as connection:
            for _ in range(7):
                assert isinstance(connection.deliver(CONTENT, SENDER, ANNA), Delivered)
    assert len(catcher.caught) == 7
    assert len(catcher.connections) == 3


def test_connection_dropped_after_data_is_deferred_and_opened_again() -> None:
    catcher = Catcher()
    catcher.hang_up = True
    with serving(catcher) as settings, closing(MailConnection(settings)) as connection:
        assert isinstance(connection.deliver(CONTENT, SENDER, ANNA), Deferred)
        assert isinstance(connection.deliver(CONTENT, SENDER, ANNA), Delivered)
    assert len(catcher.connections) == 2


def test_connection_lost_between_mails_costs_no_mail() -> None:
    catcher = Catcher()
    with serving(catcher) as settings, closing(MailConnection(settings)) as connection:
        assert isinstance(connection.deliver(CONTENT, SENDER, ANNA), Delivered)
        assert connection.host is not None
        assert connection.host.sock is not None
        connection.host.sock.shutdown(socket.SHUT_RDWR)
        assert isinstance(connection.deliver(CONTENT, SENDER, ANNA), Delivered)
    assert len(catcher.caught) == 2


def test_refused_connection_is_deferred_and_states_that_the_server_is_down() -> None:
    outcome = deliver_to(SmtpSettings(host="127.0.0.1", port=_free_port(), tls="none"))
    assert isinstance(outcome, Deferred)
    assert outcome.server_down
    assert "refused" in outcome.words.lower()


def test_unknown_host_is_deferred() -> None:
    outcome = deliver_to(SmtpSettings(host="nirgends.invalid", port=25, tls="none"))
    assert isinstance(outcome, Deferred)
    assert outcome.server_down


def test_silent_server_is_left_after_the_time_limit() -> None:
    silence = threading.Event()
    with speaking(lambda _: bool(silence.wait(2)) and None) as settings:
        outcome = deliver_to(settings)
        silence.set()
    assert isinstance(outcome, Deferred)
    assert outcome.server_down
    assert "timed out" in outcome.words


@pytest.mark.parametrize("greeting", [b"554 no service here\r\n", b"421 busy\r\n", b"Hallo?\r\n"])
def test_unfriendly_greeting_never_rejects_the_mail(greeting: bytes) -> None:
    with speaking(lambda peer: peer.sendall(greeting)) as settings:
        outcome = deliver_to(settings)
    assert isinstance(outcome, Deferred)
    assert outcome.server_down


def test_servers_words_are_one_clean_line() -> None:
    with serving(Catcher(RCPT=["550-5.1.1 Nein\r\n550 danke\x07 " + "x" * 900])) as settings:
        outcome = deliver_to(settings)
    assert isinstance(outcome, Rejected)
    assert outcome.words.startswith("550 5.1.1 Nein danke xxx")
    assert len(outcome.words) <= 500


def test_wrong_password_is_deferred() -> None:
    def no_login(*_: object) -> AuthResult:
        return AuthResult(success=False, handled=False)

    with serving(Catcher(), authenticator=no_login, auth_require_tls=False) as settings:
        outcome = deliver_to(replace(settings, username="events", password="falsch"))
    assert isinstance(outcome, Deferred)
    assert outcome.server_down
    assert outcome.words.startswith("535")


def test_right_password_is_used() -> None:
    seen: list[LoginPassword] = []

    def login(
        server: SMTP, session: Session, envelope: Envelope, how: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        seen.append(data)
        return AuthResult(success=True)

    with serving(Catcher(), authenticator=login, auth_require_tls=False) as settings:
        outcome = deliver_to(replace(settings, username="events", password="geheim"))
    assert isinstance(outcome, Delivered)
    assert [(login.login, login.password) for login in seen] == [(b"events", b"geheim")]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_server_without_tls_gets_no_mail(tls: str) -> None:
    catcher = Catcher()
    with serving(catcher) as settings:
        outcome = deliver_to(replace(settings, tls=tls, timeout=1))
    assert isinstance(outcome, Deferred)
    assert outcome.server_down
    assert catcher.caught == []


@pytest.mark.parametrize("recipient", ["a@b\r\nRCPT TO:<x@y>", "a b@c.de", "<a@b.de>", "anna", ""])
def test_unfit_recipient_is_rejected_without_a_word_to_the_server(recipient: str) -> None:
    outcome = deliver_to(SmtpSettings(host="127.0.0.1", port=1, tls="none"), recipient)
    assert isinstance(outcome, Rejected)


def test_unfit_sender_is_our_fault_not_the_mails() -> None:
    connection = MailConnection(SmtpSettings(host="127.0.0.1", port=1, tls="none"))
    outcome = connection.deliver(CONTENT, "events", ANNA)
    assert isinstance(outcome, Deferred)
    assert outcome.server_down


def test_foreign_domain_is_addressed_in_ascii() -> None:
    catcher = Catcher()
    with serving(catcher) as settings:
        assert isinstance(deliver_to(settings, "amt@dörfer.example"), Delivered)
    assert catcher.caught[0].rcpt_tos == ["amt@xn--drfer-jua.example"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://127.0.0.1:2525?tls=none", ("127.0.0.1", 2525, "", "", "none")),
        ("smtp://mail.example.org", ("mail.example.org", 587, "", "", "starttls")),
        ("smtp://mail.example.org/?tls=implicit", ("mail.example.org", 465, "", "", "implicit")),
        ("smtp://u%40x:p%3A%2F@h:26?tls=starttls", ("h", 26, "u@x", "p:/", "starttls")),
        ("smtp://[::1]:25?tls=none", ("::1", 25, "", "", "none")),
    ],
)
def test_settings_from_url(url: str, expected: tuple[object, ...]) -> None:
    read = SmtpSettings.from_url(url)
    assert (read.host, read.port, read.username, read.password, read.tls) == expected
    assert read.timeout == 30


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "must look like"),
        ("smtps://h", "must look like"),
        ("http://h", "must look like"),
        ("smtp://", "must look like"),
        ("smtp://h:99999", "port"),
        ("smtp://h:0", "port"),
        ("smtp://h:abc", "port"),
        ("smtp://h?tls=maybe", "starttls, none or implicit"),
        ("smtp://h?tls", "starttls, none or implicit"),
        ("smtp://h?ssl=1", "'ssl'"),
        ("smtp://u@h", "user without a password"),
        ("smtp://:geheim@h", "password without a user"),
        ("smtp://u:geheim@h/inbox", "after host and port"),
    ],
)
def test_bad_url_is_explained_without_the_password(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refused:
        SmtpSettings.from_url(url)
    assert "geheim" not in str(refused.value)


def test_settings_do_not_show_the_password() -> None:
    assert "geheim" not in repr(SmtpSettings.from_url("smtp://u:geheim@h"))


def test_server_that_drips_is_left_at_the_deadline() -> None:
    def drip(peer: socket.socket) -> None:
        with suppress(OSError):
            for byte in b"220-" + b"x" * 500:
                peer.sendall(bytes([byte]))
                threading.Event().wait(0.05)

    with speaking(drip) as settings:
        outcome = deliver_to(replace(settings, mail_seconds=0.5))
    assert isinstance(outcome, Deferred)
    assert "timed out" in outcome.words


def test_answer_to_the_content_is_waited_for_longer_than_others() -> None:
    class Slow(Catcher):
        async def handle_DATA(  # noqa: N802 - aiosmtpd's name
            self, server: SMTP, session: Session, envelope: Envelope
        ) -> str:
            await asyncio.to_thread(wait_for, is_patient)
            return await super().handle_DATA(server, session, envelope)

    def is_patient() -> bool:
        sock = connection.host and connection.host.sock
        return sock is not None and (sock.gettimeout() or 0) > PATIENCE

    catcher = Slow()
    with serving(catcher) as settings:
        patient = replace(settings, mail_seconds=10 * PATIENCE)
        with closing(MailConnection(patient)) as connection:
            assert isinstance(connection.deliver(CONTENT, SENDER, ANNA), Delivered)
    assert len(catcher.caught) == 1
