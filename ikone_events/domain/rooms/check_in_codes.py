"""Check-in codes as cameras, scanners and people type them."""

import re

# In an address everything before the token may be in capitals: QR codes are smaller then.
_ADDRESS = re.compile(r"/c/([\w.-]+)", re.IGNORECASE | re.ASCII)
_TOKEN = re.compile(r"[\w-]+\.[\w-]+", re.ASCII)
_BEGINS = re.compile(r"https?(://|Ö--)", re.IGNORECASE)
# Names are shorter and contain spaces; a token has about ninety characters.
_SHORTEST = 40
_MOST = 2000
# What a German keyboard shows for the keys that a scanner with an English one presses.
_ENGLISH = str.maketrans("ÖöÄä-ß?_zyZY&", ":;\"'/-_?yzYZ^")


def is_code(typed: str) -> bool:
    """Whether this is meant as a code, perhaps a damaged one, and not as a name."""
    text = typed.strip()
    if _BEGINS.match(text) or "/c/" in text.lower():
        return True
    return len(text) >= _SHORTEST and not re.search(r"\s", text)


def tokens_in(typed: str) -> list[str]:
    """The tokens that may be meant, the likeliest first; whether one is signed decides.

    Scanners are keyboards: one set to English on a German computer types "httpsÖ--" and exchanges
    y and z, and with caps lock all letters are the others.
    """
    text = typed.strip()[:_MOST]
    found = []
    for read in (text, text.translate(_ENGLISH)):
        token = _token(read)
        if token:
            found += [token, token.swapcase()]
    return list(dict.fromkeys(found))


def _token(text: str) -> str:
    address = _ADDRESS.search(text)
    if address:
        return address[1]
    return text if _TOKEN.fullmatch(text) else ""
