"""An answer, what it took, and what a wrong model name gives."""

from __future__ import annotations

from openai import NotFoundError, OpenAI

MODEL = "smollm2:135m"


def main() -> None:
    """Ask twice; the second time for a model that does not exist."""
    client = OpenAI()
    answer = client.chat.completions.create(
        model=MODEL,
        messages=[
            {"role": "system", "content": "You answer in one sentence."},
            {"role": "user", "content": "What is a choir?"},
        ],
        max_tokens=60,
    )
    print(answer.choices[0].message.content)
    if answer.usage:
        print(f"{answer.usage.prompt_tokens} tokens read, {answer.usage.completion_tokens} written")
    try:
        client.chat.completions.create(model="smollm2:13b", messages=[{"role": "user", "content": "Hi"}])
    except NotFoundError as error:
        print(error.message)


if __name__ == "__main__":
    main()
