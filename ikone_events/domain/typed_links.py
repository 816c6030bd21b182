"""Links inside texts that organisers type, by the rules of links with a field of their own.

Pages make links of Markdown alone, mails also of bare addresses. A Markdown link must be one that
can be opened. Of a bare address only what is certainly wrong is said: it may be an example.
"""

import re
from collections.abc import Collection, Iterator
from html import unescape

from ikone_events.domain.outgoing import NO_ADDRESS, link_complaint
from ikone_events.domain.refusals import N_, Complaint

# Inline links, definitions of links, and addresses in angle brackets.
_MARKDOWN = re.compile(
    r"\]\([ \t\n]*<?([^)\s<>]+)|^ {0,3}\[[^\]\n]+\]:[ \t]*<?([^\s<>]+)"
    r"|<([a-z][a-z0-9+.-]+:[^\s<>]+)>",
    re.IGNORECASE | re.MULTILINE,
)
# Scheme and host: what ends an address in running text differs, and its path does not matter.
_BARE = re.compile(r"https?://[^\s/?#<>()*\"„“”|]*[\w\]]", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_OTHER = re.compile(r"(?:mailto|tel):[^\s]", re.IGNORECASE)
# Placeholders of mails, whose links have a check of their own (domain/mails/edited_text.py).
_PLACEHOLDER = "{{"

_NO_LINK = N_(
    "“%(link)s” leads nowhere as a link. A link begins with https://, http://, mailto: or tel:, and"
    " has no spaces."
)


def links_in(*texts: str) -> set[str]:
    """The links of some texts; for what is stored already, and stays allowed."""
    return {link for text in texts for link in (*_targets(text), *_BARE.findall(text))}


def text_link_complaints(
    text: str, named: Collection[str], about: str, kept: Collection[str] = ()
) -> list[Complaint]:
    """Why links in a text may not be stored, each once; `kept` are `links_in` the former text."""
    targets = sorted(set(_targets(text)).difference(kept))
    found = [_target_complaint(target, named, about) for target in targets]
    found += address_complaints(text, named, about, kept)
    return list({str(complaint): complaint for complaint in found if complaint}.values())


def address_complaints(
    text: str, named: Collection[str], about: str, kept: Collection[str] = ()
) -> Iterator[Complaint]:
    """Why web addresses in a text may not be stored, as links of Markdown or bare."""
    for address in sorted(set(_BARE.findall(text)).difference(kept)):
        complaint = link_complaint(address, named, about)
        if complaint and complaint.text != NO_ADDRESS:
            yield complaint


def _targets(text: str) -> Iterator[str]:
    """Where Markdown leads, as it reads it."""
    if "](" not in text and "]:" not in text and "<" not in text:
        return
    for match in _MARKDOWN.finditer(text):
        target = unescape(_ESCAPED.sub(r"\1", next(filter(None, match.groups()))))
        if _PLACEHOLDER not in target:
            yield target


def _target_complaint(target: str, named: Collection[str], about: str) -> Complaint | None:
    if _OTHER.match(target):
        return None
    complaint = link_complaint(target, named, about)
    if complaint is None or complaint.text != NO_ADDRESS:
        return complaint
    return Complaint(_NO_LINK, {"link": target}, about)
