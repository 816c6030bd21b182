"""Mails on a phone: as wide as the screen, in light and dark, whatever people have typed."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from ikone_events.domain.mails.edited_text import EditedText
from ikone_events.domain.mails.facts import ContactPerson, Difference, Fact, Links, MaterialLink
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.mails.placeholders import EDITABLE, PLACEHOLDERS, Shape, placeholders_of
from tests.mail.writing.mails import EVENT, FACTS, person, written
from tests.mail.writing.mails import LINKS as HOME

pytestmark = pytest.mark.browser

PHONE = 360
TOKEN = "t" * (254 - len("https://events.example.org/r/"))
PERSONAL = f"https://events.example.org/r/{TOKEN}"
WORD = "Digitalisierungsstrategieentwicklungswerkstatt"
TITLE = (WORD * 5)[:200]
LONG_ADDRESS = f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 57}.org"
LINKS = Links(
    manage=PERSONAL,
    privacy="https://events.example.org/privacy",
    room=f"{PERSONAL}/room",
    materials=f"{PERSONAL}/materials",
    feedback=f"{PERSONAL}/feedback",
)
ASKED = replace(LINKS, room="", confirm=f"{PERSONAL}/confirm", accept=f"{PERSONAL}/accept")
ONLINE = replace(
    EVENT,
    title=TITLE,
    summary=f"{TITLE} https://example.org/{TOKEN}",
    organisation=TITLE,
    postal_address=f"{TITLE}, {TITLE}",
    contact_name=TITLE,
    contact_email=LONG_ADDRESS,
    contact_phone="+49 631 " * 10,
    dial_in=TITLE,
    public_url=f"https://events.example.org/events/{'s' * 200}",
    register_url=f"https://events.example.org/events/{'s' * 200}/register",
)
ON_SITE = replace(ONLINE, format="on_site", place=TITLE, dial_in="", room_opens_at=None)
LONG = replace(
    FACTS,
    reason=f"{TITLE}\n\nhttps://example.org/{TOKEN}",
    materials=(MaterialLink(title=TITLE, url=f"https://example.org/{TOKEN}"),),
    contacts=(ContactPerson(topic=TITLE, name=TITLE, email=LONG_ADDRESS),),
    changes=(Difference(fact=Fact.TITLE, label="Titel", old=TITLE, new=TITLE[::-1]),),
    other_person=TITLE,
    registered_by=TITLE,
    calendar_address=f"https://events.example.org/feeds/{TOKEN}.ics?lang=de",
    deadline=FACTS.reserved_until,
    free_places=3,
)

MEASURE = """async ([width, mails]) => {
  const frame = document.createElement("iframe");
  frame.style.cssText = `border:0;height:600px;width:${width}px`;
  document.body.append(frame);
  const faults = [];
  for (const [name, html] of mails) {
    await new Promise(done => { frame.onload = done; frame.srcdoc = html; });
    const mail = frame.contentDocument, wide = mail.scrollingElement.scrollWidth;
    if (wide > width) faults.push(`${name} is ${wide} px wide`);
    for (const shown of [...mail.links].map(link => link.textContent.trim()))
      if (/^(https?|webcal):/.test(shown)) faults.push(`${name} shows ${shown}`);
  }
  return faults;
}"""
# The address of a calendar is copied; other addresses are shown where organisers typed them alone.
SHOWN = ("shows https://example.org/ttt", "shows https://events.example.org/feeds/ttt")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 640, "height": 700})
    yield opened
    opened.close()


def every_mail() -> Iterator[tuple[str, str]]:
    """Every kind in both languages, online and on site, with all that one can be asked for."""
    for kind in MailKind:
        for locale in ("de", "en"):
            recipient = person(
                locale, first_name=TITLE[:80], last_name=WORD * 2, question=TITLE, salutation=""
            )
            for event, links, status in (
                (ONLINE, LINKS, "confirmed"),
                (ON_SITE, ASKED, "offered"),
                (ON_SITE, ASKED, "pending"),
            ):
                made = written(
                    kind,
                    locale,
                    event=event,
                    links=links,
                    recipient=recipient,
                    facts=replace(LONG, status=status),
                )
                yield f"{kind} {locale} {event.format} {status}", made.html


def every_edited_mail() -> Iterator[tuple[str, str]]:
    """Texts of organisers with each address alone on its line, and in a sentence."""
    for kind in (*EDITABLE, MailKind.NOTE):
        names = [n for n in placeholders_of(kind) if PLACEHOLDERS[n].shape is Shape.ADDRESS]
        body = "\n\n".join(f"{{{{{n}}}}}\n\nBitte hier {{{{{n}}}}} klicken." for n in names)
        for links in (LINKS, ASKED):
            made = written(
                kind,
                event=ONLINE,
                links=links,
                facts=LONG,
                edited=EditedText("", body),
            )
            yield f"{kind} edited", made.html


def test_every_mail_fits_a_phone_and_labels_its_links(page: Page) -> None:
    faults = page.evaluate(MEASURE, [PHONE, [*every_mail(), *every_edited_mail()]])
    assert [fault for fault in faults if not any(words in fault for words in SHOWN)] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_of_a_mail_can_be_read_in_light_and_dark(browser: Browser, scheme: str) -> None:
    body = "# Ort\n\n{{titel}}\n{{termin}}\n\n- https://example.org\n\n**Bitte** {{anmeldelink}}"
    event = replace(EVENT, postal_address="Marktplatz 1, 67655 Kaiserslautern")
    with browser.new_page(color_scheme=scheme) as page:  # type: ignore[arg-type]
        page.set_content(written(MailKind.NOTE, event=event, edited=EditedText("", body)).html)
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 19, 26)"
        options = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
        found = Axe().run(page, options=options).response
    assert dark == (scheme == "dark")
    assert found["violations"] == found["incomplete"] == []
    assert len(found["passes"][0]["nodes"]) > 8


def test_inbox_shows_the_beginning_of_the_text_and_the_sender_heads_it() -> None:
    html = written(MailKind.CONFIRMATION).html
    head, _, _ = html.partition("Sehr geehrte Frau Dr. Beispiel")
    hidden = re.search(r'<div style="display:none[^>]*>([^<]*)</div>', head)
    assert hidden is not None
    assert hidden[1].startswith(
        "Sie sind angemeldet: Dienstag, 12. Januar 2021, 10:00 bis 12:00 Uhr, Online. "
    )
    assert len(hidden[1]) <= 140
    assert ">Netzwerk IKONE</strong></div>" in head
    assert 'name="color-scheme" content="light dark"' in head


@pytest.mark.parametrize("locale", ["de", "en"])
def test_mail_ends_with_name_and_postal_address(locale: str) -> None:
    def ending(address: str) -> list[str]:
        event = replace(EVENT, postal_address=address)
        return written(MailKind.CONFIRMATION, locale, event=event).text.rstrip().split("\n")[-2:]

    where = "Marktplatz 1, 67655 Kaiserslautern"
    assert ending(where) == ["Netzwerk IKONE", where]
    assert ending(f"Netzwerk IKONE, {where}") == ["", f"Netzwerk IKONE, {where}"]
    assert ending("")[1].endswith(HOME.privacy)


def test_address_alone_on_its_line_becomes_a_labelled_link() -> None:
    edited = EditedText("", "{{verwaltenlink}}\n\nText\n\n{{anmeldelink}}")
    made = written(MailKind.CONFIRMATION, edited=edited)
    assert f"Anmeldung ansehen oder ändern: {HOME.manage}\n" in made.text
    assert f"Jetzt anmelden: {EVENT.register_url}\n" in made.text
    assert re.search(rf'<a href="{EVENT.register_url}"[^>]*>Jetzt anmelden</a>', made.html)


def test_long_address_in_a_sentence_is_cut_to_its_host() -> None:
    edited = EditedText("", "Der Raum: unter {{zugangslink}} oder https://example.org.")
    made = written(MailKind.ACCESS_LINK, links=LINKS, edited=edited)
    assert f"unter {LINKS.room} oder https://example.org." in made.text
    assert re.search(rf'<a href="{LINKS.room}"[^>]*>events.example.org/r/…</a> oder', made.html)
    assert ">https://example.org</a>." in made.html
