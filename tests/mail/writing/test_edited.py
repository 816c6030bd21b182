"""Edited mails say what the built-in ones say until somebody changes them, and stay mails."""

import re
from collections import Counter
from dataclasses import replace
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ikone_events.domain.header_text import clean_text, header_complaint, one_line
from ikone_events.domain.mails.edited_text import EditedText, check_text
from ikone_events.domain.mails.facts import ContactPerson, Difference, Fact, MaterialLink
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.mails.placeholders import EDITABLE, PLACEHOLDERS, placeholders_of
from ikone_events.domain.refusals import UnfitInput
from ikone_events.mail.writing.compose import ComposedMail
from ikone_events.mail.writing.templates import PASSAGES, SOURCES, starting_text
from tests.effort import by_night
from tests.mail.writing.mails import BARE, DOOR, EVENT, FACTS, LINKS, person, written
from tests.mail.writing.test_html import ALLOWED_TAGS, BUTTON, read

EVERY_TEXT = [(kind, locale) for kind in EDITABLE for locale in ("de", "en")]
FULL = replace(
    DOOR,
    materials="https://x.example/r/t/materials",
    confirm="https://x.example/r/t/confirm",
    accept="https://x.example/r/t/accept",
    feedback="https://x.example/r/t/feedback",
)


def edited(
    body: str, subject: str = "Betreff", kind: str = "confirmation", **given: object
) -> ComposedMail:
    return written(MailKind(kind), edited=EditedText(subject, body), **given)  # type: ignore[arg-type]


def middle(mail: ComposedMail) -> str:
    """What stands between salutation and closing words."""
    text = mail.text.partition(",\n\n")[2]
    return text.rpartition("\n\nFreundliche Grüße\n")[0]


def words(text: str) -> Counter[str]:
    return Counter(re.sub(r"^[–-] ", "", text, flags=re.MULTILINE).split())


@pytest.mark.parametrize(("kind", "locale"), EVERY_TEXT)
def test_starting_text_can_be_saved_and_equals_the_built_in_mail(
    kind: MailKind, locale: str
) -> None:
    text = starting_text(kind, locale)
    check_text(kind, text)
    given = {"links": FULL, "facts": replace(FACTS, asks_questions=True)}
    built_in = written(kind, locale, **given)  # type: ignore[arg-type]
    changed = written(kind, locale, edited=text, **given)  # type: ignore[arg-type]
    assert changed.subject == built_in.subject
    assert words(changed.text) == words(built_in.text)
    assert words(read(changed.html).words) == words(read(built_in.html).words)
    assert set(read(changed.html).addresses) == set(read(built_in.html).addresses)
    assert len(BUTTON.findall(changed.html)) == 1


@pytest.mark.parametrize(
    ("kind", "locale"), [pair for pair in EVERY_TEXT if pair[0] is not MailKind.ACCESS_LINK]
)
def test_starting_text_stays_true_for_people_who_wait(kind: MailKind, locale: str) -> None:
    facts = replace(FACTS, status="waitlisted", reason="")
    text = starting_text(kind, locale)
    built_in = written(kind, locale, facts=facts, invitation=None)
    changed = written(kind, locale, facts=facts, invitation=None, edited=text)
    assert words(changed.text) == words(built_in.text)


def test_every_placeholder_has_a_value_somewhere() -> None:
    assert set(SOURCES) | set(PASSAGES) == set(PLACEHOLDERS)
    for kind in EDITABLE:
        text = starting_text(kind, "de")
        for name in placeholders_of(kind):
            if name in PASSAGES:
                assert f"{{{{{name}}}}}" in text.body, (kind, name)


@pytest.mark.parametrize("kind", EDITABLE)
def test_whatever_is_written_the_frame_stays(kind: MailKind) -> None:
    mail = edited("Kurz.", kind=kind)
    for needed in ("Sehr geehrte Frau Dr. Beispiel,", "Freundliche Grüße", LINKS.manage):
        assert needed in mail.text
        assert needed in mail.html
    assert LINKS.privacy in mail.text
    assert mail.subject == "Betreff"


