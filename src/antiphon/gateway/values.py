"""Settings as the values that features are given: a feature never sees a setting."""

from __future__ import annotations

from urllib.parse import urlsplit

from antiphon.accounts import pepper
from antiphon.accounts.ethereum import checksummed
from antiphon.accounts.keys import digest
from antiphon.accounts.model import Kind
from antiphon.accounts.pepper import Pepper
from antiphon.accounts.sign_in import SignInRules
from antiphon.accounts.wallet import Origin
from antiphon.channels.model import Bounds as ChannelBounds
from antiphon.completions.dialects import RequestBounds
from antiphon.completions.plan import Bounds
from antiphon.credits.gifts import Gifts
from antiphon.credits.money import MICRO_PER_CREDIT
from antiphon.gateway.overload import OverloadLimits
from antiphon.interactions.patience import RESTS_S, Patience
from antiphon.key import ADMIN, CLIENT, Allowance, Key, Ledger
from antiphon.models.affinity import Affinity
from antiphon.settings.model import Settings
from antiphon.topup.model import Terms
from antiphon.topup.networks import NETWORKS
from antiphon.vision.limits import ImageLimits

CREDIT: dict[str, Ledger | None] = {"none": None, "dev": "DEV", "usdc": "USDC"}


def bounds(settings: Settings) -> Bounds:
    """How long requests may take."""
    return Bounds(
        first_token_s=settings.timeouts.first_token_s,
        inter_token_s=settings.timeouts.inter_token_s,
        total_s=settings.timeouts.total_s,
        total_s_max=settings.timeouts.total_s_max,
        heartbeat_s=settings.timeouts.heartbeat_s,
        stall_s=settings.failover.stall_s,
        continuations_max=settings.failover.continuations_max,
        hedges=settings.failover.hedging,
    )


def affinity(settings: Settings) -> Affinity:
    """What placement remembers of where prompts went."""
    bounds = settings.placement
    return Affinity(pairs_max=bounds.prefixes_max, sessions_max=bounds.sessions_max)


def request_bounds(settings: Settings) -> RequestBounds:
    """What one request may hold."""
    return RequestBounds(
        n_max=settings.limits.n_max,
        messages_max=settings.limits.messages_max,
        prompts_max=settings.limits.prompts_max,
        inputs_max=settings.limits.inputs_max,
        strict_fields=settings.server.strict_fields,
    )


def channel_bounds(settings: Settings) -> ChannelBounds:
    """How much there may be of channels and their messages."""
    given = settings.channels
    return ChannelBounds(
        content_bytes_max=given.content_bytes_max,
        posts_per_minute=given.posts_per_minute,
        per_account_max=given.per_account_max,
        members_max=given.members_max,
        followers_max=given.followers_max,
        wait_s_max=given.wait_s_max,
        retention_days=given.retention_days,
    )


def overload_limits(settings: Settings) -> OverloadLimits:
    """When the gateway has too much to do."""
    given = settings.overload
    return OverloadLimits(
        lag_s=given.lag_s, images_share=given.images_memory_share, memory_share=given.memory_share
    )  # fmt: skip


def image_limits(settings: Settings) -> ImageLimits:
    """Which images are admitted."""
    return ImageLimits(
        images_max=settings.limits.images_max,
        size_bytes_max=settings.images.size_bytes_max,
        pixels_max=settings.images.pixels_max,
        fetch=settings.images.fetch,
        fetch_timeout_s=settings.images.fetch_timeout_s,
        hosts_allowed=settings.images.allowed_hosts,
    )


def named_keys(settings: Settings, development_key: str | None) -> dict[str, Key]:
    """The keys of the settings and the development key, by digest."""
    keys: dict[str, Key] = {}
    for row in settings.keys:
        secret = row.key.reveal() if row.key is not None else ""
        keys[row.key_sha256 or digest(secret)] = Key(
            row.name,
            row.requests_per_minute,
            frozenset(row.models),
            frozenset(row.projects),
            scopes=ADMIN if row.admin else CLIENT,
            account_name=row.account or "",
            session_memory=row.session_memory,
            dria=secret.startswith("dkn_"),
            tokens_per_minute=row.tokens_per_minute,
            parallel_max=row.parallel_max,
            nodes=frozenset(row.nodes),
            prompt_price_max=row.max_price.prompt,
            completion_price_max=row.max_price.completion,
            credit=CREDIT[row.credit],
        )
    if development_key is not None:
        keys[digest(development_key)] = Key("development", scopes=ADMIN, dria=development_key.startswith("dkn_"))
    return keys


def peppers(settings: Settings) -> tuple[Pepper, ...]:
    """What stored keys are digested with; made in the data folder where none is set."""
    auth = settings.auth
    current = None if auth.pepper is None else auth.pepper.reveal()
    former = () if auth.former_pepper is None else (auth.former_pepper.reveal(),)
    return pepper.peppers(settings.data_dir, current, former)


def patience(settings: Settings) -> Patience:
    """How long is looked for what another gateway may be about to write; a file is of one gateway."""
    url = settings.database.url
    return Patience(RESTS_S if url is not None and url.reveal().startswith("postgres") else ())


def key_kind(settings: Settings) -> Kind:
    """What new stored keys are for."""
    return settings.auth.key_kind or ("test" if settings.development_key else "live")


def gifts(settings: Settings) -> Gifts:
    """How much play money is given away; the faucet runs only at a gateway in development."""
    given = settings.credits
    faucet = given.faucet_grant if settings.development_key else 0
    return Gifts(signup=given.signup_grant * MICRO_PER_CREDIT, faucet=faucet * MICRO_PER_CREDIT)


def account_allowance(settings: Settings) -> Allowance:
    """What the stored keys of one account may ask for together."""
    auth = settings.auth
    return Allowance(auth.account_requests_per_minute, auth.account_tokens_per_minute, auth.account_parallel_max)


def sign_in_rules(settings: Settings, base_url: str) -> SignInRules:
    """Whom sign-in texts may be for. `base_url` is where the gateway listens, should no setting say more."""
    auth = settings.auth
    addresses = auth.origins or (settings.server.base_url or base_url,)
    origins = tuple(_origin(address) for address in addresses)
    if not auth.origins:
        # A gateway on one's own machine has two names, and people use either.
        origins += tuple(
            Origin(one.scheme, one.domain.replace("127.0.0.1", "localhost"))
            for one in origins
            if one.domain.partition(":")[0] == "127.0.0.1"
        )
    return SignInRules(auth.sign_in, origins, auth.chain_ids, auth.sign_ins_per_minute)


def topup_terms(settings: Settings) -> Terms | None:
    """What a top-up is paid with, and to whom; None where there are none."""
    given = settings.topup
    if given.network is None or given.pay_to is None:
        return None
    known = NETWORKS.get(given.network)
    asset, name, version = given.asset or "", given.asset_name or "", given.asset_version or ""
    if known is not None:  # otherwise all three are given, as the settings' rules demand
        asset, name, version = asset or known.asset, name or known.name, version or known.version
    return Terms(
        network=given.network,
        v1_network=given.network if known is None else known.v1_name,
        asset=checksummed(asset),
        name=name,
        version=version,
        pay_to=checksummed(given.pay_to),
        amount_min=given.amount_min_micro_usdc,
        amount_max=given.amount_max_micro_usdc,
        any_payer=given.any_payer,
        safe_above=given.safe_above_micro_usdc,
    )


def _origin(address: str) -> Origin:
    parts = urlsplit(address)
    return Origin(parts.scheme, parts.netloc.lower())
