"""The playground: streams and stops, compares, sends images, asks for tools and documents, and becomes code."""

from __future__ import annotations

import asyncio
import json
import os
from base64 import b64encode
from typing import Any  # bodies that the engine got are any JSON

import pytest
from playwright.async_api import FilePayload, Locator, expect

from tests.fixtures.vision.pictures import solid

from .lab import ADMIN_KEY, MODEL, OTHER_MODEL, Site
from .visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="package")]

LONG = "Go on and on. [[answer tokens=5000 delay_s=0.02]]"
SHORT = "Be brief. [[answer tokens=12]]"
DROP = """
([target, data]) => {
  const octets = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([octets], "red.png", { type: "image/png" }));
  for (const type of ["dragover", "drop"]) {
    target.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }
}
"""
MARKDOWN = """# Title

<img src=x onerror=alert(1)> **bold** ![x](https://a.example/x.png)

- a
- b

```py
x = 1
```
"""
SHOWN = """
async (text) => {
  const { prose } = await import("/console/prose.js");
  const place = document.createElement("div");
  prose(place, text);
  const count = (name) => place.querySelectorAll(name).length;
  return [count("img"), place.querySelector("strong").textContent, count("li"), place.querySelector("pre").textContent];
}
"""


async def say(visitor: Visitor, text: str) -> None:
    """Write a message and send it."""
    await visitor.page.get_by_label("Message").fill(text)
    await visitor.page.keyboard.press("Enter")


def answers(visitor: Visitor) -> Locator:
    """The answers on the page."""
    return visitor.page.locator("article.assistant")


def asked(lab: Site) -> dict[str, Any]:
    """What the engine was asked last."""
    body: dict[str, Any] = lab.engine.requests[-1].body
    return body


async def test_an_answer_streams_until_it_is_stopped(operator: Visitor, lab: Site) -> None:
    """Text is there long before the answer ends; stopping ends it at the engine too, and keeps what came."""
    await say(operator, LONG)
    answer = answers(operator).last
    await expect(answer.locator(".prose")).not_to_be_empty()
    await expect(answer).to_have_attribute("aria-busy", "true")
    await operator.page.get_by_role("button", name="Stop").click()
    await expect(answer).to_have_attribute("aria-busy", "false")
    await expect(answer).to_contain_text("stopped")
    exchange = lab.engine.requests[-1]
    await lab.engine.record.wait_for(lambda: exchange.disconnected_s is not None, timeout_s=10)
    await say(operator, SHORT)
    await expect(answers(operator)).to_have_count(2)
    await expect(answers(operator).last).to_contain_text("12 tokens")
    roles = [message["role"] for message in asked(lab)["messages"]]
    assert roles == ["user", "assistant", "user"], "what came before the stop is part of the conversation"


async def test_two_models_answer_side_by_side(operator: Visitor, lab: Site) -> None:
    """A message goes to both, and each has its own answer."""
    page = operator.page
    await page.get_by_role("button", name="Compare").click()
    models = page.get_by_label("Model", exact=True)
    assert {await one.input_value() for one in await models.all()} == {MODEL, OTHER_MODEL}
    await say(operator, SHORT)
    await expect(answers(operator)).to_have_count(2)
    for answer in await answers(operator).all():
        await expect(answer).to_contain_text("12 tokens")
    await page.get_by_role("button", name="Compare").click()
    await expect(models).to_have_count(1)


@pytest.mark.parametrize("way", ["dropped", "chosen"])
async def test_an_image_goes_with_the_message(operator: Visitor, lab: Site, way: str) -> None:
    """A dropped or chosen image is shown before it is sent, and reaches the engine."""
    page = operator.page
    picture = solid(size=(64, 64))
    if way == "dropped":
        composer = await page.locator("form.composer").element_handle()
        await page.evaluate(DROP, [composer, b64encode(picture).decode()])
    else:
        await page.get_by_label("Images", exact=True).set_input_files(
            FilePayload(name="red.png", mimeType="image/png", buffer=picture)
        )
    await expect(page.get_by_alt_text("red.png")).to_be_visible()
    await say(operator, f"What is this? {SHORT}")
    await expect(answers(operator).last).to_contain_text("12 tokens")
    kinds = [part["type"] for part in asked(lab)["messages"][-1]["content"]]
    assert kinds == ["text", "image_url"]


