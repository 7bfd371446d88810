"""The guard over image URLs: what it reads, and the many spellings that it must refuse."""

from __future__ import annotations

import socket
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from antiphon.vision.addresses import admit_address
from antiphon.vision.guard import Target, follow_redirect, host_is_listed, parse_target

GOOD = {
    "https://example.com/a.png": ("example.com", 443, "/a.png", "example.com"),
    "HTTPS://EXAMPLE.com": ("example.com", 443, "/", "example.com"),
    "https://example.com?a=b/../c": ("example.com", 443, "/?a=b/../c", "example.com"),
    "https://example.com:443/%2e%2e/a%0d%0a": ("example.com", 443, "/%2e%2e/a%0d%0a", "example.com"),
    "https://xn--bcher-kva.example/": ("xn--bcher-kva.example", 443, "/", "xn--bcher-kva.example"),
    "https://a.b.c.d-e.example:80/": ("a.b.c.d-e.example", 80, "/", "a.b.c.d-e.example:80"),
    "https://8.8.8.8/a": ("8.8.8.8", 443, "/a", "8.8.8.8"),
    "https://[2606:4700:4700:0::1111]:443/": ("2606:4700:4700::1111", 443, "/", "[2606:4700:4700::1111]"),
}

MALFORMED = (
    # Other schemes, and none.
    "",
    "example.com/a.png",
    "//example.com/a.png",
    "http://example.com/a.png",
    "file:///etc/passwd",
    "ftp://example.com/a.png",
    "gopher://example.com:443/_GET",
    "javascript:alert(1)",
    "jar:https://example.com!/a",
    "unix:/run/docker.sock",
    "https:example.com",
    "https:/example.com/",
    "https:///example.com/",
    "https:////example.com/",
    "https ://example.com/",
    " https://example.com/",
    "https://example.com/ ",
    "view-source:https://example.com/",
    # A user, or what one parser takes for one.
    "https://user@example.com/",
    "https://user:password@example.com/",
    "https://example.com@127.0.0.1/",
    "https://127.0.0.1@example.com/",
    "https://example.com%40127.0.0.1/",
    "https://example.com\\@127.0.0.1/",
    "https://example.com#@127.0.0.1/",
    "https://127.0.0.1#@example.com/",
    "https://example.com?@127.0.0.1#/",
    "https://example.com:443@127.0.0.1:443/",
    # Backslashes, controls, spaces, characters beyond ASCII.
    "https:\\\\127.0.0.1\\",
    "https://127.0.0.1\\example.com/",
    "https://example.com\\.internal.test/",
    "https://example.com/\\",
    "https://example.com/a\tb",
    "https://exam\tple.com/",
    "https://exam\nple.com/",
    "https://example.com\r\nHost: 127.0.0.1/",
    "https://example.com/\r\nHost: 127.0.0.1",
    "https://example.com/\x00",
    "https://example.com\x00.internal.test/",
    "https://exa mple.com/",
    "https://example.com\x7f/",
    "https://ⓔxample.com/",
    "https://bücher.example/",
    "https://example。com/",
    "https://127。0。0。1/",
    "https://１２７.0.0.1/",
    "https://127.0.0.1\u200b/",
    "https://exampl\u0435.com/",
    "https://example.com/ä.png",
    # Numbers that some resolvers take for 127.0.0.1 or 169.254.169.254.
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0X7F.0.0.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://127.1/",
    "https://127.0.1/",
    "https://127.0.0.01/",
    "https://0x7f.1/",
    "https://127.0.0.0x1/",
    "https://00000177.0.0.1/",
    "https://127.0.0.1./",
    "https://127.0.0.256/",
    "https://383.0.0.1/",
    "https://0/",
    "https://1.2.3.4.5/",
    "https://0xa9fea9fe/",
    "https://2852039166/",
    "https://169.254.43518/",
    "https://1e100/",
    "https://-1.0.0.1/",
    # Odd hosts.
    "https://localhost/",
    "https://LOCALHOST:443/",
    "https://localhost./",
    "https://metadata/",
    "https://example.com./",
    "https://example..com/",
    "https://.example.com/",
    "https://-a.example.com/",
    "https://a-.example.com/",
    "https://a_b.example.com/",
    "https://*.example.com/",
    "https://%31%32%37.0.0.1/",
    "https://%6c%6f%63alhost.example/",
    "https://exa%00mple.com/",
    f"https://{'a' * 64}.example/",
    f"https://{'a.' * 130}example/",
    f"https://example.com/{'a' * 5000}",
    "https://example.com,127.0.0.1/",
    "https://example.com;127.0.0.1/",
    # Brackets.
    "https://[]/",
    "https://[::1/",
    "https://::1/",
    "https://[::1]]/",
    "https://[[::1]]/",
    "https://[::1%25lo]/",
    "https://[fe80::1%eth0]/",
    "https://[v1.fe80::a]/",
    "https://[127.0.0.1]/",
    "https://[::ffff:127.1]/",
    "https://[0:0:0:0:0:0:0:0:1]/",
    "https://[::1]example.com/",
    "https://example.com[::1]/",
    "https://[example.com]/",
    # Ports.
    "https://example.com:/",
    "https://example.com:0/",
    "https://example.com:22/",
    "https://example.com:8443/",
    "https://example.com:0443/",
    "https://example.com:443:443/",
    "https://example.com:+443/",
    "https://example.com:4 43/",
    "https://example.com:65979/",
    "https://example.com:1000443/",
    "https://example.com:４４３/",
    "https://example.com:443a/",
)

