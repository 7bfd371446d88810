"""An answer as it comes, with its usage at the end."""

from __future__ import annotations

from openai import OpenAI

MODEL = "smollm2:135m"


def main() -> None:
    """Print each piece as it arrives."""
    stream = OpenAI().chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "Tell me about the sea in two sentences."}],
        max_tokens=80,
        stream=True,
        stream_options={"include_usage": True},
    )
    for chunk in stream:
        if chunk.choices:
            print(chunk.choices[0].delta.content or "", end="", flush=True)
        elif chunk.usage:
            print(f"\n{chunk.usage.completion_tokens} tokens")


if __name__ == "__main__":
    main()
