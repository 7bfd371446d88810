"""The rows of the console in the table of routes."""

from __future__ import annotations

from msgspec import Struct

from antiphon.console import wire
from antiphon.console.live_routes import LiveRoutes
from antiphon.console.pages import ConsolePages
from antiphon.console.routes import OverviewRoutes, SignInRoutes
from antiphon.console.seen import WireSeenNow
from antiphon.gateway.table import Route

HTML = "text/html"


class ConsoleHandlers(Struct, frozen=True):
    """What answers them."""

    pages: ConsolePages
    sign_in: SignInRoutes
    overview: OverviewRoutes
    live: LiveRoutes


def console_rows(handlers: ConsoleHandlers | None) -> tuple[Route, ...]:
    """One row per route; none where there is no console."""
    if handlers is None:
        return ()
    pages, sign_in, overview = handlers.pages, handlers.sign_in, handlers.overview
    return (
        Route("GET", "/", pages.front, "The console, for browsers.", "console", key=False, media_type=HTML,
              statuses=(404,)),
        Route("GET", "/console", pages.index, "The console.", "console", key=False, media_type=HTML),
        Route("GET", "/console/{asset}", pages.asset, "A file of the console.", "console", key=False,
              media_type="*/*", statuses=(404,)),
        Route("GET", "/v1/console/sign-in", sign_in.ways, "How one can sign in at the console.", "console", key=False,
              response=wire.WireSignIn),
        Route("POST", "/v1/console/session", sign_in.begin, "Sign in at the console, with a key or a wallet.",
              "console", key=False, request=wire.SessionBody, response=wire.WireOverview, success=201,
              statuses=(401, 403, 409, 429, 503)),
        Route("DELETE", "/v1/console/session", sign_in.end, "Sign out of the console.", "console", key=False,
              success=204, statuses=(403,)),
        Route("GET", "/v1/console/overview", overview.overview, "Who the caller is, and what there is here.",
              "console", scope=None, response=wire.WireOverview),
        Route("GET", "/v1/console/settings", overview.settings, "The gateway's settings, without secrets.", "console",
              scope="admin", response=wire.WireSettings, statuses=(403,)),
        Route("GET", "/v1/console/requests/{request}", overview.request, "What is kept of a request, by either id.",
              "console", response=wire.WireMoments, statuses=(404,)),
        Route("GET", "/v1/console/live", handlers.live.follow, "The latest requests; as events, each change too.",
              "console", response=WireSeenNow, streams=True, statuses=(503,)),
    )  # fmt: skip
