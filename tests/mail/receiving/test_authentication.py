"""Whom our own mail server vouches for: nothing else is believed."""

from datetime import UTC, datetime

import pytest

from ikone_events.mail.receiving import receive
from tests.foreign_mails import exchange

AT = datetime(2026, 3, 2, 9, 16, tzinfo=UTC)
OURS = "mx.example.org"
PASS = "Authentication-Results: mx.example.org; dmarc=pass header.from=trier.example"
HOP = "Received: from a.example by b.example; Mon, 2 Mar 2026 10:15:00 +0100"


def vouched(*headers: str, ours: str = OURS, raw: bytes = b"") -> bool:
    head = "".join(f"{line}\r\n" for line in headers).encode()
    found = receive(head + (raw or exchange()), received_at=AT, authserv_id=ours)
    assert found is not None
    return found.envelope.authenticated


@pytest.mark.parametrize(
    "header",
    [
        PASS,
        "Authentication-Results: MX.example.org 1; dmarc=pass header.from=trier.example",
        'Authentication-Results: "mx.example.org"; dmarc=pass header.from="trier.example"',
        (
            "Authentication-Results: mx.example.org;\r\n\tspf=fail smtp.mailfrom=x@y.z;\r\n"
            "\tdkim=pass header.d=trier.example;\r\n"
            "\tdmarc=pass (p=REJECT) header.from=Trier.example"
        ),
        (
            "Authentication-Results: mx.example.org (a (nested; dmarc=fail) comment\\) here);"
            ' dmarc/1 = pass reason="all; is = well" header.from=trier.example policy.dmarc=none'
        ),
        'Authentication-Results: (") mx.example.org; dmarc=pass (") header.from=trier.example',
    ],
    ids=["plain", "version", "quoted", "folded", "comments", "quote-in-comment"],
)
def test_pass_for_the_senders_domain_is_believed(header: str) -> None:
    assert vouched(header)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Authentication-Results: mx.example.org; none",
        "Authentication-Results: mx.example.org; dmarc=fail header.from=trier.example",
        "Authentication-Results: mx.example.org; dmarc=pass header.from=evil.example",
        "Authentication-Results: mx.example.org; dmarc=pass header.from=x.trier.example",
        "Authentication-Results: mx.example.org; dmarc=pass",
        "Authentication-Results: mx.example.org; dmarc=pass header.d=trier.example",
        "Authentication-Results: mx.example.org; dkim=pass header.from=trier.example",
        'Authentication-Results: mx.example.org; x="; dmarc=pass header.from=trier.example',
        "Authentication-Results: mx.example.org; x=y (dmarc=pass header.from=trier.example)",
        'Authentication-Results: mx.example.org; x="a; dmarc=pass header.from=trier.example"',
        "Authentication-Results: mx.example.org; (dmarc=pass header.from=trier.example",
        (
            "Authentication-Results: mx.example.org; dmarc=pass header.from=evil.example"
            " header.from=trier.example"
        ),
        (
            "Authentication-Results: mx.example.org; dmarc=fail header.from=trier.example;"
            " dmarc=pass header.from=trier.example"
        ),
        "Authentication-Results: mx.example.org; dmarc=pass header.from=trier.example, more",
        "Authentication-Results: mx.example.org; dmarc==pass header.from=trier.example",
        "Authentication-Results: evil.example; dmarc=pass header.from=trier.example",
        "Authentication-Results: mx.example.org.evil.example; dmarc=pass header.from=trier.example",
        "Authentication-Results: spf=pass; dmarc=pass header.from=trier.example",
        "Authentication-Results: (mx.example.org) x; dmarc=pass header.from=trier.example",
        "X-Authentication-Results: mx.example.org; dmarc=pass header.from=trier.example",
        "ARC-Authentication-Results: i=1; mx.example.org; dmarc=pass header.from=trier.example",
    ],
)
def test_anything_else_is_not_believed(header: str) -> None:
    assert not vouched(*filter(None, [header]))


def test_without_a_name_of_our_own_nobody_is_believed() -> None:
    assert not vouched(PASS, ours="")
    assert not vouched("Authentication-Results: ; dmarc=pass header.from=trier.example", ours="")


def test_only_the_topmost_of_our_servers_headers_counts() -> None:
    fail = PASS.replace("=pass", "=fail")
    assert not vouched(fail, HOP, PASS)
    assert not vouched("Authentication-Results: mx.example.org; spf=pass", HOP, PASS)
    assert vouched(PASS, HOP, fail)
    assert vouched(HOP, PASS, HOP, fail)


def test_two_headers_of_one_hop_belong_together() -> None:
    dkim = "Authentication-Results: mx.example.org; dkim=pass header.d=trier.example"
    foreign = "Authentication-Results: evil.example; dmarc=fail header.from=trier.example"
    assert vouched(dkim, foreign, PASS, HOP)
    assert not vouched(PASS, PASS.replace("=pass", "=fail"), HOP)


@pytest.mark.parametrize(
    "sender",
    [
        "From: eva@trier.example\r\nFrom: eve@evil.example",
        "From: eve@evil.example\r\nFrom: eva@trier.example",
        "From: eve@evil.example, eva@trier.example",
        "From: eve@evil.example <eva@trier.example>",
        "From: eva@trier.example, <eve@evil.example>",
        "From: <eva@trier.example> eve@evil.example",
    ],
)
def test_mail_with_several_senders_is_nobodys(sender: str) -> None:
    raw = exchange().replace(b"From: Eva Muster <eva.muster@trier.example>", sender.encode())
    assert not vouched(PASS, raw=raw)
    assert not vouched(PASS.replace("trier", "evil"), raw=raw)
