"""Addresses of other hosts: what a URL names, and whether it is anybody's but ours (pure).

A request that names a URL has the daemon ask in its place, from inside the house. So a URL may name
public hosts alone: no address of this machine, of the house or of a cloud's own services, whatever
it is written as.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote, unquote, urljoin, urlsplit

from ocrd.errors import RequestError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

PORTS = {"http": 80, "https": 443}
LONGEST_URL = 8192
_UNFIT = re.compile(r"[\x00-\x20\x7f\\]")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")  # as a part of a host: an address, in some form
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?", re.IGNORECASE)
_SAFE = "%/:=&?~#+!$,;'@()*[]"  # what is left as it is in a path: it may be quoted already

# Beside what IANA's registries of special addresses say: ipaddress of Python 3.11 lacks some.
_SPECIAL = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",  # IETF's own; Oracle's clouds answer at .192
            "192.88.99.0/24",  # 6to4's relays
            "168.63.129.16/32",  # what Azure's machines ask for their settings
            "100.64.0.0/10",  # between a provider and his customers; Alibaba's clouds
            "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
            "5f00::/16", "fec0::/10",
        ),
    )
)  # fmt: skip
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # NAT64 (RFC 6052): IPv4 in the last four bytes


@dataclass(frozen=True, slots=True)
class Url:
    """Where a document is to be fetched."""

    scheme: str
    host: str  # in ASCII, without brackets
    port: int
    target: str  # path and query, as they are asked for
    name: str  # of the file, as the path ends

    @property
    def authority(self) -> str:
        """Return the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    def text(self) -> str:
        """Return the URL."""
        return f"{self.scheme}://{self.authority}{self.target}"


def parsed(text: str, *, standard_ports: bool = True) -> Url:
    """Return the parts of an http or https URL; raise RequestError for any other."""
    if len(text) > LONGEST_URL or _UNFIT.search(text):
        raise refused("The URL holds what no URL holds, or is too long.")
    try:
        parts = urlsplit(text)
        port = parts.port
        host = parts.hostname or ""
    except ValueError:
        raise refused("The URL cannot be understood.") from None
    if parts.scheme not in PORTS:
        raise refused(f"A URL of {parts.scheme[:20] or 'no scheme'!r} is not fetched.")
    if "@" in parts.netloc:
        raise refused("The URL holds a name or a password.")
    if port is None:
        port = PORTS[parts.scheme]
    elif standard_ports and port not in PORTS.values():
        raise refused(f"The URL names port {port}.", "Only ports 80 and 443 are asked.")
    target = quote(parts.path or "/", safe=_SAFE)
    if parts.query:
        target += f"?{quote(parts.query, safe=_SAFE)}"
    return Url(parts.scheme, _host(host), port, target, unquote(parts.path.rpartition("/")[2]))


def _host(host: str) -> str:
    """Return a host as it is looked up; raise RequestError for what is none."""
    if ":" in host and "%" not in host:
        try:
            return str(ipaddress.IPv6Address(host))
        except ValueError:
            raise refused("The URL names no host.") from None
    try:
        name = host.encode("idna").decode("ascii").lower() if host else ""
    except UnicodeError:
        name = ""
    if not _HOST.fullmatch(name):
        raise refused("The URL names no host.")
    if _NUMBER.fullmatch(name.rstrip(".").rpartition(".")[2]):
        try:  # not as inet_aton(3) reads it, in octal or as one number
            return str(ipaddress.IPv4Address(name.rstrip(".")))
        except ValueError:
            raise refused("The URL names no host.") from None
    return name


def followed(url: Url, location: str, *, standard_ports: bool = True) -> Url:
    """Return where a redirect leads; raise RequestError as :func:`parsed` does."""
    if _UNFIT.search(location):
        raise refused("The URL leads on to what is no URL.")
    try:
        joined = urljoin(url.text(), location)
    except ValueError:
        raise refused("The URL leads on to what is no URL.") from None
    return parsed(joined, standard_ports=standard_ports)


def is_public(address: Address) -> bool:
    """Say whether an address is one of the Internet at large."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped
        if address in _TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    if any(address in network for network in _SPECIAL if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def refused(what: str, hint: str = "") -> RequestError:
    """Return the refusal of a URL."""
    return RequestError(
        what, hint=hint or "Name an http or https URL of a public host, or send the document.",
        status=HTTPStatus.UNPROCESSABLE_ENTITY, code="url",
    )  # fmt: skip
