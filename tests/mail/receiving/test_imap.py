"""The mailbox behind IMAP: a real Dovecot, and servers that misbehave."""

from dataclasses import replace

import pytest

from ikone_events.demo.catcher import free_port
from ikone_events.mail.receiving.imap import MailboxFaultError, MailRefusedError, open_mailbox
from ikone_events.mail.settings import ImapSettings
from tests.dovecot import Dovecot, Postbox, dovecot
from tests.factories import NOW
from tests.foreign_mails import exchange, human
from tests.scripted_imap import DROP, ENDLESS, SILENT, ScriptedImap

DONE = "Ikone/processed"


@pytest.fixture
def box() -> Postbox:
    return dovecot().mailbox()


def settings(url: str, **changes: float) -> ImapSettings:
    return replace(ImapSettings.from_url(url), **changes)


def fault(url: str, **changes: float) -> str:
    """Why a mailbox can't be read."""
    with pytest.raises(MailboxFaultError) as found, open_mailbox(settings(url, **changes)) as box:
        box.arrived(after=0, since=None)
    assert "geheim-42" not in str(found.value)
    return str(found.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("imaps://eva:pw@h", ("h", 993, "eva", "pw", "implicit", "INBOX")),
        ("imaps://e%40x.org:p%3A%2F@h:1993/A/B", ("h", 1993, "e@x.org", "p:/", "implicit", "A/B")),
        ("imap://eva:pw@h/", ("h", 143, "eva", "pw", "starttls", "INBOX")),
        ("imap://eva:pw@[::1]:9/R%C3%BCck?tls=none", ("::1", 9, "eva", "pw", "none", "Rück")),
    ],
)
def test_address_is_taken_apart(url: str, expected: tuple[object, ...]) -> None:
    read = ImapSettings.from_url(url)
    assert (read.host, read.port, read.username, read.password, read.tls, read.folder) == expected
    assert read.password not in repr(read)
    assert read.password not in read.name


