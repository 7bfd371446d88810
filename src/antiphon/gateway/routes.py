"""The table itself: one row per route. A new feature adds its rows here and nowhere else."""

from __future__ import annotations

from msgspec import Struct

from antiphon.completions.doors import Door
from antiphon.completions.routes import ChatRoutes
from antiphon.gateway.health import HealthRoutes
from antiphon.gateway.pages import PageRoutes
from antiphon.gateway.table import Route, Table
from antiphon.models.routes import ModelRoutes, WireModel, WireModels
from antiphon.projects.routes import ProjectRoutes
from antiphon.projects.wire import ProjectBody, ProjectChangeBody, WireProject, WireProjects

TEXT = "text/plain"


class Handlers(Struct, frozen=True):
    """What answers the rows of the table."""

    chat: tuple[tuple[Door, ChatRoutes], ...]
    text: tuple[tuple[Door, ChatRoutes], ...]
    models: ModelRoutes
    projects: ProjectRoutes
    health: HealthRoutes
    pages: PageRoutes


def table(handlers: Handlers, *, metrics_need_key: bool) -> Table:
    """All routes of the gateway."""
    models, health, pages = handlers.models, handlers.health, handlers.pages
    made = Table(
        (
            *(_chat(door, routes) for door, routes in handlers.chat),
            *(_text(door, routes) for door, routes in handlers.text),
            Route("GET", "/v1/models", models.list, "List the models that this key may use.", "models",
                  response=WireModels),
            Route("GET", "/v1/models/{model}", models.get, "One model, by id or alias.", "models",
                  response=WireModel, statuses=(403, 404)),
            *_projects(handlers.projects),
            Route("GET", "/livez", health.live, "Whether the process answers.", "health", key=False, media_type=TEXT),
            Route("GET", "/readyz", health.ready, "Whether at least one model can be served.", "health", key=False,
                  media_type=TEXT, statuses=(503,)),
            Route("GET", "/health", health.health, "A summary of all models.", "health", key=False, statuses=(503,)),
            Route("GET", "/metrics", health.metrics, "Prometheus metrics.", "health", key=metrics_need_key,
                  media_type=TEXT),
            Route("GET", "/docs", pages.docs, "This reference for people.", "documents", key=False,
                  media_type="text/html"),
            Route("GET", "/openapi.json", pages.openapi, "The OpenAPI document.", "documents", key=False),
            Route("GET", "/llms.txt", pages.llms, "This reference for language models.", "documents", key=False,
                  media_type=TEXT),
        )
    )  # fmt: skip
    pages.finish(made.routes)
    return made


def _chat(door: Door, routes: ChatRoutes) -> Route:
    return Route(
        "POST",
        f"{door.prefix}/chat/completions",
        routes.chat,
        f"Generate a chat completion, plain or streamed ({door.title}).",
        "chat",
        request=door.dialect.BODY,
        response=door.dialect.ANSWER,
        statuses=(403, 404, 408, 502, 504),
        streams=True,
    )


def _text(door: Door, routes: ChatRoutes) -> Route:
    assert door.text is not None
    return Route(
        "POST",
        f"{door.prefix}/completions",
        routes.chat,
        f"Continue texts, plain or streamed ({door.title}).",
        "completions",
        request=door.text.BODY,
        response=door.text.ANSWER,
        statuses=(403, 404, 408, 502, 504),
        streams=True,
    )


def _projects(routes: ProjectRoutes) -> tuple[Route, ...]:
    return (
        Route("GET", "/v1/projects", routes.list, "List the projects that this key may use.", "projects",
              response=WireProjects),
        Route("POST", "/v1/projects", routes.create, "Make a project.", "projects", request=ProjectBody,
              response=WireProject, success=201, statuses=(403, 409)),
        Route("GET", "/v1/projects/{project}", routes.get, "One project, by id or key.", "projects",
              response=WireProject, statuses=(403, 404)),
        Route("PATCH", "/v1/projects/{project}", routes.update, "Change what the body names.", "projects",
              request=ProjectChangeBody, response=WireProject, statuses=(403, 404, 409)),
        Route("DELETE", "/v1/projects/{project}", routes.delete, "Forget a project; what was stored stays.", "projects",
              success=204, statuses=(403, 404, 409)),
    )  # fmt: skip
