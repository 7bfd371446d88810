"""Puts the console together: its files, its sessions, what it shows, and how it knows its own requests."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from urllib.parse import urlsplit

from antiphon import __version__
from antiphon.accounts.keyring import Keyring
from antiphon.accounts.sign_in import SignIn
from antiphon.clock import Clock
from antiphon.console import assets
from antiphon.console.cookies import SessionCookie
from antiphon.console.live import Live
from antiphon.console.live_routes import LiveRoutes
from antiphon.console.pages import ConsolePages
from antiphon.console.routes import OverviewRoutes, SignInRoutes
from antiphon.console.sessions import Lifetime, Sessions
from antiphon.console.visitors import Visitors
from antiphon.console.wire import Facts, WireChain, WireFeatures, WireGateway, WireSetting
from antiphon.gateway import values
from antiphon.gateway.console_rows import ConsoleHandlers
from antiphon.gateway.storage import Storage
from antiphon.gateway.table import NOTHING_HERE
from antiphon.ids import Ids
from antiphon.key import Key
from antiphon.settings.model import Settings
from antiphon.settings.shown import shown


class Console:
    """The parts of the console. `base_url` is where the gateway is called; `named` are the keys of the settings."""

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        live: Live,
        *,
        base_url: str,
        named: dict[str, Key],
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._base_url = base_url
        self._clock = clock
        self._secure = base_url.startswith("https://")
        self._cookie = SessionCookie(secure=self._secure)
        self._sessions = Sessions(
            storage.database,
            storage.peppers,
            storage.keys,
            named=named,
            lifetime=Lifetime(settings.console.idle_s, settings.console.session_s),
            clock=clock,
            ids=ids,
            account_allowance=values.account_allowance(settings),
        )
        self.visitors = Visitors(self._sessions, self._cookie, hosts=_hosts(settings, base_url))
        self.live = live

    def handlers(self, keyring: Keyring, sign_in: SignIn) -> ConsoleHandlers:
        """What answers its rows."""
        settings, storage = self._settings, self._storage
        return ConsoleHandlers(
            pages=ConsolePages(assets.read(), secure=self._secure, elsewhere=NOTHING_HERE),
            sign_in=SignInRoutes(
                self._sessions,
                self.visitors,
                self._cookie,
                keyring,
                sign_in,
                self._facts,
                on_change=storage.keys_changed,
            ),
            overview=OverviewRoutes(
                storage.database,
                self.visitors,
                self._facts,
                idle_s=settings.console.idle_s,
                settings=lambda: tuple(_settings(settings)),
            ),
            live=LiveRoutes(self.live, self.visitors, clock=self._clock, heartbeat_s=settings.timeouts.heartbeat_s),
        )

    @cached_property
    def _facts(self) -> Facts:
        settings, chain = self._settings, _chain(self._settings)
        faucet = values.gifts(settings).faucet > 0
        return Facts(
            WireGateway(__version__, self._base_url, int(self._clock.now() * 1000)),
            WireFeatures(sign_in=settings.auth.sign_in, topup=chain is not None, faucet=faucet),
            settings.auth.chain_ids,
            chain,
        )


def _chain(settings: Settings) -> WireChain | None:
    terms = values.topup_terms(settings)
    if terms is None:
        return None
    return WireChain(
        network=terms.network,
        chain_id=int(terms.network.partition(":")[2]),
        usdc=terms.asset,
        token_name=terms.name,
        token_version=terms.version,
        min_micro_usdc=terms.amount_min,
        max_micro_usdc=terms.amount_max,
        local=settings.chain == "local",
    )


def _settings(settings: Settings) -> Iterator[WireSetting]:
    for one in shown(settings):
        yield WireSetting(one.name, one.value, one.default, one.type, one.description, one.secret, one.changed)


def _hosts(settings: Settings, base_url: str) -> frozenset[str]:
    """The hosts by which browsers may call the gateway, besides the one that a request names."""
    addresses = (base_url, *settings.auth.origins)
    return frozenset(urlsplit(address).netloc.lower() for address in addresses)
