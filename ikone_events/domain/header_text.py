"""Rules for texts in mail headers, for long texts and for addresses.

Python 3.11.7 turns the encoded word `=?utf-8?q?Hi=0D=0ABcc:_x@y?=` into a second header, so `=?` is
refused like a line break. Titles, names and subjects are checked when stored and before sending.
"""

import re
from collections.abc import Iterator

from ikone_events.domain.refusals import N_, Complaint, UnfitInput

MOST_CHARACTERS = 200
MOST_ADDRESS_CHARACTERS = 254

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_TEXT_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# U+FEFF is invisible; parsers take it for a byte order mark at the start of a value.
_UNFIT_IN_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff]")
_UNFIT_IN_LINE = re.compile("[\ud800-\udfff\ufeff]")

# The dot-atom of RFC 5321 at labels: no quotes, no comments, nothing that ends an SMTP command.
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)


def header_complaint(value: str, about: str | None = None) -> Complaint | None:
    """Why a text can't be a title, a name or a subject, or None."""
    if _CONTROLS.search(value):
        return Complaint(N_("Please remove line breaks and control characters."), about=about)
    if _SURROGATES.search(value):
        return Complaint(N_("Please remove the damaged characters."), about=about)
    if "=?" in value:
        return Complaint(N_("The characters “=?” can't be used here."), about=about)
    if len(value) > MOST_CHARACTERS:
        text = N_("Please use at most %(most)d characters.")
        return Complaint(text, {"most": MOST_CHARACTERS}, about)
    return None


def text_complaint(value: str, about: str | None = None) -> Complaint | None:
    """Why a text of several lines can't be stored or sent, or None."""
    if _TEXT_CONTROLS.search(value):
        return Complaint(N_("Please remove the control characters."), about=about)
    if _SURROGATES.search(value):
        return Complaint(N_("Please remove the damaged characters."), about=about)
    return None


def stored_text_complaints(
    value: str, most: int, about: str, *, header: bool = False
) -> Iterator[Complaint]:
    """The complaints about a text of at most `most` characters; `header`: used in a header."""
    if len(value) > most:
        yield Complaint(N_("At most %(limit)d characters, please."), {"limit": most}, about)
    if found := header_complaint(value, about) if header else text_complaint(value, about):
        yield found


def clean_text(value: str) -> str:
    """A long text without control and damaged characters, with line breaks as \\n."""
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    return _UNFIT_IN_TEXT.sub("", lines).replace("\u2028", "\n").replace("\u2029", "\n")


def one_line(value: str) -> str:
    """A text as one line: control characters become spaces, damaged characters are removed."""
    return " ".join(_CONTROLS.sub(" ", _UNFIT_IN_LINE.sub("", value)).split())


# Characters that IDNA 2003 of the standard library maps to others, and so to another domain; forms
# encode them with IDNA 2008 first.
_DEVIATIONS = frozenset("ßς\u200c\u200d")


def ascii_address(value: str) -> str:
    """The mail address with its domain in ASCII (xn--…); raises UnfitInput."""
    local, _, domain = value.rpartition("@")
    if _DEVIATIONS & set(domain):
        domain = ""
    try:
        address = value if value.isascii() else f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        address = ""
    if len(address) > MOST_ADDRESS_CHARACTERS or not _ADDRESS.fullmatch(address):
        raise UnfitInput(Complaint(N_("This is no mail address we can write to.")))
    return address
