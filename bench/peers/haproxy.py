"""HAProxy as a bare reverse proxy: a second floor. Without `http-no-delay` it would hold small chunks back."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from bench.build import install_debian
from bench.gateway import Gateway, Launch, Site
from bench.peers.nginx import program

NAME = "haproxy"

CONFIG = """\
global
  nbthread 1
  maxconn 8192
defaults
  mode http
  option http-no-delay
  option http-keep-alive
  http-reuse always
  timeout connect 5s
  timeout client 120s
  timeout server 120s
frontend clients
  bind 127.0.0.1:{port}
  default_backend engine
backend engine
  server mock 127.0.0.1:{upstream_port}
"""


def _install(_cache: Path) -> None:
    if program(NAME) is None:
        install_debian(NAME)


def _version(_cache: Path) -> str:
    said = subprocess.run((str(program(NAME)), "-v"), check=True, capture_output=True, text=True).stdout
    found = re.search(r"version ([0-9.]+)", said)
    return found[1] if found else "unknown"


def _launch(site: Site) -> Launch:
    config = site.folder / "haproxy.cfg"
    config.write_text(CONFIG.format(port=site.port, upstream_port=site.upstream_port))
    return Launch(argv=(str(program(NAME)), "-db", "-f", str(config)))


GATEWAY = Gateway(
    name=NAME,
    label="HAProxy",
    role="floor",
    meters_usage=False,
    install=_install,
    version=_version,
    launch=_launch,
)
