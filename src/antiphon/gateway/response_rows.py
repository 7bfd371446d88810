"""The rows of the table for stored responses, and for what counts tokens without generating any."""

from __future__ import annotations

from antiphon.completions.count_routes import CountRoutes, MessageTokens, ResponseTokens
from antiphon.completions.dialects.anthropic_messages.request import MessagesBody
from antiphon.completions.dialects.openai_responses.answer import WireResponse
from antiphon.completions.dialects.openai_responses.request import ResponseBody
from antiphon.completions.doors import MESSAGES
from antiphon.completions.response_routes import ItemsQuery, ResponseRoutes, WireDeleted, WireItems
from antiphon.gateway.table import Route


def response_rows(
    routes: ResponseRoutes, response_tokens: CountRoutes, message_tokens: CountRoutes
) -> tuple[Route, ...]:
    """Those of OpenAI's responses, and the one of Anthropic's messages that generates nothing."""
    return (
        Route("GET", "/v1/responses/{response}", routes.get, "One stored response.", "interactions",
              response=WireResponse, statuses=(404,)),
        Route("DELETE", "/v1/responses/{response}", routes.delete, "Delete a stored response, with its feedback.",
              "interactions", response=WireDeleted, statuses=(404,)),
        Route("GET", "/v1/responses/{response}/input_items", routes.items, "What a stored response answered.",
              "interactions", query=ItemsQuery, response=WireItems, statuses=(404,)),
        Route("POST", "/v1/responses/input_tokens", response_tokens.count, "How many tokens a prompt has.", "chat",
              request=ResponseBody, response=ResponseTokens, statuses=(403, 404, 408)),
        Route("POST", "/v1/messages/count_tokens", message_tokens.count, "How many tokens a prompt has (Anthropic).",
              "chat", request=MessagesBody, response=MessageTokens, statuses=(403, 404, 408),
              id_header=MESSAGES.id_header),
    )  # fmt: skip
