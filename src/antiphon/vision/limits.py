"""What is allowed of images, and how far the gateway may go to get one. Values only."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

FetchMode = Literal["off", "allow-list", "public"]

_MIB = 1024 * 1024


class ImageLimits(Struct, frozen=True, kw_only=True):
    """Every bound on images. Sizes in bytes, times in seconds, networks in CIDR form, hosts as `a.b` or `*.a.b`."""

    images_max: int = 16  # in one request
    size_bytes_max: int = 10 * _MIB  # of one image file, before it is decoded
    pixels_max: int = 16 * _MIB  # width times height, read from the header before decoding
    fetch: FetchMode = "off"
    fetch_timeout_s: float = 5.0  # the whole of it: resolving, redirects, the body's last byte
    redirects_max: int = 3
    http_allowed: bool = False
    hosts_allowed: tuple[str, ...] = ()  # asked only in the mode `allow-list`
    ports_allowed: tuple[int, ...] = (80, 443)
    networks_allowed: tuple[str, ...] = ()  # reachable although special: an image store of one's own, or a test
    networks_denied: tuple[str, ...] = ()  # unreachable although public: one's own services behind NAT
    decode_timeout_s: float = 10.0
    decode_memory_bytes_max: int = 512 * _MIB  # address space of one decoder process
    decoders_max: int = 2  # processes
    fetches_max: int = 8  # images that are fetched, or held after that, at a time
    pending_max: int = 256  # images under way in the whole gateway; more are answered 503