PRIVATE = (
    "https://127.0.0.1/",
    "https://127.8.8.8:443/",
    "https://0.0.0.0/",
    "https://10.0.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://192.168.1.1/",
    "https://[::]/",
    "https://[::1]:443/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[0000:0000:0000:0000:0000:0000:0000:0001]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:7f00:1::]/",
    "https://[fd00::1]/",
    "https://[fe80::1]/",
    "https://[FEC0::1]/",
    "https://[ff02::1]/",
)


@pytest.mark.parametrize("url", GOOD)
def test_a_plain_url_is_read_into_parts(url: str) -> None:
    """Host, port, request target and Host header come out in one spelling."""
    target = parse_target(url)
    assert (target.host, target.port, target.request_target, target.authority) == GOOD[url]


@pytest.mark.parametrize("url", MALFORMED)
def test_a_hostile_spelling_is_refused(url: str) -> None:
    """Whatever two parsers could read differently is read by none; the reason never repeats the URL."""
    with pytest.raises(ValueError, match=r".") as refusal:
        parse_target(url)
    assert len(url) < 12 or url not in str(refusal.value)


@pytest.mark.parametrize("url", PRIVATE)
def test_a_private_address_is_read_and_not_admitted(url: str) -> None:
    """An address in a proper spelling is known for an address, and judged as one."""
    address = parse_target(url).address
    assert address is not None
    assert not admit_address(address)


def test_http_passes_only_if_allowed() -> None:
    """Plain http is for those who ask for it."""
    assert parse_target("http://example.com/", http_allowed=True).port == 80
    with pytest.raises(ValueError, match="http is not allowed"):
        parse_target("http://example.com/")


def test_ports_are_as_allowed() -> None:
    """A port passes exactly if it is listed, also the scheme's own."""
    assert parse_target("https://example.com:8443/", ports=(8443,)).authority == "example.com:8443"
    with pytest.raises(ValueError, match="port"):
        parse_target("https://example.com/", ports=(8443,))


ORIGIN = parse_target("https://a.example/x/y?z")


@pytest.mark.parametrize(
    ("location", "authority", "request_target"),
    [
        ("https://b.example/c", "b.example", "/c"),
        ("//b.example:80/c", "b.example:80", "/c"),
        ("/c?d", "a.example", "/c?d"),
    ],
)
def test_a_redirect_is_read_against_its_origin(location: str, authority: str, request_target: str) -> None:
    """Absolute URLs, other authorities and other paths are followed."""
    target = follow_redirect(ORIGIN, location)
    assert (target.authority, target.request_target) == (authority, request_target)


