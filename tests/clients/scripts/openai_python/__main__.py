"""The official Python SDK: `python -m clients.scripts.openai_python`, in its environment."""

from __future__ import annotations

from clients.scripts.openai_python import chat, errors, models, retries, structured, tools, vision
