"""Puts together what GraphQL is mapped on: the services of all other addresses."""

from __future__ import annotations

from antiphon.feedback.scores import Scores
from antiphon.gateway.storage import Storage
from antiphon.graphql.gathering import Gathering
from antiphon.graphql.reading import Services
from antiphon.graphql.routes import GraphQLRoutes
from antiphon.interactions.groups import Groups
from antiphon.models.catalogue import Catalogue
from antiphon.models.placement import Placement


def graphql_routes(storage: Storage, catalogue: Catalogue, placement: Placement) -> GraphQLRoutes:
    """The one address of GraphQL."""
    services = Services(
        catalogue=catalogue,
        placement=placement,
        projects=storage.projects,
        interactions=storage.interactions,
        groups=Groups(storage.database, storage.interactions),
        feedbacks=storage.feedbacks,
        comparisons=storage.comparisons,
        metrics=storage.feedback_metrics,
        scores=Scores(storage.database),
        campaigns=storage.campaigns.campaigns,
        gathering=Gathering(storage.database),
    )
    return GraphQLRoutes(services)
