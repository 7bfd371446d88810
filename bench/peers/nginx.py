"""nginx as a bare reverse proxy: the floor, since it neither checks keys nor looks at what it passes on."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from bench.build import install_debian
from bench.gateway import Gateway, Launch, Site

NAME = "nginx"
SEARCHED = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"

CONFIG = """\
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-error.log error;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_requests 100000000;
  upstream engine {{ server 127.0.0.1:{upstream_port}; keepalive 1024; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://engine;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
"""


def program(name: str) -> str | None:
    """The path of a server program, also where a user's PATH has no sbin."""
    return shutil.which(name) or shutil.which(name, path=SEARCHED)


def _install(_cache: Path) -> None:
    if program(NAME) is None:
        install_debian("nginx-light")


def _version(_cache: Path) -> str:
    said = subprocess.run((str(program(NAME)), "-v"), check=True, capture_output=True, text=True).stderr
    found = re.search(r"nginx/([0-9.]+)", said)
    return found[1] if found else "unknown"


def _launch(site: Site) -> Launch:
    config = site.folder / "nginx.conf"
    config.write_text(CONFIG.format(folder=site.folder, port=site.port, upstream_port=site.upstream_port))
    return Launch(argv=(str(program(NAME)), "-p", str(site.folder), "-c", str(config)))


GATEWAY = Gateway(
    name=NAME,
    label="nginx",
    role="floor",
    meters_usage=False,
    install=_install,
    version=_version,
    launch=_launch,
)
