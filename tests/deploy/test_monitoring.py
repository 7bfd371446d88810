"""Alert rules and dashboard: they ask for metrics that there are, by labels that these have, and say what to do."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from antiphon.models.outcomes import Tally
from antiphon.observe.metrics import Metrics

from .tools import DEPLOY, REPOSITORY, run

RULES = DEPLOY / "prometheus" / "alerts.yaml"
DASHBOARD = DEPLOY / "grafana" / "antiphon.json"
METRIC = re.compile(r"\b((?:antiphon|gen_ai|up)(?:_[a-z_]+)?)\b(\{[^}]*\})?")
MATCHER = re.compile(r"(\w+)\s*(?:=~|!=|!~|=)")
GROUPED = re.compile(r"by \(([^)]*)\)")
SCRAPED = frozenset({"instance", "job"})  # what Prometheus adds
SUFFIXES = ("_bucket", "_sum", "_count")
Json = Any  # Any: JSON and YAML


def known() -> dict[str, frozenset[str]]:
    """Every metric by the name that a query has for it, with its labels."""
    metrics = Metrics()
    metrics.watch_placement(Tally())
    found: dict[str, frozenset[str]] = {"up": SCRAPED}
    for collector in metrics._registry._collector_to_names:
        labels = frozenset(getattr(collector, "_labels", None) or getattr(collector, "_labelnames", ()) or ())
        for family in collector.collect():
            labels |= {label for sample in family.samples for label in sample.labels if label != "le"}
            if family.type == "histogram":
                names = [f"{family.name}{suffix}" for suffix in SUFFIXES]
            else:
                names = [f"{family.name}_total" if family.type == "counter" else family.name]
            for name in names:
                found[name] = labels | SCRAPED | ({"le"} if name.endswith("_bucket") else frozenset())
    return found


def alerts() -> list[Json]:
    """All rules."""
    return [rule for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in group["rules"]]


def dashboard() -> Json:
    """The dashboard."""
    return json.loads(DASHBOARD.read_text(encoding="utf-8"))


def queries() -> list[str]:
    """Every query of either."""
    board = dashboard()
    shown = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    chosen = [one["definition"] for one in board["templating"]["list"] if one["type"] == "query"]
    return [*(rule["expr"] for rule in alerts()), *shown, *chosen]


@pytest.mark.parametrize("query", queries())
def test_a_query_asks_for_what_there_is(query: str) -> None:
    """Each metric has these labels, and what is grouped by is a label of one of them."""
    metrics = known()
    labels = frozenset().union(*metrics.values())
    named: frozenset[str] = frozenset({"model"}) if "label_replace" in query else frozenset()
    asked = [match for match in METRIC.finditer(query) if match[1] not in labels]
    assert asked
    for match in asked:
        assert match[1] in metrics
        assert set(MATCHER.findall(match[2] or "")) <= metrics[match[1]]
        named |= metrics[match[1]]
    for group in GROUPED.findall(query):
        assert set(group.split(", ")) <= named


def test_every_metric_is_shown_somewhere() -> None:
    """None is made that nobody looks at."""
    asked = {match[1] for query in queries() for match in METRIC.finditer(query)}
    bases = {name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for name in known()}
    assert {base for base in bases if not any(name.startswith(base) for name in asked)} == set()


def test_an_alert_says_what_to_do() -> None:
    """Its page has the chapter that it names; its words use labels that its query leaves."""
    headings = re.findall(r"^## (.+)$", (REPOSITORY / "docs" / "3am.md").read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    for rule in alerts():
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert (page, anchor in anchors) == ("docs/3am.md", True), rule["alert"]
        assert rule["labels"]["severity"] in {"page", "ticket"}
        groups = GROUPED.findall(rule["expr"])
        used = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        left = {label for group in groups for label in group.split(", ")} or frozenset().union(*known().values())
        assert used <= left, rule["alert"]


def test_panels_stand_beside_each_other() -> None:
    """No two share a place or an id, and each is within the page's 24 columns."""
    panels = dashboard()["panels"]
    places = {
        (x, y)
        for panel in panels
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    }
    assert len(places) == sum(panel["gridPos"]["w"] * panel["gridPos"]["h"] for panel in panels)
    assert max(x for x, _ in places) == 23
    assert len({panel["id"] for panel in panels}) == len(panels)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("apt-get") is None, reason="Prometheus' own tool is taken from Debian's package")
def test_prometheus_reads_the_rules(tmp_path: Path) -> None:
    """`promtool` accepts them, and they fire on made-up series as `alerts_test.yaml` says."""
    subprocess.run(("apt-get", "update", "-qq"), check=True, stdout=subprocess.DEVNULL)
    subprocess.run(("apt-get", "download", "-qq", "prometheus"), check=True, cwd=tmp_path)
    (package,) = tmp_path.glob("prometheus*.deb")
    subprocess.run(("dpkg", "-x", package, tmp_path / "unpacked"), check=True)
    promtool = tmp_path / "unpacked" / "usr" / "bin" / "promtool"
    for words in (("check", "rules", RULES), ("test", "rules", RULES.with_name("alerts_test.yaml"))):
        done = run(promtool, *words)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_its_row() -> None:
    """On the page, with its severity."""
    page = (REPOSITORY / "docs" / "observability.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(Antiphon\w+)` \| (\w+) \|", page, re.MULTILINE)
    assert rows == [(rule["alert"], rule["labels"]["severity"]) for rule in alerts()]
