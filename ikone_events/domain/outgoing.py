"""Which servers may be called, and which addresses of servers a person may store.

A server that calls addresses which people have typed can be led into its own network (SSRF). So
only public hosts are called, by https at its usual port, unless the operator names the host
(`IKONE_OUTGOING_HOSTS`). Names are checked when they are stored, and what they resolve to at every
call: only the addresses that were checked are connected to.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from ikone_events.domain.refusals import N_, Complaint, UnfitInput

IpAddress = IPv4Address | IPv6Address
HTTPS_PORT, HTTP_PORT = 443, 80

# IANA's registries of special-purpose addresses, written out: what `ipaddress` calls global differs
# by version of Python.
_SPECIAL_V4 = tuple(
    IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    )
)
# Everything else is unspecified, loopback, local, multicast, reserved, or holds an IPv4 address
# (mapped, compatible, NAT64).
_UNICAST_V6 = IPv6Network("2000::/3")
_SPECIAL_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocols, Teredo and ORCHID among them
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
    )
)
# Names that lead to one's own machine or network (RFC 6761, 6762 and its appendix G, 8375; ICANN's
# resolution of 2024 on “internal”).
_LOCAL_NAMES = (
    *("localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home"),
    *("lan", "home.arpa"),
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_LONGEST_NAME = 253
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")

_VARIABLE = {"variable": "IKONE_OUTGOING_HOSTS"}
NO_ADDRESS = N_("This is not a complete web address. It should look like https://meet.example.org.")
_NO_QUERY = N_("Please give the address without “?” and “#” and what follows them.")
_NEEDS_HTTPS = N_("Please give an address that begins with https://.")
_USER = N_("Please leave out user name and password before the host.")
_INSIDE = N_(
    "“%(host)s” is inside your own network or on this server, and can’t be used as it is. Whoever "
    "runs the server can allow it by the variable %(variable)s."
)
_ODD_PORT = N_(
    "The port %(port)d is not the usual one. Whoever runs the server can allow it by naming "
    "“%(host)s” in the variable %(variable)s."
)


@dataclass(frozen=True, slots=True)
class CallTarget:
    """Where a call goes. `named` hosts may be private, on any port, and called by http."""

    https: bool
    host: str
    port: int
    path: str
    named: bool = False

    @property
    def origin_host(self) -> str:
        """The host as in the Host header: IPv6 in brackets, and the port unless it is usual."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = HTTPS_PORT if self.https else HTTP_PORT
        return host if self.port == usual else f"{host}:{self.port}"


