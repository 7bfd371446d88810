"""`antiphon simulate`: a network of nodes that exists only in virtual time, under the gateway's own code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from antiphon.cli.output import Output

if TYPE_CHECKING:
    from antiphon.simulation.figures import Figures
    from antiphon.simulation.scenario import Scenario

VIOLATIONS_SHOWN = 5  # of each seed
Policy = Literal["all", "antiphon", "least-loaded", "round-robin", "prefix-only"]


def simulate(
    *,
    nodes: int = 50,
    requests: int = 3000,
    models: int = 1,
    load: float = 0.5,
    churn: float = 0.02,
    gray: float = 0.01,
    seed: int = 1,
    policy: Policy = "all",
    plot: Path | None = None,
    search: bool = False,
    seeds: int = 100,
    json: bool = False,
) -> int:
    """Simulate many nodes and their clients in virtual time, and compare ways to choose a node, or search for faults.

    A search draws a small world from each seed, lets everything in it go wrong, and holds what comes of it against
    what is promised; the exit code is 1 when a promise was broken.

    Parameters
    ----------
    nodes
        How many nodes there are.
    requests
        How many requests clients make, in conversations of several turns.
    models
        How many models the nodes serve, each node one; the first has the most nodes and clients.
    load
        About which share of all slots the requests keep busy while they come.
    churn
        The share of all nodes that dies in a minute, to come back later with nothing in its cache.
    gray
        The share of all nodes that freezes or becomes slow in a minute.
    seed
        What everything is drawn from; the same seed gives the same trace.
    policy
        One way to choose a node; otherwise all, under the same traffic.
    plot
        Write the times to first tokens as SVG.
    search
        Search for faults that break promises, with `--seeds` seeds from `--seed` on; of the rest only `--json` counts.
    seeds
        How many seeds are searched.
    json
        Print one JSON object; of a search, one for each seed.

    """
    output = Output(as_json=json)
    if search:
        return _search(range(seed, seed + seeds), output)
    scenario = _scenario(nodes, requests, models, load, churn, gray, seed)
    found = _compared(scenario, policy, output)
    if plot is not None:
        from antiphon.simulation.plot import svg

        plot.write_text(svg(found, f"{requests:,} requests on {nodes:,} nodes, seed {seed}"), encoding="utf-8")
    return 0


def _compared(scenario: Scenario, policy: Policy, output: Output) -> list[Figures]:
    """The figures of each policy under the same traffic, printed."""
    from antiphon.simulation import report
    from antiphon.simulation.compare import simulated
    from antiphon.simulation.policies import POLICIES
    from antiphon.simulation.scenario import traffic

    asked = traffic(scenario)
    found: list[Figures] = []
    for name in POLICIES if policy == "all" else (policy,):
        output.note(f"{name} ...")
        found.append(simulated(scenario, name, asked))
    if output.as_json:
        output.json({"seed": scenario.seed, "nodes": scenario.nodes, "policies": report.as_json(found)})
        return found
    output.table(report.rows(found))
    first = found[0]
    output.line(f"\nSeed {scenario.seed}; {first.lasted_s:.0f} virtual seconds; trace {first.trace} ({first.policy}).")
    return found


def _scenario(nodes: int, requests: int, models: int, load: float, churn: float, gray: float, seed: int) -> Scenario:
    from msgspec.structs import replace

    from antiphon.simulation.compare import rate
    from antiphon.simulation.faults import FaultRates
    from antiphon.simulation.hardware import KINDS
    from antiphon.simulation.scenario import Scenario
    from antiphon.simulation.traffic import Habits

    habits = Habits(requests=requests)
    scenario = Scenario(
        nodes=nodes,
        seed=seed,
        models=min(models, nodes),
        node_faults=(
            FaultRates(nodes_per_minute=churn, node_kinds=("crash",)),
            FaultRates(nodes_per_minute=gray, node_kinds=("freeze", "slow")),
        ),
    )
    per_second = rate(nodes, KINDS, habits, answer_tokens=scenario.spoken.tokens_mean, load=load)
    return replace(scenario, habits=replace(habits, rate=per_second))


def _search(seeds: range, output: Output) -> int:
    """Tell of each seed that broke something, and how to see it again; the exit code."""
    import msgspec

    from antiphon.simulation.search import search

    broken = requests = continuations = 0
    for trial in search(seeds):
        requests += trial.requests
        continuations += trial.continuations
        broken += bool(trial.violations)
        if output.as_json:
            output.json(msgspec.to_builtins(trial))
            continue
        for violation in trial.violations[:VIOLATIONS_SHOWN]:
            output.line(f"seed {trial.seed}: {violation.check}: {violation.what}")
        if trial.violations:
            output.line(
                f"  {len(trial.violations)} in all; again: antiphon simulate --search --seed {trial.seed} --seeds 1"
            )
            for event in trial.latest if len(seeds) == 1 else ():
                output.note(event)
    output.note(
        f"{len(seeds)} seeds, {requests:,} requests, {continuations:,} continuations: {broken} seeds broke a promise."
    )
    return 1 if broken else 0
