"""LiteLLM's proxy at its best: production mode, one worker, a master key, no database, no logging.

The OpenTelemetry packages are there because without them it tries, and fails, to import them on every request.
"""

from __future__ import annotations

from pathlib import Path

from bench.gateway import MODELS, Gateway, Launch, Site, install_venv, installed_version, venv_of

NAME = "litellm"
REQUIREMENTS = (
    "litellm[proxy]==1.106.2",
    "httptools",
    "opentelemetry-api",
    "opentelemetry-sdk",
    "opentelemetry-exporter-otlp",
)

MODEL = """\
  - model_name: {model}
    litellm_params:
      model: openai/{model}
      api_base: {url}/v1
      api_key: none
"""
SETTINGS = """\
litellm_settings:
  set_verbose: false
  telemetry: false
general_settings:
  master_key: {key}
"""


def _install(cache: Path) -> None:
    install_venv(cache, NAME, REQUIREMENTS)


def _version(cache: Path) -> str:
    return installed_version(venv_of(cache, NAME) / "bin" / "python", NAME)


def _launch(site: Site) -> Launch:
    models = "".join(MODEL.format(model=model, url=site.upstream_url) for model in MODELS)
    config = site.folder / "litellm.yaml"
    config.write_text(f"model_list:\n{models}{SETTINGS.format(key=site.key)}")
    return Launch(
        argv=(
            str(venv_of(site.cache, NAME) / "bin" / NAME),
            *("--host", "127.0.0.1", "--port", str(site.port)),
            *("--config", str(config), "--num_workers", "1"),
        ),
        env={
            "LITELLM_MODE": "PRODUCTION",
            "LITELLM_LOG": "ERROR",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        },
    )


GATEWAY = Gateway(
    name=NAME,
    label="LiteLLM",
    role="proxy",
    meters_usage=True,
    install=_install,
    version=_version,
    launch=_launch,
)
