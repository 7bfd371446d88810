"""The guarded fetcher against real servers: `127.0.0.1` plays the public network, `127.0.0.2` a private one.

The private server is a canary: no test may ever make it see a connection.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest
import trustme

from antiphon.errors import BadRequest
from antiphon.vision.admission import ImageAdmission
from antiphon.vision.fetch import UNFETCHABLE, ImageFetcher
from antiphon.vision.limits import FetchMode, ImageLimits
from tests.fixtures.machine import Stopwatch
from tests.fixtures.vision.image_server import ImageServer, plain, redirect, running
from tests.fixtures.vision.pictures import RED, opened, solid

PUBLIC, PRIVATE, NOBODY = "127.0.0.1", "127.0.0.2", "127.0.0.3"
HOST = "images.example.test"
IMAGE = solid(RED)
SIZE_BYTES_MAX = 50_000
GZIP = "Content-Encoding: gzip\r\n"


@dataclass
class Names:
    """A resolver whose answers for a name come one after the other; the last one stays."""

    answers: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, _port: int) -> Sequence[str]:
        """Return the next answer; an unknown name is an OSError, as the system's resolver has it."""
        self.asked.append(host)
        if host not in self.answers:
            raise OSError("Name or service not known")
        answers = self.answers[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]


@dataclass(frozen=True)
class Network:
    """A public server, a canary on the same port of a private address, names for both, and a certificate."""

    public: ImageServer
    canary: ImageServer
    names: Names
    trust: ssl.SSLContext

    def fetcher(
        self, *, fetch: FetchMode = "public", hosts: tuple[str, ...] = (), timeout_s: float = 5.0, networks: str = ""
    ) -> ImageFetcher:
        """Return a fetcher to which only the public server's address is public."""
        limits = ImageLimits(
            fetch=fetch,
            fetch_timeout_s=timeout_s,
            hosts_allowed=hosts,
            http_allowed=True,
            networks_allowed=(networks or f"{PUBLIC}/32",),
            ports_allowed=(self.public.port,),
            size_bytes_max=SIZE_BYTES_MAX,
        )
        return ImageFetcher(limits, resolve=self.names, tls=self.trust)

    def url(self, path: str = "/image", *, host: str = HOST, scheme: str = "https") -> str:
        """Return the URL of a path on the public server's port."""
        return f"{scheme}://{host}:{self.public.port}{path}"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """A certificate authority of our own."""
    return trustme.CA()


@pytest.fixture
async def network(authority: trustme.CA) -> AsyncIterator[Network]:
    """A public server over TLS and a canary beside it."""
    trust, identity = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(trust)
    authority.issue_cert(HOST, "other.example.test", PUBLIC).configure_cert(identity)
    names = Names({HOST: [[PUBLIC]], "private.example.test": [[PRIVATE]]})
    async with (
        running({"/image": [plain(IMAGE)]}, tls=identity) as public,
        running({"/image": [plain(IMAGE)]}, host=PRIVATE, port=public.port) as canary,
    ):
        yield Network(public, canary, names, trust)
        assert canary.connections == 0


async def refusal(fetcher: ImageFetcher, url: str) -> BadRequest:
    """Return the refusal of a URL, which is the same text for every reason."""
    with pytest.raises(BadRequest) as refused:
        await fetcher.fetch(url, param="image")
    assert refused.value.message == f"image: {UNFETCHABLE}"
    assert refused.value.param == "image"
    assert refused.value.__cause__ is not None
    return refused.value


async def test_an_image_is_fetched_over_tls(network: Network) -> None:
    """The name is in the Host header and nothing of ours is: no cookie, no credential, no compression."""
    assert await network.fetcher().fetch(network.url("/image"), param="image") == IMAGE
    (head,) = network.public.requests
    lines = head.lower().split("\r\n")
    assert lines[0] == "get /image http/1.1"
    assert f"host: {HOST}:{network.public.port}" in lines
    assert "accept-encoding: identity" in lines
    assert not any(line.startswith(("cookie", "authorization", "referer")) for line in lines)


async def test_an_address_in_the_url_needs_no_name(network: Network) -> None:
    """A literal address is fetched as one, with its own certificate, and nobody is asked."""
    assert await network.fetcher().fetch(network.url(host=PUBLIC), param="image") == IMAGE
    assert network.names.asked == []


@pytest.mark.parametrize(
    "answer",
    [
        [plain(IMAGE, headers="Content-Type: text/html\r\n")],
        [b"HTTP/1.0 200 OK\r\n\r\n", IMAGE],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"%x\r\n" % len(IMAGE), IMAGE + b"\r\n0\r\n\r\n"],
        [b"HTTP/1.1 100 Continue\r\n\r\n", plain(IMAGE)],
        [plain(IMAGE, headers="Set-Cookie: a=b\r\nContent-Encoding: identity\r\n")],
    ],
)
async def test_every_plain_way_to_send_an_image_is_read(network: Network, answer: Sequence[bytes]) -> None:
    """Wrong types, old servers, chunks and interim answers are no obstacle: the bytes decide."""
    network.public.answers["/image"] = answer
    assert await network.fetcher().fetch(network.url(), param="image") == IMAGE


