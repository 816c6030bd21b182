"""Texts of mails edited by organisers, and their checks.

An edited text replaces the part between salutation and closing; contact, personal link and privacy
notice stay.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from ikone_events.domain.header_text import header_complaint, text_complaint
from ikone_events.domain.mails.placeholders import (
    PLACEHOLDER,
    PLACEHOLDERS,
    REMOVED,
    Placeholder,
    Shape,
    known_name,
    placeholders_of,
)
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.typed_links import address_complaints

MOST_BODY = 10_000
_SINGLE = re.compile(r"(?<!\{)\{[ \t]*(\w+)[ \t]*\}(?!\})")
_TARGET = re.compile(r"\]\([ \t]*<?([^)\s>]*)")
_SAFE_TARGET = re.compile(r"(?:https?://|mailto:)[^\s{}]+", re.IGNORECASE)
# Used by mail/ to mark placeholders while it parses Markdown.
_MARKERS = re.compile("[\ue000\ue001]")


@dataclass(frozen=True, slots=True)
class EditedText:
    """Subject (one line) and body in Markdown, both with placeholders."""

    subject: str
    body: str


def check_text(
    kind: str, text: EditedText, *, hosts: Collection[str] | None = None, kept: Collection[str] = ()
) -> None:
    """Raise UnfitInput with all complaints about a text, by line.

    Hosts of links may be in one's own network if they are among `hosts`; links among `kept` (those
    stored before) are not checked, and none if `hosts` is None.
    """
    known = placeholders_of(kind)
    found = [*_subject_complaints(text.subject, known), *_body_complaints(text.body, known)]
    if hosts is not None:
        found += address_complaints(text.body, hosts, "body", kept)
    if found:
        raise UnfitInput(found)


def _subject_complaints(subject: str, known: Mapping[str, Placeholder]) -> Iterator[Complaint]:
    if not subject.strip():
        yield Complaint(N_("Please enter a subject."), about="subject")
    elif complaint := header_complaint(subject, "subject"):
        yield complaint
    elif _MARKERS.search(subject):
        yield Complaint(N_("Please remove the damaged characters."), about="subject")
    else:
        lines = {name: item for name, item in known.items() if item.shape is Shape.LINE}
        yield from _line_complaints(1, subject, lines, known, "subject")


def _body_complaints(body: str, known: Mapping[str, Placeholder]) -> Iterator[Complaint]:
    if not body.strip():
        yield Complaint(N_("Please enter a text."), about="body")
    elif len(body) > MOST_BODY:
        text = N_("Please use at most %(most)d characters.")
        yield Complaint(text, {"most": MOST_BODY}, "body")
    elif complaint := text_complaint(body, "body"):
        yield complaint
    elif _MARKERS.search(body):
        yield Complaint(N_("Please remove the damaged characters."), about="body")
    else:
        for number, line in enumerate(body.splitlines(), 1):
            yield from _line_complaints(number, line, known, known, "body")
            yield from _target_complaints(number, line, known)


def _line_complaints(
    number: int,
    line: str,
    allowed: Mapping[str, Placeholder],
    known: Mapping[str, Placeholder],
    about: str,
) -> Iterator[Complaint]:
    for match in PLACEHOLDER.finditer(line):
        name = known_name(match[1])
        if name not in allowed:
            yield _unknown(number, match[1].strip(), known, about)
    rest = PLACEHOLDER.sub("", line)
    single = any(known_name(match[1]) in PLACEHOLDERS for match in _SINGLE.finditer(rest))
    if "{{" in rest or "}}" in rest or single:
        text = N_("Line %(line)d: a placeholder needs two braces on both sides, like {{titel}}.")
        yield Complaint(text, {"line": number}, about)


def _unknown(number: int, written: str, known: Mapping[str, Placeholder], about: str) -> Complaint:
    """The complaint about a placeholder that is not allowed here."""
    name = known_name(written)
    values: dict[str, object] = {"line": number, "name": written}
    if name in known:
        text = N_("Line %(line)d: {{%(name)s}} can only stand in the text, not in the subject.")
        return Complaint(text, values, about)
    if name in REMOVED:
        text = N_("Line %(line)d: {{%(name)s}} does not exist any more. Please remove it.")
        return Complaint(text, values, about)
    if name in PLACEHOLDERS:
        text = N_("Line %(line)d: {{%(name)s}} has no value in this e-mail.")
        return Complaint(text, values, about)
    near = get_close_matches(name, known, 1)
    if not near:
        return Complaint(N_("Line %(line)d: {{%(name)s}} is not known."), values, about)
    text = N_("Line %(line)d: {{%(name)s}} is not known. Did you mean {{%(near)s}}?")
    return Complaint(text, {**values, "near": near[0]}, about)


def _target_complaints(
    number: int, line: str, known: Mapping[str, Placeholder]
) -> Iterator[Complaint]:
    """A link must lead to a web address, a mailbox or exactly one placeholder."""
    for match in _TARGET.finditer(PLACEHOLDER.sub(_without_spaces, line)):
        target = match[1]
        whole = PLACEHOLDER.fullmatch(target.removeprefix("mailto:"))
        if whole is None and _SAFE_TARGET.fullmatch(target):
            continue
        name = known_name(whole[1]) if whole else ""
        mailbox = target.startswith("mailto:")
        if mailbox and name == "kontakt_email":
            continue
        if not mailbox and name in known and known[name].shape is Shape.ADDRESS:
            continue
        if name and name not in known:
            continue  # reported already
        text = N_(
            "Line %(line)d: a link must lead to https://…, to mailto:… or to one placeholder that"
            " is an address."
        )
        yield Complaint(text, {"line": number}, "body")


def _without_spaces(match: re.Match[str]) -> str:
    return "{{" + match[1].replace(" ", "_") + "}}"