def is_public_ip(address: IpAddress) -> bool:
    """Whether an address is an ordinary one of the public internet."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_V4)
    if address.scope_id is not None or address not in _UNICAST_V6:
        return False
    return not any(address in network for network in _SPECIAL_V6)


def read_host(text: str) -> str:
    """A host in its one form: lower case, without a final dot, foreign names as xn--….

    Raises ValueError for what is no host, among it numbers that some programs take for an IPv4
    address (2130706433, 0x7f.1, 010.0.0.1).
    """
    if ":" in text:
        return str(IPv6Address(text.removeprefix("[").removesuffix("]")))
    # Browsers know newer digits and letters than the codec, which has those of Unicode 3.2.
    plain = unicodedata.normalize("NFKC", text)
    host = plain.encode("idna").decode("ascii").lower().removesuffix(".")
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return str(IPv4Address(host))
    if len(host) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"“{text}” is not a host.")
    return host


def read_hosts(text: str) -> tuple[str, ...]:
    """Hosts between commas, each once; raises ValueError."""
    return tuple(dict.fromkeys(_named_host(part.strip()) for part in text.split(",")))


def _named_host(text: str) -> str:
    try:
        if not text.isprintable():
            raise ValueError
        return read_host(text)
    except ValueError:
        raise ValueError(
            f"“{text}” is not a host such as meet.intranet.example.org or 10.0.0.5: no scheme,"
            " port, path or “*”, commas between several."
        ) from None


def link_complaint(address: str, named: Collection[str], about: str) -> Complaint | None:
    """Why a link that people open may not be stored, or None; nothing is resolved.

    Any port will do, and http: browsers open it. The host may not be of one's own network.
    """
    try:
        _whole_of(address, about)
        _check_host(_host_of(address, about), named, about)
    except UnfitInput as refusal:
        return refusal.complaints[0]
    return None


def target_of(address: str, named: Collection[str] = (), about: str | None = None) -> CallTarget:
    """Where a call to this address goes; its path and query exactly as given. Raises UnfitInput.

    The addresses of a host that is a name are not known here: see `may_connect`.
    """
    _whole_of(address, about)
    # urlsplit drops tabs, and browsers and servers disagree about backslashes.
    if not address.isascii() or "\\" in address:
        raise UnfitInput(Complaint(NO_ADDRESS, about=about))
    parts, host = urlsplit(address), _host_of(address, about)
    _check_host(host, named, about)
    https, known = parts.scheme == "https", host in named
    port = parts.port or (HTTPS_PORT if https else HTTP_PORT)
    if not known and not https:
        raise UnfitInput(Complaint(_NEEDS_HTTPS, about=about))
    if not known and port != HTTPS_PORT:
        raise UnfitInput(Complaint(_ODD_PORT, {"port": port, "host": host, **_VARIABLE}, about))
    # Not from urlsplit, which would lose a final “?”.
    path = address.partition("//")[2].partition("#")[0][len(parts.netloc) :]
    return CallTarget(https, host, port, path if path.startswith("/") else f"/{path}", known)


def service_target(address: str, named: Collection[str], about: str) -> CallTarget:
    """The same for the address of a service, to which calls add path and query."""
    if "?" in address or "#" in address:
        raise UnfitInput(Complaint(_NO_QUERY, about=about))
    return target_of(address, named, about)


def read_service_address(text: str) -> str:
    """The address of a service, whatever its host may be; raises ValueError."""
    try:
        service_target(text, [_host_of(text, None)], "")
    except (UnfitInput, ValueError) as fault:
        raise ValueError(f"{fault}".strip()) from fault
    return text


def may_connect(target: CallTarget, addresses: Iterable[IpAddress]) -> bool:
    """Whether all that a host resolves to may be connected to; one private address spoils all."""
    return target.named or all(is_public_ip(address) for address in addresses)


def inside_complaint(host: str, about: str | None = None) -> Complaint:
    """That a host is in one's own network."""
    return Complaint(_INSIDE, {"host": host, **_VARIABLE}, about)


def _whole_of(address: str, about: str | None) -> None:
    """Raise UnfitInput unless this is one complete http(s) address without a user."""
    try:
        parts = urlsplit(address)
        whole = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets, or a port that is no number
        raise UnfitInput(Complaint(NO_ADDRESS, about=about)) from None
    if not whole or not address.isprintable() or " " in address:
        raise UnfitInput(Complaint(NO_ADDRESS, about=about))
    if "@" in parts.netloc or "\\" in parts.netloc:
        raise UnfitInput(Complaint(_USER, about=about))


def _host_of(address: str, about: str | None) -> str:
    try:
        return read_host(urlsplit(address).hostname or "")
    except ValueError:
        raise UnfitInput(Complaint(NO_ADDRESS, about=about)) from None


def _check_host(host: str, named: Collection[str], about: str | None) -> None:
    """Raise UnfitInput for a host of one's own network that is not named."""
    if host not in named and _is_inside(host):
        raise UnfitInput(inside_complaint(host, about))


def _is_inside(host: str) -> bool:
    try:
        return not is_public_ip(ip_address(host))
    except ValueError:
        pass
    return "." not in host or any(host == n or host.endswith(f".{n}") for n in _LOCAL_NAMES)