@pytest.mark.parametrize(
    "answer",
    [
        [plain(b"no", status="404 Not Found")],
        [plain(IMAGE, status="500 Oops")],
        [plain(b"<svg xmlns='http://www.w3.org/2000/svg'/>", headers="Content-Type: image/svg+xml\r\n")],
        [plain(b"<html>", headers="Content-Type: image/png\r\n")],
        [plain(b"")],
        [plain(IMAGE + bytes(SIZE_BYTES_MAX))],
        [f"HTTP/1.1 200 OK\r\nContent-Length: {10**15}\r\n\r\n".encode(), IMAGE, b""],
        [b"HTTP/1.0 200 OK\r\n\r\n", IMAGE, *[bytes(10_000)] * 20, b""],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"2710\r\n" + bytes(10_000) + b"\r\n"] * 20, b""],
        [plain(IMAGE, headers=GZIP)],
        [plain(IMAGE)[:-5]],
        [b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000, b""],
        [b"garbage", b""],
        [b"\0" * 100],
        [plain(b"", status="302 Found")],
        [redirect("")],
        [redirect("image.png")],
        [redirect("ftp://a.example.test/")],
        [redirect("https://user@images.example.test/image")],
        [redirect("//images.example.test\\@a/image")],
        [redirect("https://unknown.example.test:{port}/image")],
        [redirect("https://private.example.test:{port}/image")],
        [redirect("http://private.example.test:{port}/image")],
        [redirect(f"http://{PRIVATE}:{{port}}/image")],
        [redirect(f"https://{PRIVATE}:{{port}}/image", status="307 Temporary Redirect")],
        [redirect(f"//{PRIVATE}:{{port}}/image", status="308 Permanent Redirect")],
        [redirect("https://[::ffff:127.0.0.2]:{port}/image")],
        [redirect("https://2130706434:{port}/image")],
        [redirect(f"http://{HOST}:{{port}}/image")],
        [redirect(f"https://{HOST}:{{port}}/start")],
    ],
)
async def test_every_bad_answer_gives_the_one_text(network: Network, answer: Sequence[bytes]) -> None:
    """Wrong status, kind, size, encoding and every bad redirect look alike to whoever asked."""
    port = str(network.public.port).encode()
    network.public.answers["/start"] = [piece.replace(b"{port}", port) for piece in answer]
    await refusal(network.fetcher(), network.url("/start"))


@pytest.mark.parametrize(
    "addresses",
    [
        [],
        [PRIVATE],
        [PUBLIC, PRIVATE],
        [PRIVATE, PUBLIC],
        [PUBLIC, "10.0.0.1"],
        [PUBLIC, "::1"],
        [PUBLIC, "::ffff:127.0.0.2"],
        ["64:ff9b::7f00:2"],
        ["fe80::1%lo"],
        ["0.0.0.0"],
        ["169.254.169.254"],
        ["nonsense"],
    ],
)
async def test_one_bad_address_spoils_a_name(network: Network, addresses: Sequence[str]) -> None:
    """Every answer of the resolver must be public, whatever their order, or nothing is connected to."""
    network.names.answers[HOST] = [addresses]
    await refusal(network.fetcher(), network.url())
    assert network.public.connections == 0


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "127.1", "127.0.0.2", "2130706434", "0x7f.0.0.2", "0177.0.0.2", "0"),
        *("[::1]", "[::ffff:127.0.0.2]", "[::127.0.0.2]", "[64:ff9b::7f00:2]"),
        *("127.0.0.2.", "example.test@127.0.0.2", "127.0.0.2#@example.test", "127.0.0.2\\.example.test"),
        *("１２７.0.0.2", "127。0。0。2", "unknown.example.test", "private.example.test"),
    ],
)
@pytest.mark.parametrize("scheme", ["https", "http"])
async def test_no_spelling_reaches_a_private_server(network: Network, host: str, scheme: str) -> None:
    """Names, numbers and tricks that mean the private server end before any connection."""
    await refusal(network.fetcher(), network.url(host=host, scheme=scheme))
    assert network.public.connections == 0


async def test_the_machine_does_not_fetch_from_itself(network: Network) -> None:
    """A public address that is this machine's own is as private as any other."""
    fetcher = ImageFetcher(ImageLimits(fetch="public"), resolve=network.names, tls=network.trust, is_own=lambda _: True)
    failure = await refusal(fetcher, "https://8.8.8.8/image")
    assert "not public" in str(failure.__cause__)


async def test_a_name_that_changes_its_address_gains_nothing(network: Network) -> None:
    """A name is resolved once for each connection, and the connection goes to the address that was checked."""
    network.names.answers[HOST] = [[PUBLIC], [PRIVATE]]
    assert await network.fetcher().fetch(network.url(), param="image") == IMAGE
    assert network.names.asked == [HOST]
    await refusal(network.fetcher(), network.url())
    assert network.public.connections == 1