def test_folders_can_be_named() -> None:
    read = ImapSettings.from_url("imaps://e:p@h?processed=Erledigt&failed=Kaputt/Alt")
    assert (read.processed, read.failed) == ("Erledigt", "Kaputt/Alt")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://h", "must look like"),
        ("imaps://e:p@", "must look like"),
        ("imaps://e:p@h#x", "must look like"),
        ("imaps://h", "no user or no password"),
        ("imaps://e@h", "no user or no password"),
        ("imaps://e:p@h?tls=none", "always encrypted"),
        ("imap://e:p@h?tls=maybe", "starttls or none"),
        ("imaps://e:p@h?Tls=none", "unknown option 'Tls'"),
        ("imaps://e:p@h:0", "port"),
        ("imaps://e:p@h:99999", "port"),
        ("imaps://e:p@h?processed=", "without a name"),
        ("imaps://e:p@h?failed=a%0Ab", "control characters"),
        ("imaps://e:p@h?processed=Inbox", "folder that is read"),
    ],
)
def test_address_that_makes_no_sense_is_refused(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ImapSettings.from_url(url)


@pytest.mark.imap
def test_mails_are_looked_at_without_marking_them(box: Postbox) -> None:
    box.put(exchange())
    with open_mailbox(settings(box.url)) as mailbox:
        (uid,) = mailbox.arrived(after=0, since=None)
        mailbox.fetch_infos([uid, 99])
        info = mailbox.info(uid)
        assert info is not None
        assert (info.size, info.received_at) == (len(exchange()), NOW)
        assert mailbox.info(99) is None
        assert mailbox.content(uid, 1_000_000) == exchange()
        assert mailbox.content(uid, 10) == exchange()[:10]
        assert mailbox.content(99, 10) == b""
        assert mailbox.arrived(after=uid, since=None) == []
        assert mailbox.arrived(after=0, since=NOW.replace(month=4)) == []
    assert [flags for _subject, flags in box.seen()] == [""]


@pytest.mark.imap
@pytest.mark.parametrize(
    ("capabilities", "prefix"),
    [("", "INBOX."), ("IMAP4rev1 NAMESPACE UIDPLUS", "INBOX."), ("IMAP4rev1", "")],
)
def test_one_mail_is_moved_and_others_marked_by_people_stay(capabilities: str, prefix: str) -> None:
    """With and without MOVE and UIDPLUS; a folder below INBOX where the server wants it there."""
    hidden = f"imap_capability = {capabilities}" if capabilities else ""
    server = Dovecot(separator=".", prefix=prefix, more=hidden).start()
    try:
        box = server.mailbox()
        for subject in ("one", "two", "three"):
            box.put(human(subject))
        box.change(("select",), ("store", "1", "+FLAGS", r"(\Deleted)"), ("unselect",))
        with open_mailbox(settings(box.url)) as mailbox:
            first, second, third = mailbox.arrived(after=0, since=None)
            mailbox.move(second, DONE)
            assert mailbox.arrived(after=first, since=None)[-1] == third
        assert f"{prefix}Ikone.processed" in box.folders()
        assert box.subjects(f"{prefix}Ikone.processed") == ["two"]
        left = dict(box.seen())
        assert left.pop("two", r"\Deleted") == r"\Deleted"
        assert left == {"one": r"\Deleted", "three": ""}
    finally:
        server.remove()


@pytest.mark.imap
def test_own_folder_is_read_and_its_name_may_have_umlauts(box: Postbox) -> None:
    box.change(("create", '"R&APw-ck"'))
    box.put(human("there"), folder='"R&APw-ck"')
    with open_mailbox(settings(box.address(folder="R%C3%BCck"))) as mailbox:
        (uid,) = mailbox.arrived(after=0, since=None)
        mailbox.move(uid, "Erledigt/Früher")
    assert box.subjects("Erledigt/Fr&APw-her") == ["there"]


@pytest.mark.imap
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_certificate_of_the_server_is_looked_at(
    box: Postbox, tls: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = box.server.tls_port if tls == "implicit" else box.server.port
    known = replace(settings(box.url), host="localhost", port=port, tls=tls)
    with pytest.raises(MailboxFaultError, match="certificate"), open_mailbox(known):
        pass
    monkeypatch.setenv("SSL_CERT_FILE", str(box.server.certificate))
    with open_mailbox(known) as mailbox:
        assert mailbox.arrived(after=0, since=None) == []


@pytest.mark.imap
def test_wrong_password_and_missing_folder_are_reported(box: Postbox) -> None:
    assert "Authentication failed" in fault(box.address(password="geheim-42"))
    assert "doesn't exist" in fault(box.address(folder="Nirgends"))


def test_server_that_is_not_there_is_reported() -> None:
    assert "refused" in fault(f"imap://eva:geheim-42@127.0.0.1:{free_port()}?tls=none")
    assert fault("imap://eva:geheim-42@nirgends.invalid?tls=none")


@pytest.mark.parametrize("stage", ["CONNECT", "LOGIN", "SELECT", "SEARCH"])
def test_server_that_falls_silent_or_hangs_up_is_left(stage: str) -> None:
    for act in (SILENT, DROP):
        with ScriptedImap(lambda name, act=act: act if name == stage else None) as server:
            assert fault(server.url, timeout=0.2)


def test_server_that_drips_is_left_at_the_end_of_the_look() -> None:
    """Each of its answers comes in time; together they would take for ever."""
    with ScriptedImap(lambda name: ENDLESS if name == "SEARCH" else None) as server:
        assert fault(server.url, look_seconds=0.3)


def test_password_that_a_server_repeats_is_not_reported() -> None:
    def script(name: str) -> str | None:
        return 'TAG NO I do not know "geheim-42"' if name == "LOGIN" else None

    with ScriptedImap(script) as server:
        assert fault(server.url) == 'I do not know "…"'


@pytest.mark.parametrize("said", ["* SEARCH a b", "* SEARCH (((", "* SEARCH 1 {5}", "\x00"])
def test_nonsense_of_a_server_is_a_fault(said: str) -> None:
    with ScriptedImap(lambda name: said if name == "SEARCH" else None) as server:
        assert fault(server.url, timeout=0.3)


def test_mail_that_the_server_keeps_back_is_no_end_of_the_reading() -> None:
    def script(name: str) -> str | None:
        return "TAG NO [OVERQUOTA] full" if name in ("MOVE", "FETCH") else None

    with ScriptedImap(script) as server, open_mailbox(settings(server.url)) as mailbox:
        with pytest.raises(MailRefusedError, match="full"):
            mailbox.move(1, DONE)
        with pytest.raises(MailRefusedError, match="full"):
            mailbox.content(1, 100)
        mailbox.arrived(after=0, since=None)
