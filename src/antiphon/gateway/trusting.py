"""Puts together what watches nodes, and says who earns of what they do.

Nodes are watched, and upstreams that have an owner. What they are held against are engines of our own: those that this
gateway runs, and upstreams that the settings call a reference.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from msgspec.structs import replace

from antiphon.accounts.ethereum import checksummed
from antiphon.clock import Clock
from antiphon.completions.plan import Plan, job
from antiphon.completions.record import Record
from antiphon.credits.ledger import Earner, node
from antiphon.credits.receipt import Served
from antiphon.engines.receipt import SignedReceipt, prompt_sha256
from antiphon.errors import NotFound
from antiphon.gateway.storage import Storage
from antiphon.ids import Ids
from antiphon.models.catalogue import Catalogue, Offer
from antiphon.models.placement import Placement
from antiphon.nodes.registry import Live
from antiphon.nodes.service import Kept
from antiphon.observe.logs import Log
from antiphon.observe.metrics import Metrics
from antiphon.settings.model import Settings
from antiphon.sources.embedded import EmbeddedEngine
from antiphon.sources.upstream import upstream_name
from antiphon.trust.examiner import Examiner
from antiphon.trust.model import Answer, Outcome, Reference, Standing
from antiphon.trust.service import Listeners, Trust
from antiphon.trust.times import Seen
from antiphon.trust.witness import Statement, Witness

if TYPE_CHECKING:
    from antiphon.link.remote import NodeAnswer

BPS_PER_MILLE = 10
EXAMINED_LOGPROBS = 5  # at each token: enough to tell models apart
UNLIKE_TIMES = 4  # the tolerance where quantisations differ: another model is still found, other weights may not be


class Trusting:
    """What is known of who does the work. To the gateway it is a source, to the meter it knows nodes and owners."""

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        catalogue: Catalogue,
        placement: Placement,
        metrics: Metrics,
        *,
        clock: Clock,
        ids: Ids,
        log: Log,
    ) -> None:
        self._storage = storage
        self._catalogue = catalogue
        self._metrics = metrics
        self._log = log
        self._bps = settings.nodes.share_per_mille * BPS_PER_MILLE
        self._tolerance = settings.trust.tolerance_nats
        self._tolerances = {one.model: one.nats for one in settings.trust.tolerances}
        named = [(upstream_name(one), one) for one in settings.upstreams]
        self._partners = {name: checksummed(one.owner) for name, one in named if one.owner is not None}
        self._owners = dict(self._partners)
        storage.nodes.follow(self._follow)
        self._references = frozenset(name for name, one in named if one.reference)
        self._witness = Witness()
        draw = random.Random()
        self.trust = Trust(
            storage.database,
            Examiner(self._reference, draw=draw, ids=ids),
            Listeners(self._found, placement.standing, self._accused),
            share=settings.trust.checked_per_mille / 1000,
            draw=draw,
            clock=clock,
            ids=ids,
        )

    async def run(self) -> None:
        """Look at what comes, until cancelled."""
        await self.trust.run()

    async def close(self) -> None:
        """Nothing is held."""

    def owner(self, name: str) -> str | None:
        """Whose wallet an engine works for; None for our own."""
        return self._owners.get(name)

    def _follow(self, kept: Kept) -> None:
        self._owners = self._partners | {one.id: one.owner for one in kept.nodes}

    def earner(self, served: tuple[Served, ...]) -> Earner | None:
        """Who earns of a request that these served."""
        if not self._owners:
            return None
        owners = [(one, self.owner(one.node)) for one in served]
        did = [("" if owner is None else node(one.node, owner), one.tokens) for one, owner in owners]
        first = next((index for index, (account, _) in enumerate(did) if account), None)
        if first is None:
            return None
        account, work = did.pop(first)
        return Earner(account, self._bps, work, tuple(did))

    def signed(self, attempt: str) -> SignedReceipt | None:
        """What a node signed of an attempt, asked for once."""
        return self._witness.taken(attempt) if attempt else None

    def drawn(self, plan: Plan) -> Plan:
        """The plan as it is, or so that its answer is looked at: a cheap draw, of requests that are nothing special."""
        owners = self._owners
        if not owners or not _plain(plan):
            return plan
        look = self.trust.look(name for offer in plan.model.offers if (name := offer.engine.name) in owners)
        if look is None:
            return plan
        if look == "hidden":
            return replace(plan, examined=True)
        most = max(plan.sampling.top_logprobs, EXAMINED_LOGPROBS)
        return replace(plan, examined=True, sampling=replace(plan.sampling, logprobs=True, top_logprobs=most))

    def ended(self, record: Record) -> None:
        """Look at an answer that was drawn, if one node gave all of it."""
        choice, plan = record.examined, record.plan
        if choice is None or record.failure is not None or len(record.served) != 1 or choice.reasoning:
            return
        name = record.served[0].node
        offer = next((one for one in plan.model.offers if one.engine.name == name), None)
        if offer is None or self.owner(name) is None:
            return
        unseen = replace(plan.sampling, logprobs=False, top_logprobs=0)
        asked = replace(job(plan, offer, 0), sampling=unseen, user=None)
        self.trust.examine(
            Answer(
                name,
                plan.model.id,
                plan.caller.request_id,
                asked,
                choice.content or "",
                choice.logprobs or (),
                record.usage.completion_tokens,
                owes_logprobs=plan.sampling.logprobs and name not in self._partners,
                engine=offer.engine,
            )
        )

    def answered(self, live: Live, answer: NodeAnswer) -> None:
        """A node says what it did: keep that, and hold it against what was seen."""
        asked, name = answer.job, live.node.id
        if answer.receipt is not None and asked.attempt:
            self._witness.keep(asked.attempt, answer.receipt)
        seen = Seen(
            name,
            asked.model,
            prompt_sha256(asked),
            answer.completion_sha256,
            1000 * answer.waited_s,
            asked.attempt or None,
            None if answer.usage is None else answer.usage.completion_tokens,
            live.epoch,
        )
        self.trust.hear(Statement(seen, answer.receipt, live.node.owner, live.beat.decode_speed))

    async def resolve(self, name: str) -> str:
        """The name of an engine, for the id or name of a node; any other stands for itself."""
        try:
            return (await self._storage.nodes.get(name)).id
        except NotFound:
            return name

    def _reference(self, model: str, name: str) -> Reference | None:
        """An engine of our own that serves the model and can be asked now, best one with the node's quantisation."""
        found = next((one for one in self._catalogue.list() if one.id == model), None)
        offers = () if found is None else found.offers
        told = next((offer.quantisation for offer in offers if offer.engine.name == name), None)
        own = [offer for offer in offers if self._is_own(offer) and offer.engine.name != name]
        best = sorted(own, key=lambda offer: not _alike(offer.quantisation, told))
        offer = next((one for one in best if one.engine.unavailable() is None), None)
        if offer is None:
            return None
        usual = self._tolerance * (1 if _alike(offer.quantisation, told) else UNLIKE_TIMES)
        return Reference(offer.engine, offer.upstream_name, self._tolerances.get(model, usual))

    def _is_own(self, offer: Offer) -> bool:
        return isinstance(offer.engine, EmbeddedEngine) or offer.engine.name in self._references

    def _found(self, outcome: Outcome) -> None:
        self._metrics.checked(outcome.node, outcome.kind, failed=outcome.failed)
        if outcome.failed:
            self._log.warning(
                "a node failed a check",
                node=outcome.node,
                check=outcome.kind,
                model=outcome.model,
                request=outcome.request,
                found=outcome.says,
            )

    def _accused(self, standing: Standing, says: str) -> None:
        """Say it loudly, and which models nobody serves now: the last node of a model is not spared."""
        self._metrics.quarantined(standing.node, standing.accused or "")
        self._log.error(
            "a node is in quarantine",
            node=standing.node,
            check=standing.accused,
            found=says,
            models_unserved=self._unserved(standing.node),
        )

    def _unserved(self, name: str) -> list[str]:
        """The models that only nodes in quarantine could serve."""
        return [
            model.id
            for model in self._catalogue.list()
            if any(offer.engine.name == name for offer in model.offers)
            and not any(
                self.trust.standing(offer.engine.name).accused is None
                for offer in model.live
                if offer.engine.name != name
            )
        ]


def _alike(one: str | None, other: str | None) -> bool:
    """Whether two quantisations are the same, as far as they are told."""
    return one is None or other is None or one.casefold() == other.casefold()


def _plain(plan: Plan) -> bool:
    """Whether the answer is nothing but the model's own text: what binds it would move its numbers."""
    request = plan.request
    return (
        request.choices == 1
        and not request.prompts
        and not request.tools
        and not plan.server_tools
        and plan.grammar is None
        and plan.tool_grammar is None
        and plan.schema is None
        and plan.thinking is None
        and plan.sampling.max_tokens != 0
        and not request.echo
    )
