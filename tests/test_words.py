"""One word for one thing: words that readers stumbled over stand nowhere in the catalogue."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

PACKAGE = Path(__file__).resolve().parent.parent / "ikone_events"
TEMPLATES = PACKAGE.parent / "templates"

GERMAN = r"""
\bBriefe?n?\b|(?<!-)\bMails?\b|\bPost\b|\bSendung\b
An viele schreiben|E-Mails? an viele|Titel für uns|Erledigt: |\bRuht\b|Was von selbst passiert
Gleich zu dem, was kommt|Es geht nichts hinaus, bevor|Wer bestätigt ist, bleibt es
Still speichern|Niemandem mitteilen|Was Kalender zeigen|zweiten Blick|Menschen|\bLeute\b
im Netz\b|Codes ziehen|schon immer|Rolle „admin“|Kurzfassung – freiwillig
\bKn(?:opf|öpfe)|[Ee]inlesen|\bStand\b|Platz (?:%\(\w+\)d )?(?:auf|in) der Warteliste
Rücklauf|Rückblick|Vom Ablauf|IKONE_|ikone-events
[Kk]ontaktperson|[Ww]erktags|[Aa]nkreuzen|[Aa]ngekreuzt|[Ww]eitergegeben|Texte der E-Mails
"""
ENGLISH = r"""
\bDates$|Coming dates|Looking back|\bOver$|colleagues of your administration|pass on no lists
look into (?:the|your)|how things stand|Places free|[Aa]dministrations?\b|\b[Ii]mprint|Log-in
Write to many|to many$|Title for ourselves|date of its own|On to the|Whoever unsubscribes|^Held$
\bRests\b|Skip to what comes|by the plan|^Find$|[Dd]iverse|Hand(?:ed)? in\b|Draw the codes
second look|Called off|called off|\bstandings?\b(?!\)| sign-up)|\bState$
IKONE_|ikone-events|\bworker\b
(?<!e-)(?<!E-)\b[Mm]ails?\b(?! server)
^Passed on|[Pp]ut aside|check number|tells it
"""


def _pattern(table: str) -> re.Pattern[str]:
    return re.compile("|".join(table.split("\n")[1:-1]))


@pytest.fixture(scope="module")
def german() -> Catalog:
    """The German catalogue."""
    with (PACKAGE / "translations" / "de" / "LC_MESSAGES" / "messages.po").open("rb") as stream:
        return read_po(stream, locale="de")


def _pairs(german: Catalog) -> list[tuple[str, str]]:
    """Pairs of an English text and its German one; plurals one by one."""
    found = []
    for message in german:
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, list | tuple) else (message.string,)
        found += [pair for pair in zip(ids, texts, strict=True) if pair[0]]
    return found


def test_words_that_nobody_uses_stand_nowhere(german: Catalog) -> None:
    old_german, old_english = _pattern(GERMAN), _pattern(ENGLISH)
    pairs = _pairs(german)
    assert [text for _, text in pairs if old_german.search(text)] == []
    assert [text for text, _ in pairs if old_english.search(text)] == []


def test_message_is_what_is_written_in_both_languages(german: Catalog) -> None:
    """An e-mail is what is sent; whoever writes one writes a message (Nachricht)."""
    faults = [
        (english, text)
        for english, text in _pairs(german)
        if bool(re.search(r"(?<!error )[Mm]essage", english)) != ("Nachricht" in text)
    ]
    assert faults == []


@pytest.mark.parametrize(("language", "table"), [("de", GERMAN), ("en", ENGLISH)])
def test_mails_use_the_words_of_the_pages(language: str, table: str) -> None:
    old = _pattern(table)
    faults = [
        f"{path.name}: {line}"
        for path in sorted((TEMPLATES / "mail" / language).glob("*.txt"))
        for line in re.sub(r"{[%#{].*?[%#}]}", "", path.read_text("utf-8")).splitlines()
        if old.search(line)
    ]
    assert faults == []
