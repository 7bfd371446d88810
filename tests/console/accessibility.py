"""axe-core's judgement of a page, as one line for each violation that is serious or worse."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page

GRAVE = ("serious", "critical")
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
VERDICT = f"""
axe.run(document, {{ runOnly: {list(TAGS)} }}).then((found) =>
  found.violations.map(({{ id, impact, nodes }}) => [id, impact, nodes.map((node) => node.target.join(" "))]))
"""


async def violations(page: Page, axe: Path) -> list[str]:
    """What axe holds against the page as it is now. It runs in a world of its own, past the page's policy."""
    client = await page.context.new_cdp_session(page)
    frame = (await client.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
    world = await client.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "axe"})
    context = world["executionContextId"]
    await client.send("Runtime.evaluate", {"expression": _script(axe), "contextId": context})
    asked = {"expression": VERDICT, "contextId": context, "awaitPromise": True, "returnByValue": True}
    told = await client.send("Runtime.evaluate", asked)
    await client.detach()
    assert "exceptionDetails" not in told, told
    found = told["result"]["value"]
    return [f"{rule} ({impact}): {', '.join(where)}" for rule, impact, where in found if impact in GRAVE]


def _script(file: Path) -> str:
    return file.read_text(encoding="utf-8")
