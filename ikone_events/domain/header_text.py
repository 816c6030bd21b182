"""What may stand in one line of a mail header, in a long text, and as an address.

Python 3.11.7 turns the encoded word `=?utf-8?q?Hi=0D=0ABcc:_x@y?=` into a real second header, so
`=?` is refused like a line break. Titles, names and subjects go through here before they are stored
and once more before sending.
"""

import re
from collections.abc import Iterator

from ikone_events.domain.refusals import N_, Complaint, UnfitInput

MOST_CHARACTERS = 200
MOST_ADDRESS_CHARACTERS = 254

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_TEXT_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# U+FEFF is pasted unseen; where a value begins with it parsers take it for a byte order mark.
_UNFIT_IN_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff]")
_UNFIT_IN_LINE = re.compile("[\ud800-\udfff\ufeff]")

# The dot-atom of RFC 5321 at labels: no quotes, no comments, nothing that ends an SMTP command.
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)


def header_complaint(value: str, about: str | None = None) -> Complaint | None:
    """Why this text can't be a title, a name or a subject; None when it can."""
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
    """Why this text of several lines can't be stored or sent; None when it can."""
    if _TEXT_CONTROLS.search(value):
        return Complaint(N_("Please remove the control characters."), about=about)
    if _SURROGATES.search(value):
        return Complaint(N_("Please remove the damaged characters."), about=about)
    return None


def stored_text_complaints(
    value: str, most: int, about: str, *, header: bool = False
) -> Iterator[Complaint]:
    """What keeps a text from being stored; `most` characters, `header` if it stands in one."""
    if len(value) > most:
        yield Complaint(N_("At most %(limit)d characters, please."), {"limit": most}, about)
    if found := header_complaint(value, about) if header else text_complaint(value, about):
        yield found


def clean_text(value: str) -> str:
    """A long text without what nobody can read, line breaks as \\n: the last net."""
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    return _UNFIT_IN_TEXT.sub("", lines).replace("\u2028", "\n").replace("\u2029", "\n")


def one_line(value: str) -> str:
    """A text as one line: what can't stand in a line becomes a space, damaged characters go."""
    return " ".join(_CONTROLS.sub(" ", _UNFIT_IN_LINE.sub("", value)).split())


# Characters that the older IDNA of the standard library turns into others, and so into the
# domain of somebody else; forms encode them by the newer one before an address comes here.
_DEVIATIONS = frozenset("ßς\u200c\u200d")


def ascii_address(value: str) -> str:
    """The mail address as it travels (foreign domains in their xn-- form), or UnfitInput.

    Addresses are checked when they are stored and again before a header or command is made of them.
    """
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