def test_line_without_values_is_left_out() -> None:
    body = "Eins\nPer Telefon: {{einwahl}}\nGrund {{einwahl}} oder {{ort}}\n- {{einwahl}}\n- zwei"
    without = edited(body, event=replace(EVENT, dial_in=""))
    assert middle(without) == "Eins\nGrund oder Online\n\n– zwei"
    assert "Per Telefon: +49 631 99, PIN 4" in edited(body).text


def test_markdown_becomes_html_and_good_plain_text() -> None:
    body = (
        "# Wichtig\nDas ist **neu** und _gut_.\n\n- eins\n- zwei\n\n1. a\n2. b\n\n– Strich\n\n"
        "[Programm](https://x.example/p) lesen, oder [Karte](https://x.example/k)\n"
        "<https://x.example/z>\nFragen: [uns](mailto:{{kontakt_email}})"
    )
    mail = edited(body)
    assert middle(mail) == (
        "Wichtig\n\nDas ist neu und gut.\n\n– eins\n– zwei\n\n1. a\n2. b\n\n– Strich\n\n"
        "Programm (https://x.example/p) lesen, oder Karte: https://x.example/k\n"
        "https://x.example/z\nFragen: uns: fragen@ikone.example.org"
    )
    for part in (
        ">Wichtig</h2>", "<strong>neu</strong>", "<em>gut</em>", '<ol style="margin:16px 0;',
        '<a href="https://x.example/k" class="link" style="color:#0b4a8f">Karte</a>',
        '<a href="mailto:fragen@ikone.example.org" class="link" style="color:#0b4a8f">uns</a>',
    ):  # fmt: skip
        assert part in mail.html, part
    assert mail.html.count("<li>") == 5


def test_title_date_and_place_are_framed() -> None:
    box = re.search(
        r"border-left[^>]*>(.*?)</div>", edited("{{titel}}\n{{termin}}\n{{ort}}").html, re.DOTALL
    )
    assert box is not None
    assert "<strong>Digitale Dörfer</strong>" in box[1]


def test_link_to_the_room_alone_on_its_line_is_the_button() -> None:
    for body in ("[Jetzt teilnehmen]({{zugangslink}})", "Jetzt teilnehmen: {{zugangslink}}"):
        mail = edited(f"Hallo\n{body}", kind="access_link", links=DOOR)
        assert BUTTON.findall(mail.html) == [(DOOR.room, "Jetzt teilnehmen")]
        assert f"Jetzt teilnehmen: {DOOR.room}" in mail.text


def test_button_that_the_text_forgot_is_named_after_what_it_does() -> None:
    room = edited("Hallo", kind="access_link", links=DOOR)
    assert BUTTON.findall(room.html) == [(DOOR.room, "Teilnehmen")]
    materials = edited("Hallo", kind="follow_up", links=FULL)
    assert BUTTON.findall(materials.html) == [(FULL.materials, "Alle Unterlagen")]


def test_text_cannot_name_the_values_that_templates_print() -> None:
    mail = edited(
        "{{titel}} {{0}} \ue0000\ue001 {{button}} B\n{{1}}\n\ue000button\ue001\n{{titel}}"
    )
    assert middle(mail).startswith("Digitale Dörfer 0 B\n")
    assert mail.text.count("Sehr geehrte") == 1


def test_changes_are_listed_once_however_the_placeholder_is_written() -> None:
    changes = (Difference(Fact.WHERE, "Ort", "Rathaus", "Scheune"),)
    facts = replace(FACTS, changes=changes)
    for body in ("Neu.", "Neu.\n\n{{aenderungen}}", "Neu.\n\n{{ Änderungen }}"):
        mail = edited(body, facts=facts)
        assert middle(mail) == "Neu.\n\nDas hat sich geändert:\n– Ort: Scheune (bisher: Rathaus)"


def test_value_of_several_lines_keeps_them() -> None:
    mail = edited("Frage: {{frage}}\nEnde", recipient=person(question="Eins\nzwei\n\n\ndrei"))
    assert middle(mail) == "Frage: Eins\nzwei\n\ndrei\nEnde"
    assert "Frage: Eins<br>\nzwei</p>" in mail.html


def test_lines_of_a_paragraph_stay_together_in_the_plain_text() -> None:
    mail = edited("Oben\nTeilnehmen: {{zugangslink}}\nUnten\n{{grund}}", kind="moved", links=DOOR)
    assert middle(mail) == (f"Oben\nTeilnehmen: {DOOR.room}\nUnten\nDie Referentin ist erkrankt.")


