"""Origins of web sites: scheme, host and port (RFC 6454)."""

import re
from urllib.parse import urlsplit

HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")


def read_origins(text: str) -> tuple[str, ...]:
    """Origins between commas, as browsers write them, each once; raises ValueError."""
    parts = [part.strip().lower() for part in text.split(",")]
    return tuple(dict.fromkeys(_read_origin(part) for part in parts))


def _read_origin(text: str) -> str:
    """One origin, only https, but for pages of one's own machine."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # brackets, or a port that is no number
        parts, host, port = urlsplit(""), "", None
    origin = f"{parts.scheme}://{host}" + (f":{port}" if port else "")
    fit = parts.scheme == "https" or (parts.scheme, host) == ("http", "localhost")
    if not fit or not HOST.fullmatch(host) or text not in (origin, f"{origin}/"):
        raise ValueError(
            f"“{text}” is not an origin such as https://www.example.org: https and a plain host"
            " name (foreign ones as xn--…), no path, user or “*”, commas between several."
        )
    return origin
