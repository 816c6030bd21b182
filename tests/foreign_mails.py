"""Mails as calendars, mail servers and absent people send them, written by us after what they do.

Each maker gives the bytes of one mail. `PROGRAMS` makes the same answer as each program words it:
parts, transfer encodings, charsets, zones, and what it leaves out.
"""

from base64 import encodebytes
from collections.abc import Callable
from pathlib import Path
from quopri import encodestring
from textwrap import wrap
from zlib import crc32

UID = "0b9f7e1c-6a54-4e0b-9f0a-3c6a0d2f7b11@localhost"
MAIL = "<7d0b3a5e9c1f4e6b8a2d@localhost>"
EVA = "eva.muster@trier.example"
US = "events@example.org"
FOREIGN = Path(__file__).parent / "mail" / "receiving" / "foreign"


def exchange(uid: str = UID, person: str = EVA, partstat: str = "ACCEPTED", **more: str) -> bytes:
    """Exchange Online and Outlook: base64, a Windows zone, no ORGANIZER, a localised subject."""
    words = {"ACCEPTED": "Zugesagt", "DECLINED": "Abgelehnt", "TENTATIVE": "Mit Vorbehalt"}
    lines = [
        *("BEGIN:VCALENDAR", f"METHOD:{more.get('method', 'REPLY')}"),
        *("PRODID:Microsoft Exchange Server 2010", "VERSION:2.0"),
        *("BEGIN:VTIMEZONE", "TZID:W. Europe Standard Time", "BEGIN:STANDARD"),
        *("DTSTART:16010101T030000", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100"),
        "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10",
        *("END:STANDARD", "BEGIN:DAYLIGHT", "DTSTART:16010101T020000", "TZOFFSETFROM:+0100"),
        *("TZOFFSETTO:+0200", "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3"),
        *("END:DAYLIGHT", "END:VTIMEZONE", "BEGIN:VEVENT"),
        f"ATTENDEE;PARTSTAT={partstat};CN=Eva Muster:mailto:{person}",
        *([f"COMMENT;LANGUAGE=de-DE:{more['comment']}"] if "comment" in more else []),
        f"UID:{uid}",
        "SUMMARY;LANGUAGE=de-DE:Zugesagt: Digitale Dörfer",
        f"DTSTART;TZID=W. Europe Standard Time:{more.get('starts', '20260316T100000')}",
        f"DTEND;TZID=W. Europe Standard Time:{more.get('ends', '20260316T120000')}",
        *("CLASS:PUBLIC", "PRIORITY:5", f"DTSTAMP:{more.get('stamp', '20260302T091500Z')}"),
        *("TRANSP:OPAQUE", "STATUS:CONFIRMED", f"SEQUENCE:{more.get('sequence', '0')}"),
        *("LOCATION;LANGUAGE=de-DE:Online", "X-MICROSOFT-CDO-APPT-SEQUENCE:0"),
        *("X-MICROSOFT-CDO-OWNERAPPTID:-1", "X-MICROSOFT-CDO-BUSYSTATUS:BUSY"),
        *("BEGIN:VALARM", "DESCRIPTION:REMINDER", "TRIGGER;RELATED=START:-PT15M"),
        *("ACTION:DISPLAY", "END:VALARM", "END:VEVENT", "END:VCALENDAR", ""),
    ]
    return mail(
        {
            "From": f"Eva Muster <{person}>",
            "Subject": f"=?iso-8859-1?Q?{words.get(partstat, partstat)}:_Digitale_D=F6rfer?=",
            "Thread-Topic": "Digitale Dörfer",
            "X-MS-Exchange-Inbox-Rules-Loop": person,
            "Content-Type": 'multipart/alternative; boundary="_000_DB9PR01"',
        },
        _multipart(
            "_000_DB9PR01",
            part("text/plain; charset=iso-8859-1", b"", "quoted-printable"),
            part(
                f'text/calendar; charset="utf-8"; method={more.get("method", "REPLY")}',
                _ical(lines),
                "base64",
            ),
        ),
    )


def google(uid: str = UID, person: str = EVA, partstat: str = "ACCEPTED", **more: str) -> bytes:
    """Google: the object twice, in the alternative and as application/ics."""
    lines = [
        *("BEGIN:VCALENDAR", "PRODID:-//Google Inc//Google Calendar 70.9054//EN"),
        *("VERSION:2.0", "CALSCALE:GREGORIAN", f"METHOD:{more.get('method', 'REPLY')}"),
        *("BEGIN:VEVENT", f"DTSTART:{more.get('starts', '20260316T090000Z')}"),
        f"DTEND:{more.get('ends', '20260316T110000Z')}",
        f"DTSTAMP:{more.get('stamp', '20260302T091500Z')}",
        f"ORGANIZER;CN=IKONE DS:mailto:{US}",
        f"UID:{uid}",
        f"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={partstat};CN={person}",
        f" ;X-NUM-GUESTS=0:mailto:{person}",
        *([f"COMMENT:{more['comment']}"] if "comment" in more else []),
        *("CREATED:20260301T120000Z", "DESCRIPTION:Der Text\\nder Einladung"),
        *("LAST-MODIFIED:20260302T091500Z", "LOCATION:Online"),
        *(f"SEQUENCE:{more.get('sequence', '0')}", "STATUS:CONFIRMED"),
        *("SUMMARY:Digitale Dörfer", "TRANSP:OPAQUE", "END:VEVENT", "END:VCALENDAR", ""),
    ]
    method = more.get("method", "REPLY")
    return mail(
        {
            "From": f'"{person} (Google Kalender)" <{person}>',
            "Sender": "Google Calendar <calendar-notification@google.com>",
            "Subject": "Accepted: Digitale =?UTF-8?Q?D=C3=B6rfer?= @ Mon Mar 16, 2026",
            "Auto-Submitted": "auto-generated",
            "Content-Type": 'multipart/mixed; boundary="0000mixed"',
        },
        _multipart(
            "0000mixed",
            part(
                'multipart/alternative; boundary="0000alt"',
                _multipart(
                    "0000alt",
                    part('text/plain; charset="UTF-8"; format=flowed', b"Eva has accepted."),
                    part('text/html; charset="UTF-8"', b"<p>Eva has accepted.</p>"),
                    part(f'text/calendar; charset="UTF-8"; method={method}', _ical(lines)),
                ),
            ),
            part('application/ics; name="invite.ics"', _ical(lines), "base64"),
        ),
    )


def apple(uid: str = UID, person: str = EVA, partstat: str = "ACCEPTED", **more: str) -> bytes:
    """Apple Mail: quoted-printable, the address as the parameter EMAIL, SCHEDULE-STATUS aside."""
    lines = [
        *("BEGIN:VCALENDAR", "CALSCALE:GREGORIAN", f"METHOD:{more.get('method', 'REPLY')}"),
        *("PRODID:-//Apple Inc.//macOS 14.4//EN", "VERSION:2.0", "BEGIN:VEVENT"),
        f'ATTENDEE;CN="Eva Muster";CUTYPE=INDIVIDUAL;EMAIL="{person}";PARTSTAT={partstat}:',
        f" MAILTO:{person}",
        *([f"COMMENT:{more['comment']}"] if "comment" in more else []),
        *("CREATED:20260301T120000Z", "DTEND:20260316T110000Z"),
        *(f"DTSTAMP:{more.get('stamp', '20260302T091500Z')}", "DTSTART:20260316T090000Z"),
        *(f'ORGANIZER;CN="IKONE DS":mailto:{US}', f"SEQUENCE:{more.get('sequence', '0')}"),
        *("SUMMARY:Digitale Dörfer", f"UID:{uid}", "END:VEVENT", "END:VCALENDAR", ""),
    ]
    return mail(
        {
            "From": f"Eva Muster <{person}>",
            "Subject": "Accepted: Digitale =?utf-8?Q?D=C3=B6rfer?=",
            "Content-Type": "multipart/alternative; boundary=Apple-Mail-1",
        },
        _multipart(
            "Apple-Mail-1",
            part("text/plain; charset=us-ascii", b"Eva Muster accepted your invitation"),
            part(
                f"text/calendar; method={more.get('method', 'REPLY')}; charset=UTF-8",
                _ical(lines),
                "quoted-printable",
            ),
        ),
    )


def thunderbird(
    uid: str = UID, person: str = EVA, partstat: str = "ACCEPTED", **more: str
) -> bytes:
    """Thunderbird: 8bit, mixed > alternative > plain and calendar, and once more as a file."""
    lines = [
        *("BEGIN:VCALENDAR", "PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN"),
        *("VERSION:2.0", f"METHOD:{more.get('method', 'REPLY')}", "BEGIN:VEVENT"),
        *(f"UID:{uid}", f"DTSTAMP:{more.get('stamp', '20260302T091500Z')}"),
        *("SUMMARY:Digitale Dörfer", "DTSTART:20260316T090000Z", "DTEND:20260316T110000Z"),
        *(f"SEQUENCE:{more.get('sequence', '0')}", f"ORGANIZER;CN=IKONE DS:mailto:{US}"),
        f"ATTENDEE;CN=Eva Muster;PARTSTAT={partstat};ROLE=REQ-PARTICIPANT:mailto:{person}",
        *([f"COMMENT:{more['comment']}"] if "comment" in more else []),
        *("END:VEVENT", "END:VCALENDAR", ""),
    ]
    kind = f"text/calendar; method={more.get('method', 'REPLY')}; charset=UTF-8"
    return mail(
        {
            "From": f"Eva Muster <{person}>",
            "Subject": "Einladungsantwort (Angenommen): Digitale =?UTF-8?Q?D=C3=B6rfer?=",
            "Content-Type": 'multipart/mixed; boundary="--mixed42"',
        },
        _multipart(
            "--mixed42",
            part(
                'multipart/alternative; boundary="--alt42"',
                _multipart(
                    "--alt42",
                    part("text/plain; charset=UTF-8", "Eva hat zugesagt. Grüße".encode(), "8bit"),
                    part(kind, _ical(lines), "8bit"),
                ),
            ),
            part('application/ics; name="invite.ics"', _ical(lines), "8bit"),
        ),
    )


def tutanota(uid: str = UID, person: str = EVA, partstat: str = "ACCEPTED", **more: str) -> bytes:
    """Tutanota: a SEQUENCE of its own, one higher than the invitation's."""
    more.setdefault("sequence", "1")
    return thunderbird(uid, person, partstat, **more).replace(
        b"Mozilla.org/NONSGML Mozilla Calendar V1.1", b"Tutao GmbH//Tutanota 3.118"
    )


Maker = Callable[..., bytes]
PROGRAMS: dict[str, Maker] = {
    "exchange": exchange,
    "google": google,
    "apple": apple,
    "thunderbird": thunderbird,
    "tutanota": tutanota,
}


def postfix_bounce(
    outbox_mail: str = MAIL, recipient: str = EVA, status: str = "5.1.1", action: str = "failed"
) -> bytes:
    """Postfix: the whole mail comes back."""
    code = status.replace(".", "")
    return mail(
        {
            "Return-Path": "<>",
            "From": "MAILER-DAEMON@mx.example.org (Mail Delivery System)",
            "Subject": "Undelivered Mail Returned to Sender",
            "Auto-Submitted": "auto-replied",
            "Content-Type": "multipart/report; report-type=delivery-status;\n boundary=PF1",
        },
        _multipart(
            "PF1",
            part("text/plain; charset=us-ascii", b"I'm sorry to have to inform you"),
            part(
                "message/delivery-status",
                _lines(
                    "Reporting-MTA: dns; mx.example.org",
                    "X-Postfix-Queue-ID: 4Abc",
                    "Arrival-Date: Mon,  2 Mar 2026 10:00:00 +0100 (CET)",
                    "",
                    f"Final-Recipient: rfc822; {recipient}",
                    f"Original-Recipient: rfc822;{recipient}",
                    f"Action: {action}",
                    f"Status: {status}",
                    "Remote-MTA: dns; mx.trier.example",
                    f"Diagnostic-Code: smtp; {code} {status} <{recipient}>: Recipient address",
                    "    rejected: User unknown in virtual mailbox table",
                    "",
                ),
            ),
            part("message/rfc822", _our_mail(outbox_mail, recipient)),
        ),
    )


def exchange_bounce(outbox_mail: str = MAIL, recipient: str = EVA) -> bytes:
    """Exchange Online: HTML, localised words, only the headers of the mail come back."""
    return mail(
        {
            "From": "Microsoft Outlook <postmaster@trier.example>",
            "Subject": "Unzustellbar: Ihre Anmeldung",
            "In-Reply-To": outbox_mail,
            "References": outbox_mail,
            "Auto-Submitted": "auto-replied",
            "X-MS-Exchange-Message-Is-Ndr": "",
            "Content-Type": 'multipart/report; report-type=delivery-status;\n\tboundary="_ex_"',
        },
        _multipart(
            "_ex_",
            part('text/html; charset="utf-8"', "<b>Ihre Nachricht</b> an …".encode(), "base64"),
            part(
                "message/delivery-status",
                _lines(
                    "Reporting-MTA: dns;DB9PR01MB1234.eurprd01.prod.exchangelabs.com",
                    "Received-From-MTA: dns;mx.example.org",
                    "",
                    f"Final-Recipient: rfc822;{recipient}",
                    "Action: failed",
                    "Status: 5.1.10",
                    "Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient",
                    "",
                ),
            ),
            part("text/rfc822-headers", _our_mail(outbox_mail, recipient).split(b"\n\n")[0]),
        ),
    )


def gmail_bounce(outbox_mail: str = MAIL, recipient: str = EVA) -> bytes:
    """Gmail: report in related parts, the mail as message/rfc822, lower-case details."""
    return mail(
        {
            "From": "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
            "Subject": "Delivery Status Notification (Failure)",
            "In-Reply-To": outbox_mail,
            "References": outbox_mail,
            "Auto-Submitted": "auto-replied",
            "X-Failed-Recipients": recipient,
            "Content-Type": 'multipart/report; boundary="0gm"; report-type=delivery-status',
        },
        _multipart(
            "0gm",
            part(
                'multipart/related; boundary="0rel"',
                _multipart("0rel", part("text/html; charset=UTF-8", b"<p>Address not found</p>")),
            ),
            part(
                "message/delivery-status",
                _lines(
                    "Reporting-MTA: dns; googlemail.com",
                    f"X-Original-Message-ID: {outbox_mail}",
                    "",
                    f"Final-Recipient: rfc822; {recipient}",
                    "Action: failed",
                    "Status: 5.1.1",
                    "Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach",
                    " 550-5.1.1 does not exist.",
                    "",
                ),
            ),
            part("message/rfc822", _our_mail(outbox_mail, recipient)),
        ),
    )


def exchange_absence(outbox_mail: str = MAIL, person: str = EVA) -> bytes:
    """Out of office, Exchange."""
    return mail(
        {
            "From": f"Eva Muster <{person}>",
            "Subject": "Automatische Antwort: Ihre Anmeldung",
            "In-Reply-To": outbox_mail,
            "References": outbox_mail,
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "DR, OOF, AutoReply",
            "X-MS-Exchange-Inbox-Rules-Loop": person,
            "Content-Type": 'multipart/alternative; boundary="_oof_"',
        },
        _multipart(
            "_oof_",
            part(
                'text/plain; charset="iso-8859-1"',
                "Ich bin bis 9. März nicht im Büro.".encode("latin-1"),
                "quoted-printable",
            ),
            part('text/html; charset="iso-8859-1"', b"<p>Ich bin weg</p>", "quoted-printable"),
        ),
    )


def gmail_absence(outbox_mail: str = MAIL, person: str = EVA) -> bytes:
    """Out of office, Gmail."""
    return mail(
        {
            "From": f"Eva Muster <{person}>",
            "Subject": "Nicht im =?UTF-8?Q?B=C3=BCro?= Re: Ihre Anmeldung",
            "In-Reply-To": outbox_mail,
            "References": outbox_mail,
            "Precedence": "bulk",
            "Auto-Submitted": "auto-replied",
            "X-Autoreply": "yes",
            "Content-Type": 'text/plain; charset="UTF-8"',
        },
        "Ich bin bis 9. März nicht im Büro.".encode(),
    )


def human(subject: str = "Frage zum Workshop", body: str = "Gibt es Parkplätze?") -> bytes:
    """A person writes to us, in answer to a mail of ours."""
    return mail(
        {
            "From": f"Eva Muster <{EVA}>",
            "Subject": subject,
            "In-Reply-To": MAIL,
            "X-Auto-Response-Suppress": "All",
            "Content-Type": "text/plain; charset=utf-8",
        },
        body.encode(),
    )


def winmail(message_class: bytes = b"IPM.Microsoft Schedule.MtgRespP") -> bytes:
    """Outlook's rich text: everything is inside winmail.dat."""
    data = b"\x78\x9f\x3e\x22\x01\x00\x01\x08\x80\x07\x00" + message_class + b"\x00" + bytes(200)
    return mail(
        {
            "From": f"Eva Muster <{EVA}>",
            "Subject": "Zugesagt: Workshop",
            "Content-Type": 'multipart/mixed; boundary="tnef"',
        },
        _multipart(
            "tnef",
            part("text/plain", b"Ja"),
            part('application/ms-tnef; name="winmail.dat"', data, "base64"),
        ),
    )


def mail(headers: dict[str, str], body: bytes) -> bytes:
    """A mail to us with these headers before the usual ones; lines end as on the wire."""
    usual = {
        "To": US,
        "Date": "Mon, 02 Mar 2026 10:15:00 +0100",
        "Message-ID": f"<{crc32(repr(headers).encode() + body):x}@mail.example>",
        "MIME-Version": "1.0",
    }
    head = "".join(f"{name}: {text}\n" for name, text in {**usual, **headers}.items())
    return (head.encode() + b"\n" + body).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def part(kind: str, data: bytes, encoding: str = "7bit") -> bytes:
    """One part with its headers."""
    coded = {"base64": encodebytes, "quoted-printable": encodestring}.get(encoding, bytes)(data)
    head = f"Content-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n\n"
    return head.encode() + coded


def calendar_mail(*lines: str, method: str = "REPLY", data: bytes = b"", **headers: str) -> bytes:
    """An object of any lines, as the only part of a mail."""
    kind = {"Content-Type": f"text/calendar; charset=utf-8; method={method}"}
    sent = {"From": EVA, "Content-Transfer-Encoding": "8bit", **kind, **headers}
    return mail(sent, data or "\r\n".join(lines).encode())


def _multipart(boundary: str, *parts: bytes) -> bytes:
    mark = boundary.encode()
    return b"".join(b"--%s\n%s\n" % (mark, one) for one in parts) + b"--%s--\n" % mark


def _ical(lines: list[str]) -> bytes:
    """Lines folded after 70 characters; every CRLF in its place."""
    folded = ("\r\n ".join(wrap(line, 70, drop_whitespace=False)) for line in lines)
    return "\r\n".join(folded).encode()


def _lines(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def _our_mail(message_id: str, recipient: str) -> bytes:
    return _lines(
        f"From: IKONE DS <{US}>",
        f"To: {recipient}",
        "Subject: Ihre Anmeldung",
        f"Message-ID: {message_id}",
        "Content-Type: text/plain",
        "",
        "Guten Tag",
        "",
    )


def read_foreign(name: str) -> bytes:
    """A mail that programs had trouble with, from FOREIGN."""
    return (FOREIGN / f"{name}.eml").read_bytes()
