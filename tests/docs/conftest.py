"""The gateway that the pages' snippets are run against: the built-in model, one that embeds, one that takes images."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.examples.processes import Gateway, fault_engine, gateway

SETTINGS = """
auth: {{sign_in: true}}
models:
  - name: smollm2:135m
    reference: smollm2:135m
    defaults: {{temperature: 0.2, top_p: 0.9, max_tokens: 2048}}
  - name: vectors
    reference: smollm2:135m
    embeddings: true
    context_length: 512
upstreams:
  - url: {url}
    name: eyes
    models:
      - name: eyes
        upstream_name: fault-model
        modalities: [text, image]
"""


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The gateway of the pages."""
    folder = tmp_path_factory.mktemp("pages")
    file = folder / "antiphon.yaml"
    with fault_engine(folder, model="fault-model") as url:
        file.write_text(SETTINGS.format(url=url), encoding="utf-8")
        with gateway(folder, ["--config", str(file)]) as found:
            yield found
