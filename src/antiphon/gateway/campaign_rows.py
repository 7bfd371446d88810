"""The rows of campaigns in the table of routes."""

from __future__ import annotations

from antiphon.campaigns import wire
from antiphon.campaigns.report import Report
from antiphon.campaigns.report_routes import ReportQuery, ReportRoutes
from antiphon.campaigns.routes import CampaignRoutes
from antiphon.campaigns.timeline import Timeline
from antiphon.gateway.table import Route


def campaign_rows(routes: CampaignRoutes, reports: ReportRoutes) -> tuple[Route, ...]:
    """One row per route."""
    steps = (
        ("start", routes.start, "Let requests take part in a campaign."),
        ("pause", routes.pause, "Let requests get what the project says, until it is started again."),
        ("stop", routes.stop, "End a campaign for good."),
        ("archive", routes.archive, "Keep a campaign that is over out of the lists."),
    )
    return (
        Route("GET", "/v1/campaigns", routes.list, "List the account's campaigns.", "campaigns",
              query=wire.CampaignsQuery, response=wire.WireCampaigns, statuses=(403, 404)),
        Route("POST", "/v1/campaigns", routes.create, "Make a campaign.", "campaigns", request=wire.CampaignBody,
              response=wire.WireCampaign, success=201, statuses=(403, 404, 409)),
        Route("GET", "/v1/campaigns/{campaign}", routes.get, "One campaign, by id or key.", "campaigns",
              response=wire.WireCampaign, statuses=(404,)),
        Route("GET", "/v1/campaigns/{campaign}/report", reports.report, "What is known of a campaign, and how surely.",
              "campaigns", query=ReportQuery, response=Report, also=("text/plain", "image/svg+xml"), statuses=(404,)),
        Route("GET", "/v1/campaigns/{campaign}/timeline", reports.timeline,
              "What is known of a campaign over time, for charts.", "campaigns", response=Timeline, statuses=(404,)),
        Route("PATCH", "/v1/campaigns/{campaign}", routes.change, "Change its share of requests, or its weights.",
              "campaigns", request=wire.CampaignChangeBody, response=wire.WireCampaign,
              statuses=(403, 404, 409)),
        *(Route("POST", f"/v1/campaigns/{{campaign}}/{step}", handler, summary, "campaigns",
                response=wire.WireCampaign, statuses=(403, 404, 409)) for step, handler, summary in steps),
    )  # fmt: skip
