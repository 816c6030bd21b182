"""The HTML mail says the same as the text, escaped, in our own shapes, and loads nothing."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.mail.writing import compose
from ikone_events.mail.writing.markdown import read_markdown
from tests.mail.writing.mails import DOOR, EVENT, FACTS, LINKS, SENDER, person, written

EVERY_MAIL = [(kind, locale) for kind in MailKind for locale in ("de", "en")]
ALLOWED_TAGS = set("html head meta title style body div p strong em br h2 ul ol li a".split())  # noqa: SIM905
BUTTON = re.compile(
    r'<a href="([^"]*)" class="button" style="display:inline-block[^>]*>([^<]*)</a>'
)


class Reader(HTMLParser):
    """Collects words, tags and addresses as a mail program would."""

    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self.tags: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


def test_html_holds_every_word_and_address_of_the_text() -> None:
    for kind, locale in EVERY_MAIL:
        made = written(kind, locale, links=DOOR)
        page = read(made.html)
        addresses = re.findall(r"(?:https?|webcal)://\S+", made.text)
        assert set(addresses) <= set(page.addresses), kind
        words = re.sub(r"(?:https?|webcal)://\S+|\n[–-] ", " ", made.text).split()
        left_out = [word for word in words if word.removesuffix(":") not in page.words]
        assert left_out == [], (kind, locale)


def test_html_names_its_language_and_loads_nothing() -> None:
    for kind, locale in EVERY_MAIL:
        html = written(kind, locale).html
        assert f'<html lang="{locale}">' in html
        page = read(html)
        assert page.tags <= ALLOWED_TAGS, kind
        assert "url(" not in html, kind
        ours = ("https://", "mailto:", "webcal://")
        assert all(address.startswith(ours) for address in page.addresses), kind


def test_mail_has_one_button() -> None:
    links = replace(LINKS, materials="https://x.example/r/t/materials")
    made = {key: written(*key, links=links).html for key in EVERY_MAIL}
    assert {key: len(BUTTON.findall(html)) for key, html in made.items()} == dict.fromkeys(made, 1)


def test_button_does_what_the_mail_is_for() -> None:
    def button(kind: MailKind, **links: str) -> tuple[str, str]:
        found = BUTTON.findall(written(kind, links=replace(LINKS, **links)).html)
        return found[0][0], found[0][1]

    assert button(MailKind.CONFIRMATION) == (LINKS.manage, "Anmeldung ansehen oder ändern")
    assert button(MailKind.WITHDRAWAL) == (LINKS.manage, "Angaben ansehen oder löschen")
    assert button(MailKind.ACCESS_LINK, room=DOOR.room) == (DOOR.room, "Teilnehmen")
    materials = "https://x.example/r/t/materials"
    assert button(MailKind.FOLLOW_UP, materials=materials) == (materials, "Alle Unterlagen")


def test_title_date_and_place_stand_in_a_box() -> None:
    html = written(MailKind.CONFIRMATION).html
    box = re.search(r'<div class="box" style="[^"]*border-left[^"]*">(.*?)</div>', html, re.DOTALL)
    assert box is not None
    assert re.sub(r"<[^>]+>", "", box[1]).split("\n") == [
        "Digitale Dörfer",
        "Dienstag, 12. Januar 2021, 10:00 bis 12:00 Uhr",
        "Online",
    ]


def test_everything_written_by_people_is_escaped() -> None:
    evil = '<script>alert(1)</script><a href="x">&amp;'
    made = written(
        MailKind.FOLLOW_UP,
        event=replace(EVENT, title=evil, contact_name=evil, organisation=evil),
        recipient=person(salutation="", first_name=evil, last_name=evil, question=evil),
        facts=replace(FACTS, reason=evil),
    )
    assert "script" not in read(made.html).tags
    assert "<script" not in made.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&lt;a href=&quot;x&quot;&gt;&amp;amp;" in made.html


def test_material_titles_become_links_even_when_long() -> None:
    html = written(MailKind.FOLLOW_UP).html
    assert re.search(r'<li><a href="https://x.example/m/1"[^>]*>Folien: Teil 1. Anfang</a>', html)


def test_whole_sentences_do_not_become_links() -> None:
    body = "Bitte geben Sie ihn nicht weiter; andere melden sich hier an: {{anmeldelink}}"
    html = written(MailKind.ACCESS_LINK, links=DOOR, edited=EditedText("", body)).html
    assert re.search(r'<a href="https://x.example/events/d/register"[^>]*>https://x.ex', html)


def test_quotes_and_brackets_cannot_leave_an_address() -> None:
    facts = replace(FACTS, reason='Siehe https://x.example/"><script>')
    page = read(written(MailKind.CANCELLATION, facts=facts).html)
    assert "script" not in page.tags


TYPED = (
    "# Grund\n**fett** _x_ [a](https://evil.example) <b> {{titel}} {{ links.manage }}\n"
    "- eins\n> zwei"
)


@pytest.mark.parametrize("kind", [MailKind.CANCELLATION, MailKind.MOVED, MailKind.POSTPONED])
def test_what_people_typed_is_words_and_no_markup(kind: MailKind) -> None:
    made = written(kind, facts=replace(FACTS, reason=TYPED))
    assert f"\n\n{TYPED}\n" in made.text
    page = read(made.html)
    assert page.tags.isdisjoint({"em", "h2", "b"})
    assert "a](https://evil.example)" in page.words
    assert not re.search(r'href="https://evil.example"[^>]*>a<', made.html)


def test_only_addresses_of_pages_and_mailboxes_become_links() -> None:
    reason = "javascript:alert(1) ftp://x.example data:text/html,x https://x.example/a. a@b.example"
    page = read(written(MailKind.CANCELLATION, facts=replace(FACTS, reason=reason)).html)
    assert {"https://x.example/a", "mailto:a@b.example"} <= set(page.addresses)
    assert not [href for href in page.addresses if href.startswith(("java", "ftp", "data"))]


def test_text_is_read_once_for_many_people() -> None:
    compose._shared_text.cache_clear()
    read_markdown.cache_clear()
    for number in range(20):
        links = replace(DOOR, manage=f"https://x.example/r/{number}")
        written(MailKind.CONFIRMATION, links=links, recipient=person(first_name=f"Anna{number}"))
    assert read_markdown.cache_info().misses == 3


def test_accent_of_the_sender_colours_head_links_box_and_button() -> None:
    plain = written(MailKind.ACCESS_LINK, links=DOOR)
    green = written(MailKind.ACCESS_LINK, links=DOOR, sender=replace(SENDER, accent="#006b2d"))
    assert plain.html.count("#006b2d") == green.html.count("#0b4a8f") == 0
    assert green.html.count("#006b2d") == plain.html.count("#0b4a8f") >= 4
    assert green.text == plain.text
