"""A function call, its result, and the model's answer to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from openai import OpenAI

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam

MODEL = "smollm2:135m"
TOOLS: list[ChatCompletionToolParam] = [
    {
        "type": "function",
        "function": {
            "name": "add",
            "description": "Add two whole numbers",
            "parameters": {
                "type": "object",
                "properties": {
                    "a": {"type": "integer", "minimum": 0, "maximum": 1000},
                    "b": {"type": "integer", "minimum": 0, "maximum": 1000},
                },
                "required": ["a", "b"],
                "additionalProperties": False,
            },
        },
    }
]


def add(a: int, b: int) -> int:
    """The function that the model may call."""
    return a + b


def main() -> None:
    """Let the model call, answer its call, and let it speak."""
    client = OpenAI()
    messages: list[ChatCompletionMessageParam] = [{"role": "user", "content": "How much is 27 and 15?"}]
    asked = client.chat.completions.create(
        model=MODEL, messages=messages, tools=TOOLS, tool_choice="required", parallel_tool_calls=False
    )
    message = asked.choices[0].message
    messages.append({"role": "assistant", "tool_calls": [call.to_dict() for call in message.tool_calls or ()]})
    for call in message.tool_calls or ():
        if call.type == "function":
            arguments = json.loads(call.function.arguments)
            print(f"{call.function.name}({arguments})")
            messages.append({"role": "tool", "tool_call_id": call.id, "content": str(add(**arguments))})
    answer = client.chat.completions.create(
        model=MODEL, messages=messages, tools=TOOLS, tool_choice="none", max_tokens=60
    )
    print(answer.choices[0].message.content)


if __name__ == "__main__":
    main()
