"""Settings as the values that features are given: a feature never sees a setting."""

from __future__ import annotations

from antiphon.accounts.keys import Keyring, digest
from antiphon.completions.dialects import RequestBounds
from antiphon.completions.plan import Bounds
from antiphon.key import ADMIN, INFERENCE, Key
from antiphon.settings.model import Settings
from antiphon.vision.limits import ImageLimits


def bounds(settings: Settings) -> Bounds:
    """How long requests may take."""
    return Bounds(
        first_token_s=settings.timeouts.first_token_s,
        inter_token_s=settings.timeouts.inter_token_s,
        total_s=settings.timeouts.total_s,
        total_s_max=settings.timeouts.total_s_max,
        heartbeat_s=settings.timeouts.heartbeat_s,
    )


def request_bounds(settings: Settings) -> RequestBounds:
    """What one request may hold."""
    return RequestBounds(
        n_max=settings.limits.n_max,
        messages_max=settings.limits.messages_max,
        prompts_max=settings.limits.prompts_max,
        inputs_max=settings.limits.inputs_max,
        strict_fields=settings.server.strict_fields,
    )


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


def keyring(settings: Settings, development_key: str | None) -> Keyring:
    """The keys of the settings and the development key, by digest."""
    keys: dict[str, Key] = {}
    for row in settings.keys:
        secret = row.key.reveal() if row.key is not None else ""
        name = row.key_sha256 or digest(secret)
        dria = secret.startswith("dkn_")
        keys[name] = Key(
            row.name,
            row.requests_per_minute,
            frozenset(row.models),
            frozenset(row.projects),
            scopes=ADMIN if row.admin else INFERENCE,
            account_name=row.account or "",
            session_memory=row.session_memory,
            dria=dria,
        )
    if development_key is not None:
        keys[digest(development_key)] = Key("development", scopes=ADMIN, dria=development_key.startswith("dkn_"))
    return Keyring(keys)