async def test_a_called_tool_gets_its_result(operator: Visitor, lab: Site) -> None:
    """The call is shown with its arguments; the result that the user writes goes back as the tool's."""
    page = operator.page
    await page.get_by_text("Tools", exact=True).click()
    await page.get_by_role("button", name="Insert an example").first.click()
    await say(operator, "How is the weather in Oslo? [[answer calls=1]]")
    await expect(page.locator(".call")).to_contain_text("get_weather(")
    await page.get_by_label("Result of get_weather").fill("rain")
    await page.get_by_role("button", name="Send result").click()
    await expect(answers(operator)).to_have_count(2)
    await expect(answers(operator).last).to_have_attribute("aria-busy", "false")
    call, result = asked(lab)["messages"][-2:]
    assert result["content"] == "rain"
    assert result["tool_call_id"] == call["tool_calls"][0]["id"]


async def test_an_answer_keeps_to_a_schema(operator: Visitor) -> None:
    """A schema binds the answer; what is no JSON is refused before anything is sent."""
    page = operator.page
    await page.get_by_text("JSON schema", exact=True).click()
    await page.get_by_label("JSON schema").fill("{ nonsense")
    await say(operator, "Name a city.")
    await expect(page.get_by_role("status")).to_contain_text("JSON schema: this is no JSON")
    await expect(answers(operator)).to_have_count(0)
    await page.get_by_role("button", name="Insert an example").last.click()
    await say(operator, "Name a city.")
    answer = answers(operator).last
    await expect(answer).to_have_attribute("aria-busy", "false")
    assert set(json.loads(await answer.locator(".prose").inner_text())) == {"city", "population"}


async def test_a_request_becomes_code_that_runs(operator: Visitor) -> None:
    """The curl command streams an answer for whoever has a key; Python's code is Python."""
    page = operator.page
    await page.get_by_label("System prompt").fill("You're 'short'.")
    await page.get_by_label("Temperature").fill("0.5")
    await page.get_by_label("Message").fill(SHORT)
    await page.get_by_role("button", name="Show as code").click()
    code = page.get_by_role("dialog").locator("pre")
    command = await code.inner_text()
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", command),
        env={**os.environ, "ANTIPHON_API_KEY": ADMIN_KEY},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    told, _ = await process.communicate()
    assert told.rstrip().endswith(b"data: [DONE]"), told
    await page.get_by_role("button", name="Python").click()
    program = await code.inner_text()
    assert '"content": "You\'re \'short\'."' in program
    compile(program, "snippet", "exec")
    await page.get_by_role("button", name="JavaScript").click()
    await expect(code).to_contain_text("client.chat.completions.create({")


async def test_a_failure_is_told_in_the_gateways_words(operator: Visitor, lab: Site) -> None:
    """What was answered before stays; a message that got nothing is not part of what follows."""
    await say(operator, "Fail. [[fault:status status=500]]")
    await expect(answers(operator).last.get_by_role("alert")).to_contain_text("500")
    await say(operator, SHORT)
    await expect(answers(operator).last).to_contain_text("12 tokens")
    assert [message["content"] for message in asked(lab)["messages"]] == [SHORT]


async def test_a_conversation_goes_on_while_its_user_looks_elsewhere(operator: Visitor) -> None:
    """Leaving the page neither ends the answer nor forgets it."""
    await say(operator, "Take a moment. [[answer tokens=60 delay_s=0.02]]")
    await expect(answers(operator).last.locator(".prose")).not_to_be_empty()
    await operator.open("keys")
    await operator.open("playground")
    await expect(answers(operator).last).to_contain_text("60 tokens")


async def test_what_a_model_says_is_never_markup(operator: Visitor) -> None:
    """Tags in an answer or a message are text; Markdown becomes elements, and loads nothing."""
    page = operator.page
    await operator.open("playground")
    shown = await page.evaluate(SHOWN, MARKDOWN)
    assert shown == [0, "bold", 2, "x = 1"]