async def test_a_redirect_asks_anew(network: Network) -> None:
    """A name that turns private between two hops is refused at the second."""
    network.names.answers[HOST] = [[PUBLIC], [PRIVATE]]
    network.public.answers["/start"] = [redirect("/image")]
    await refusal(network.fetcher(), network.url("/start"))
    assert (network.names.asked, network.public.connections) == ([HOST, HOST], 1)


@pytest.mark.parametrize(("hops", "reached"), [(3, True), (4, False)])
async def test_three_redirects_are_followed(network: Network, hops: int, reached: bool) -> None:
    """Three hops are the most, relative or absolute."""
    for hop in range(hops):
        following = "/image" if hop == hops - 1 else f"/{hop + 1}"
        network.public.answers[f"/{hop}"] = [redirect(network.url(following) if hop % 2 else following)]
    if reached:
        assert await network.fetcher().fetch(network.url("/0"), param="image") == IMAGE
    else:
        await refusal(network.fetcher(), network.url("/0"))


@pytest.mark.parametrize(
    "answer",
    [
        [b""],
        [b"HTTP/1.1 200 OK\r\n", b""],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", IMAGE, b""],
        [redirect("/start")[:30], b""],
    ],
)
async def test_a_slow_server_is_left_in_time(network: Network, answer: Sequence[bytes]) -> None:
    """Silence before, within and after the headers ends with the one time-out for all of it."""
    network.public.answers["/start"] = answer
    watch = Stopwatch()
    failure = await refusal(network.fetcher(timeout_s=0.3), network.url("/start"))
    assert watch.real_s > 0.25
    assert watch.fair_s < 3
    assert isinstance(failure.__cause__, TimeoutError)


async def test_a_resolver_that_never_answers_is_left_in_time(network: Network) -> None:
    """Resolving counts towards the time-out."""

    async def silence(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    limits = ImageLimits(fetch="public", fetch_timeout_s=0.1)
    await refusal(ImageFetcher(limits, resolve=silence, tls=network.trust), "https://a.example.test/")


async def test_a_server_without_the_right_certificate_is_refused(network: Network) -> None:
    """The certificate must be of the name in the URL, and of an authority that we trust."""
    network.names.answers["wrong.example.test"] = [[PUBLIC]]
    await refusal(network.fetcher(), network.url(host="wrong.example.test"))
    stranger = Network(network.public, network.canary, network.names, ssl.create_default_context())
    await refusal(stranger.fetcher(), network.url())
    assert network.public.requests == []


async def test_plain_http_works_where_it_is_allowed(network: Network) -> None:
    """Without TLS the same steps are taken."""
    async with running({"/image": [plain(IMAGE)]}) as server:
        plainly = Network(server, network.canary, network.names, network.trust)
        assert await plainly.fetcher().fetch(plainly.url(scheme="http"), param="image") == IMAGE


async def test_a_dead_address_is_followed_by_the_next(network: Network) -> None:
    """Where nobody listens on the first address of a name the second is tried."""
    network.names.answers[HOST] = [[NOBODY, PUBLIC]]
    assert await network.fetcher(networks="127.0.0.0/8").fetch(network.url(), param="image") == IMAGE
    network.names.answers[HOST] = [[NOBODY]]
    await refusal(network.fetcher(networks="127.0.0.0/8"), network.url())


async def test_the_allow_list_is_asked_at_each_hop(network: Network) -> None:
    """Only listed hosts are fetched from, also after a redirect, and an unlisted name is not even resolved."""
    fetcher = network.fetcher(fetch="allow-list", hosts=(HOST,))
    assert await fetcher.fetch(network.url(), param="image") == IMAGE
    network.names.answers["other.example.test"] = [[PUBLIC]]
    await refusal(fetcher, network.url(host="other.example.test"))
    network.public.answers["/start"] = [redirect(network.url(host="other.example.test"))]
    await refusal(fetcher, network.url("/start"))
    assert set(network.names.asked) == {HOST}
    wide = network.fetcher(fetch="allow-list", hosts=("*.example.test",))
    assert await wide.fetch(network.url("/start"), param="image") == IMAGE


async def test_the_environment_offers_no_proxy(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proxy settings in the environment, which would undo the pinning, are not looked at."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://{PRIVATE}:{network.canary.port}")
    assert await network.fetcher().fetch(network.url(), param="image") == IMAGE


async def test_a_fetched_image_is_admitted_like_any_other(network: Network) -> None:
    """From URL to clean data URL in one call; an image that is none by its header is refused by its rule."""
    limits = ImageLimits(fetch="public", networks_allowed=(f"{PUBLIC}/32",), ports_allowed=(network.public.port,))
    admission = ImageAdmission(limits, resolve=network.names, tls=network.trust)
    urls = await asyncio.gather(*(admission.admit(network.url(), param="image") for _ in range(20)))
    assert {opened(url).getpixel((4, 4)) for url in urls} == {RED}
    network.public.answers["/broken"] = [plain(IMAGE[:40])]
    with pytest.raises(BadRequest, match="broken"):
        await admission.admit(network.url("/broken"), param="image")
    await admission.close()