@pytest.mark.parametrize(
    "location",
    [
        *("", "c.png", "?d", "../c", "http://b.example/", "file:///etc/passwd"),
        *("/\\b.example", "\\\\b.example", "/c#d", "/ä"),
        *(url for url in MALFORMED if url.startswith("https://")),
    ],
)
def test_a_hostile_redirect_is_refused(location: str) -> None:
    """A redirect passes the same guard, and never leads from https to http."""
    with pytest.raises(ValueError, match=r"."):
        follow_redirect(ORIGIN, location, http_allowed=True)


def test_a_redirect_may_lead_from_http_to_https() -> None:
    """The way up is open."""
    origin = parse_target("http://a.example/", http_allowed=True)
    assert follow_redirect(origin, "https://a.example/", http_allowed=True).scheme == "https"
    assert follow_redirect(origin, "/b", http_allowed=True).scheme == "http"


@pytest.mark.parametrize(
    ("host", "listed"),
    [
        ("a.example", True),
        ("b.a.example", False),
        ("x.cdn.example", True),
        ("x.y.cdn.example", True),
        ("cdn.example", False),
        ("xcdn.example", False),
    ],
)
def test_the_allow_list_knows_names_and_everything_below_a_name(host: str, listed: bool) -> None:
    """A plain entry means one host, a starred one every host below, and neither means a mere ending."""
    assert host_is_listed(host, ("A.example", "*.CDN.example")) is listed


HOSTS = st.one_of(
    st.sampled_from(("example.com", "localhost", "127.0.0.1", "[::1]", "0x7f.1", "2130706433", "a.b")),
    st.from_regex(r"[0-9a-fx]{1,4}(\.[0-9a-fx]{1,4}){0,4}\.?", fullmatch=True),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    st.text("aZ09.-_:@%[]\\/#?。 \t\u0430", max_size=12),
)
URLS = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(("https://", "HTTPS://", "https:/", "https:", "//", "http://")),
        st.sampled_from(("", "", "", "u@", "u:p@", "example.com\\@", "example.com#@")),
        HOSTS,
        st.sampled_from(("", "", ":443", ":80", ":0443", ":", ":22", ":443@a.b")),
        st.sampled_from(("", "/", "/a?b", "?a@b", "/..;/", "#f", "\\a", "/@127.0.0.1")),
    ),
)


@given(URLS)
@example("https://[::ffff:127.0.0.1]/")
@example("https://8.8.8.8/")
def test_what_passes_means_the_same_to_everybody(url: str) -> None:
    """The standard library's parsers read an accepted URL exactly as the guard does."""
    try:
        target = parse_target(url, http_allowed=True)
    except ValueError:
        return
    parts = urlsplit(url)
    assert (parts.scheme, parts.username, parts.password, parts.fragment) == (target.scheme, None, None, "")
    assert (parts.port or {"http": 80, "https": 443}[parts.scheme]) == target.port
    assert (parts.path or "/") + (f"?{parts.query}" if parts.query else "") == target.request_target.removesuffix("?")
    _same_host(target, parts.hostname or "")


def _same_host(target: Target, hostname: str) -> None:
    """Check that a name is no address to anybody, and that an address is the same one to all."""
    if target.address is None:
        assert hostname == target.host
        with pytest.raises(ValueError, match=r"."):
            ip_address(hostname)
        with pytest.raises(OSError, match=r"."):
            socket.inet_aton(hostname)  # the C library's reading: octal, hexadecimal and short forms too
        return
    assert ip_address(hostname) == target.address == ip_address(target.host)
    if not isinstance(target.address, IPv6Address):
        assert socket.inet_aton(hostname) == target.address.packed
    if admit_address(target.address):
        assert getattr(target.address, "ipv4_mapped", None) or target.address.is_global
