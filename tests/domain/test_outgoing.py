"""Which addresses a person may store, and which may be called."""

from ipaddress import ip_address

import pytest

from ikone_events.domain.outgoing import (
    is_public_ip,
    link_complaint,
    may_connect,
    read_host,
    read_hosts,
    read_service_address,
    target_of,
)
from ikone_events.domain.refusals import UnfitInput

# Where a server must not be led: its own machine, its network, cloud metadata, and all the ways to
# write that.
INSIDE = (
    *("localhost", "localhost.", "LOCALHOST", "a.localhost", "server", "drucker.local"),
    *("meet.internal", "wiki.intranet", "nas.home.arpa", "fritz.box.lan", "x.corp", "x.private"),
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255"),  # noqa: S104
    *("192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8"),
    *("192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "192.88.99.1", "224.0.0.1"),
    *("240.0.0.1", "255.255.255.255", "[::]", "[::1]", "[fe80::1]", "[fe80::1%25eth0]"),
    *("[fc00::1]", "[fd12:3456::1]", "[ff02::1]", "[::ffff:127.0.0.1]", "[::ffff:8.8.8.8]"),
    *("[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::1]", "[2002:7f00:1::1]"),
    *("[2001::1]", "[2001:db8::1]", "[100::1]", "[3fff::1]", "[5f00::1]", "[fec0::1]"),
    *("127.0.0.1.", "１２７.0.0.1", "127。0。0。1", "ⓛocalhost", "①②⑦.0.0.1"),
    *("🯱🯲🯷.0.0.🯱", "a.🄻ocalhost"),  # of later Unicode than the codec idna
)
# Numbers that are 127.0.0.1 for some programs, and what is no host for any.
NO_HOSTS = (
    *("127.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "127.0.0.01", "0"),
    *("017700000001", "127.0.0.0x1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "a..b", "-a.example.org"),
    *("a" * 64 + ".example.org", ".".join(["abcdefgh"] * 30), "exa$mple.org", "[::1", "[1.2.3.4]"),
    *("\u200blocalhost", "*.example.org"),
)
PUBLIC = (
    *("meet.example.org", "MEET.Example.Org.", "bücher.example.org", "xn--bcher-kva.example.org"),
    *("8.8.8.8", "192.0.1.1", "172.32.0.1", "100.128.0.1", "[2a00:1450::1]", "[2001:4860::8888]"),
    *("local.example.org", "localhost.example.org", "10.0.0.1.example.org", "a_b.example.org"),
)


def refusal_of(address: str, *named: str) -> str:
    with pytest.raises(UnfitInput) as refusal:
        target_of(address, named)
    return str(refusal.value)


@pytest.mark.parametrize("host", INSIDE)
def test_host_of_ones_own_network_is_neither_stored_nor_called(host: str) -> None:
    complaint = link_complaint(f"https://{host}/room", (), "room_url")
    assert complaint is not None
    assert complaint.about == "room_url"
    assert "inside your own network" in str(complaint)
    with pytest.raises(UnfitInput):
        target_of(f"https://{host}/room")


@pytest.mark.parametrize("host", NO_HOSTS)
def test_what_is_no_host_or_a_number_in_disguise_is_neither_stored_nor_called(host: str) -> None:
    complaint = link_complaint(f"https://{host}/", (), "room_url")
    assert complaint is not None
    assert "not a complete web address" in str(complaint)
    with pytest.raises(UnfitInput):
        target_of(f"https://{host}/", [host])


@pytest.mark.parametrize("host", PUBLIC)
def test_public_host_is_stored_and_called(host: str) -> None:
    assert link_complaint(f"https://{host}/room?a=b#c", (), "room_url") is None
    if host.isascii():
        target = target_of(f"https://{host}/room?a=b#c")
        assert (target.https, target.port, target.path) == (True, 443, "/room?a=b")
        assert target.host == read_host(host)


@pytest.mark.parametrize(
    "address",
    [
        "https://user@meet.example.org/",
        "https://user:secret@meet.example.org/",
        "https://meet.example.org@127.0.0.1/",
        "https://meet.example.org\\@127.0.0.1/",
        "https://127.0.0.1\\.example.org/",
        "https://@meet.example.org/",
    ],
)
def test_user_before_the_host_is_refused(address: str) -> None:
    assert "user name" in str(link_complaint(address, (), "room_url"))
    with pytest.raises(UnfitInput):
        target_of(address)


@pytest.mark.parametrize(
    "address",
    [
        *("", "meet.example.org", "//meet.example.org/", "ftp://meet.example.org/", "https:///x"),
        *("https://meet.example.org:0/", "https://meet.example.org:99999/", "file:///etc/passwd"),
        *("https://meet.example.org:x/", "https://meet .example.org/", "gopher://127.0.0.1:25/"),
        *("https://meet.example.org/a\r\nHost: b", "https://me\tet.example.org/", "https://a/\0"),
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    assert "not a complete web address" in str(link_complaint(address, (), "room_url"))
    assert "not a complete web address" in refusal_of(address)


def test_calls_leave_by_https_at_its_usual_port() -> None:
    assert "https://" in refusal_of("http://meet.example.org/")
    assert "8443" in refusal_of("https://meet.example.org:8443/")
    assert target_of("https://meet.example.org:443/").port == 443
    # People may open such a link: nothing is called.
    assert link_complaint("http://meet.example.org:8080/x", (), "room_url") is None


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8090/bigbluebutton/",
        "https://localhost/",
        "http://meet.intern:81/",
        "http://[::1]:8080/",
    ],
)
def test_named_host_may_be_private_plain_and_on_any_port(address: str) -> None:
    named = read_hosts("127.0.0.1, LOCALHOST,meet.intern.,::1")
    assert link_complaint(address, named, "room_url") is None
    assert target_of(address, named).named


def test_naming_one_host_allows_no_other() -> None:
    named = read_hosts("meet.intranet.example.org")
    assert link_complaint("https://127.0.0.1/", named, "room_url") is not None
    assert "https://" in refusal_of("http://a.meet.intranet.example.org/", *named)


def test_host_header_contains_the_port_unless_it_is_usual() -> None:
    named = ("::1", "a.example.org")
    assert target_of("http://[::1]:8080/", named).origin_host == "[::1]:8080"
    assert target_of("http://a.example.org/", named).origin_host == "a.example.org"
    assert target_of("https://a.example.org:80/", named).origin_host == "a.example.org:80"


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("https://a.example.org", "/"),
        ("https://a.example.org?x=1", "/?x=1"),
        ("https://a.example.org/a//b/../c?d=%2f&e=+#f", "/a//b/../c?d=%2f&e=+"),
        ("https://a.example.org/a?", "/a?"),
    ],
)
def test_path_and_query_are_called_as_given(address: str, path: str) -> None:
    assert target_of(address).path == path


def test_all_addresses_of_a_name_must_be_public() -> None:
    public, private = ip_address("93.184.215.14"), ip_address("10.0.0.1")
    target = target_of("https://meet.example.org/")
    assert may_connect(target, [public])
    assert not may_connect(target, [public, private])
    assert may_connect(target_of("https://meet.example.org/", ["meet.example.org"]), [private])


def test_every_ipv4_address_inside_an_ipv6_address_is_refused() -> None:
    for prefix in ("::ffff:", "::", "64:ff9b::"):
        assert not is_public_ip(ip_address(f"{prefix}8.8.8.8"))


@pytest.mark.parametrize(
    "text", ["", "https://a.example.org", "a.example.org:8443", "*", "a/b", "a b", "a,,b", "10.0.0"]
)
def test_setting_with_something_else_than_hosts_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a host"):
        read_hosts(text)


@pytest.mark.parametrize(
    "text",
    [
        *("meet.example.org", "https://u:p@meet.example.org", "https://meet.example.org/?a=b"),
        *("https://meet.example.org/#a", "javascript:alert(1)", "https://0x7f.1/"),
    ],
)
def test_address_of_a_service_is_one_address_without_query(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_service_address(text)


def test_address_of_a_service_in_a_variable_may_be_private_at_first() -> None:
    """Whether it may be called depends on another variable, which is read beside it."""
    text = "http://10.0.0.5:8090/bigbluebutton/"
    assert read_service_address(text) == text