def test_html_and_pictures_stay_words() -> None:
    mail = edited("<script>alert(1)</script> <b>x</b> ![Bild](https://x.example/p.png) `a` &amp;")
    assert read(mail.html).tags <= ALLOWED_TAGS
    assert middle(mail) == (
        "<script>alert(1)</script> <b>x</b> !Bild (https://x.example/p.png) `a` &amp;"
    )
    assert "img" not in read(mail.html).tags


def test_moved_place_keeps_the_built_in_mail() -> None:
    mail = edited("Neuer Tag!", kind="moved", facts=BARE)
    assert mail.subject == "Geändert: Digitale Dörfer, 12.01.2021"


def test_empty_subject_falls_back_to_the_built_in_one() -> None:
    mail = edited("Text", "{{frage}}", recipient=person(question=""))
    assert mail.subject == "Anmeldung bestätigt: Digitale Dörfer, 12.01.2021"


def test_placeholder_that_is_known_no_more_is_empty_and_refused_when_saved() -> None:
    """Texts of earlier versions offered `{{ersatz}}`, which nothing could ever fill."""
    text = EditedText("Abgesagt", "Leider.\n\nErsatz: {{ersatz}}\n\nBis bald.")
    mail = written(MailKind.CANCELLATION, edited=text)
    assert middle(mail) == "Leider.\n\nBis bald."
    with pytest.raises(UnfitInput, match="any more"):
        check_text("cancellation", text)


def test_long_values_end_in_a_subject_that_fits() -> None:
    mail = edited("x", "{{titel}} {{frage}}", recipient=person(question="Wort " * 80))
    assert len(mail.subject) <= 200
    assert mail.subject.endswith("…")


def test_parts_that_meet_in_the_subject_make_no_encoded_word() -> None:
    mail = edited("x", "={{frage}}", recipient=person(question="?utf-8?q?Hi=0D=0ABcc:_x@y?="))
    assert header_complaint(mail.subject) is None


CRUMBS = [
    *("**", "_", "# ", "- ", "1. ", "\n", "\n\n", "`", "\\", "=?", "?=", "{{", "}}", "{{titel}}"),
    *("[a](https://evil.example)", "<b>", "</p>", "&amp;", "\ue000titel\ue001", "\r\nBcc: x@y"),
]
EVIL = st.lists(st.sampled_from(CRUMBS) | st.text(max_size=8), max_size=6).map("".join)
TEXT = EditedText(
    "Frage {{frage}} zu {{titel}}",
    "Anfang {{frage}}\n{{frage}}\n\n- {{grund}}\n\n"
    "**{{frage}}** [Link]({{verwaltenlink}})\n\n{{grund}}",
)


@settings(max_examples=by_night(200, 40))
@given(EVIL, EVIL)
def test_values_are_never_read_again(question: str, reason: str) -> None:
    facts = replace(FACTS, reason=reason)
    mail = written(
        MailKind.CANCELLATION, edited=TEXT, recipient=person(question=question), facts=facts
    )
    page = read(mail.html)
    assert page.tags <= ALLOWED_TAGS
    assert page.tags.isdisjoint({"em", "ol", "h2"})
    strong = "".join(re.findall("<strong>(.*?)</strong>", mail.html))
    assert unescape(re.sub("<[^>]*>", "", strong)) == one_line(clean_text(question))
    assert mail.html.count(f'<a href="{LINKS.manage}"') >= 1
    assert header_complaint(mail.subject) is None
    assert mail.text.count(EVENT.title) == question.count(EVENT.title) * 3
    mail.text.encode()


@settings(max_examples=by_night(100, 20))
@given(EVIL)
def test_no_title_or_name_of_a_material_breaks_a_mail(words: str) -> None:
    facts = replace(
        FACTS,
        materials=(MaterialLink(title=words, url="https://x.example/m"),),
        contacts=(ContactPerson(topic=words, name=words, email="bo@example.org"),),
    )
    mail = edited(
        "{{unterlagen}}\n\n{{ansprechpersonen}}\n\n{{rueckfrage}}", kind="follow_up", facts=facts
    )
    assert read(mail.html).tags <= ALLOWED_TAGS
