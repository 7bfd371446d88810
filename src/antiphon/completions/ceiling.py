"""What a request may cost by the token, and at which nodes it may be answered: as it says, as its key and project say.

Pure.
"""

from __future__ import annotations

from antiphon.chat import PricesMax
from antiphon.credits.money import usdc_text
from antiphon.errors import AntiphonError, BadRequest, PermissionDenied
from antiphon.key import Key
from antiphon.models.catalogue import Model, Offer
from antiphon.projects.model import Project

ANY: PricesMax = (None, None)
TAG = "tag:"


def check_price(model: Model, key: Key, most: PricesMax = ANY) -> None:
    """Refuse a model that is dearer than the caller would pay (BadRequest), or than its key may (PermissionDenied)."""
    prices = model.prices
    if prices.free or (most == ANY and key.prompt_price_max is None and key.completion_price_max is None):
        return
    for what, price, asked, own in (
        ("prompt", prices.prompt_max, most[0], key.prompt_price_max),
        ("completion", prices.completion_max, most[1], key.completion_price_max),
    ):
        if asked is not None and price > asked:
            raise _too_dear(model, what, price, asked)
        if own is not None and price > own:
            raise PermissionDenied(f"This key may not use the model {model.id!r}: {_costs(what, price, own)}.")


def _too_dear(model: Model, what: str, price: int, most: int) -> AntiphonError:
    return BadRequest(f"max_price.{what}: of the model {model.id!r} {_costs(what, price, most)}.", param="max_price")


def _costs(what: str, price: int, most: int) -> str:
    return f"1,000,000 {what} tokens cost {usdc_text(price)} USDC, and {usdc_text(most)} is the most"


def pinned(named: frozenset[str], key: Key, project: Project | None, offers: tuple[Offer, ...]) -> frozenset[str]:
    """The nodes that may answer, none named: any. PermissionDenied where nothing is left of what is `named`.

    `tag:eu` stands for all that have the tag `eu`, `tag:eu+gpu` for all that have both.
    """
    nodes = _tagged(named, offers) if named else named
    if not key.nodes and not (project and project.nodes):
        return nodes
    for own, whose in ((key.nodes, "key"), (frozenset(project.nodes if project else ()), "project")):
        if not own:
            continue
        bound = _tagged(own, offers)
        left = nodes & bound if nodes else bound
        if not left:
            raise PermissionDenied(f"None of the nodes {', '.join(sorted(nodes))} is open to this {whose}.")
        nodes = left
    return nodes


def _tagged(names: frozenset[str], offers: tuple[Offer, ...]) -> frozenset[str]:
    """The names, with those of all engines that a tag stands for in its place; one of none stands for no engine."""
    found = names
    for name in names:
        if name.startswith(TAG):
            wanted = frozenset(name.removeprefix(TAG).split("+"))
            fit = {offer.engine.name for offer in offers if wanted <= offer.tags}
            found = found - {name} | fit if fit else found
    return found
