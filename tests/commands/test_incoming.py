"""What `incoming read` says about mails that programs had trouble with."""

import json

from click.testing import CliRunner

from ikone_events.commands.incoming import incoming
from tests.foreign_mails import EVA, FOREIGN

LOOK, NONE = ("look", "", False, False, ""), ("none", "", False, False, "")
SAID = {
    "bounce-group-rejects": LOOK,
    "bounce-plain-1und1-gmx": LOOK,
    "bounce-plain-qmail": LOOK,
    "counter-two-attendees": ("answer", "TENTATIVE", False, False, EVA),
    "dsn-5.0.0-with-450": ("bounce", "5.0.0", True, False, EVA),
    "dsn-failed-4xx": ("bounce", "4.4.7", True, False, EVA),
    "dsn-global": ("bounce", "5.1.1", True, True, EVA),
    "dsn-mailbox-full-5.2.2": ("bounce", "5.2.2", True, False, EVA),
    "dsn-no-status": ("bounce", "5.1.1", True, True, EVA),
    "dsn-policy-5.7.26": ("bounce", "5.7.26", True, False, EVA),
    "dsn-space-before-colon": ("bounce", "5.1.1", True, True, EVA),
    "foreign-reply-two-attendees": ("answer", "ACCEPTED", False, False, "a@kreis.example"),
    "foreign-request-250-attendees": NONE,
    "reply-backslash-quote-in-cn": ("answer", "DECLINED", False, False, EVA),
    "reply-fold-inside-utf8": ("answer", "TENTATIVE", False, False, EVA),
    "reply-two-attendees": ("answer", "DECLINED", False, False, EVA),
    "reply-unquoted-sent-by": ("answer", "ACCEPTED", False, False, EVA),
}
NAMES = ("kind", "status", "lost", "marks_address", "attendee")


def test_each_mail_is_described_in_a_line() -> None:
    files = [str(path) for path in sorted(FOREIGN.glob("*.eml"))]
    lines = CliRunner().invoke(incoming, ["read", *files]).output.splitlines()
    said = dict(zip(sorted(SAID), map(json.loads, lines), strict=True))
    assert {name: tuple(map(line.get, NAMES)) for name, line in said.items()} == SAID
    assert [line["file"] for line in said.values()] == files
    assert said["reply-fold-inside-utf8"]["comment"] == "Leider verhindert, Frau Müller kommt"
    assert "DMARC policy" in said["dsn-policy-5.7.26"]["comment"]


def test_file_that_is_not_there_is_refused() -> None:
    assert CliRunner().invoke(incoming, ["read", "nothing.eml"]).exit_code != 0
