"""Edited texts: what is refused when they are saved, and in which words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikone_events.domain.mails.edited_text import MOST_BODY, EditedText, check_text
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.mails.placeholders import EDITABLE, PLACEHOLDERS, Shape, placeholders_of
from ikone_events.domain.refusals import UnfitInput


def complaints(
    body: str = "Text", *, subject: str = "Betreff", kind: str = "confirmation"
) -> list[tuple[str | None, str]]:
    try:
        check_text(kind, EditedText(subject, body))
    except UnfitInput as refusal:
        return [(complaint.about, str(complaint)) for complaint in refusal.complaints]
    return []


@pytest.mark.parametrize(
    "body",
    [
        "Hallo {{vorname}} {{ nachname }},",
        "{{Titel}} und {{ Zugangslink }}",
        "[Teilnehmen]({{zugangslink}}), [Mail](mailto:{{kontakt_email}})",
        "[Karte]( https://karte.example.org/?q=a_b ) <https://x.example> {einfach} { titelchen }",
    ],
)
def test_good_texts_are_taken(body: str) -> None:
    assert complaints(body) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("a\n\n{{titl}}", "Line 3: {{titl}} is not known. Did you mean {{titel}}?"),
        ("{{xyzzy}}", "Line 1: {{xyzzy}} is not known."),
        ("a\n{{titel}", "Line 2: a placeholder needs two braces on both sides"),
        ("{titel}", "Line 1: a placeholder needs two braces on both sides"),
        ("}} a", "Line 1: a placeholder needs two braces on both sides"),
        ("{{titel\n}}", "Line 1: a placeholder needs two braces on both sides"),
        ("{{ links.manage }}", "Line 1: {{links.manage}} is not known."),
        ("{{grund}}", "Line 1: {{grund}} has no value in this e-mail."),
        ("{{}}", "Line 1: {{}} is not known."),
        ("[x](javascript:alert(1))", "Line 1: a link must lead to"),
        ("[x](/r/a)", "Line 1: a link must lead to"),
        ("[x]({{titel}})", "Line 1: a link must lead to"),
        ("[x](https://x.example/?q={{nachname}})", "Line 1: a link must lead to"),
        ("a\x00b", "Please remove the control characters."),
        ("a\ue000titel\ue001", "Please remove the damaged characters."),
        (" \n", "Please enter a text."),
        ("x" * (MOST_BODY + 1), "Please use at most 10000 characters."),
    ],
)
def test_bad_line_is_named(body: str, words: str) -> None:
    found = complaints(body)
    assert found
    assert found[0][0] == "body"
    assert found[0][1].startswith(words)


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("", "Please enter a subject."),
        ("a\nb", "Please remove line breaks"),
        ("=?utf-8?q?x?=", "The characters “=?” can't be used here."),
        ("x" * 201, "Please use at most 200 characters."),
        ("{{zugangslink}}", "Line 1: {{zugangslink}} can only stand in the text"),
        ("{{zugang}}", "Line 1: {{zugang}} can only stand in the text"),
        ("{{tittel}}", "Line 1: {{tittel}} is not known. Did you mean {{titel}}?"),
    ],
)
def test_subject_is_one_safe_line(subject: str, words: str) -> None:
    found = complaints(subject=subject)
    assert found[0][0] == "subject"
    assert found[0][1].startswith(words)


def test_everything_wrong_is_reported_at_once() -> None:
    found = complaints("{{a1}}\n{{titel}}\n{{b2}}", subject="{{c3}}")
    assert [about for about, _ in found] == ["subject", "body", "body"]


def test_own_message_knows_what_a_note_knows() -> None:
    assert placeholders_of("own-3f2a") == placeholders_of(MailKind.NOTE)
    assert complaints("{{zugangslink}}", kind="own-3f2a") == []


def test_every_editable_mail_knows_the_event_and_only_named_placeholders() -> None:
    for kind in EDITABLE:
        assert {"titel", "termin", "ort"} <= set(placeholders_of(kind)) <= set(PLACEHOLDERS)
    assert MailKind.REPEAT not in EDITABLE
    assert MailKind.SUBSCRIPTION not in EDITABLE


def test_personal_links_never_stand_in_a_subject() -> None:
    for name, placeholder in PLACEHOLDERS.items():
        assert name.endswith("link") <= (placeholder.shape is Shape.ADDRESS)


@given(st.text(alphabet="{} titel_x\n[]()", max_size=40), st.text(max_size=40))
def test_any_text_is_taken_or_refused_in_words(body: str, subject: str) -> None:
    for about, words in complaints(body, subject=subject):
        assert about in ("subject", "body")
        assert words
