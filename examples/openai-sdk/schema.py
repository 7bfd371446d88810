"""An answer that is a Python object, whatever the model."""

from __future__ import annotations

from openai import OpenAI
from pydantic import BaseModel, Field

MODEL = "smollm2:135m"


class Order(BaseModel):
    """What is to be read out of a sentence."""

    customer: str = Field(max_length=40)
    article: str = Field(max_length=20)
    count: int = Field(ge=1, le=99)


def main() -> None:
    """Read an order out of a sentence."""
    answer = OpenAI().chat.completions.parse(
        model=MODEL,
        messages=[{"role": "user", "content": "Anna Berg wants three lamps. Extract customer, article and count."}],
        response_format=Order,
        max_tokens=100,
    )
    order = answer.choices[0].message.parsed
    print(repr(order))


if __name__ == "__main__":
    main()
