"""Where PulseOps may connect to: forbidden addresses, the operator's allow list, how a URL is read.

No name is resolved here and no socket opened. Whatever is not known to be public is forbidden.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urljoin

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

URL_LIMIT = 2_000  # characters
HOST_LIMIT = 253  # characters
DEFAULT_PORTS = {"http": 80, "https": 443}


class Refused(ValueError):
    """A destination that PulseOps does not go to. The text says why, and names no address that a host leads to."""


METADATA, LINK_LOCAL = "a cloud's metadata", "a link-local address"

# The IANA registries of special-purpose addresses, and what clouds answer with credentials on. First match names it.
SPECIAL: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), what)
    for network, what in (
        ("169.254.169.254", METADATA),
        ("100.100.100.200", METADATA),
        ("168.63.129.16", METADATA),  # inside the public range, so nothing else would stop it
        ("192.0.0.192", METADATA),
        ("0.0.0.0/8", "an unspecified address"),
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "a carrier's shared address"),
        ("127.0.0.0/8", "a loopback address"),
        ("169.254.0.0/16", LINK_LOCAL),
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "a reserved address"),
        ("192.0.2.0/24", "a documentation address"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "a benchmarking address"),
        ("198.51.100.0/24", "a documentation address"),
        ("203.0.113.0/24", "a documentation address"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
        ("fd00:ec2::254", METADATA),
        ("fd20:ce::254", METADATA),
        ("::", "an unspecified address"),
        ("::1", "a loopback address"),
        ("::/96", "an IPv4-compatible address"),
        ("64:ff9b::/96", "a translated (NAT64) address"),
        ("64:ff9b:1::/48", "a translated (NAT64) address"),
        ("2001::/32", "a tunnelled (Teredo) address"),
        ("2001::/23", "a reserved address"),
        ("2001:db8::/32", "a documentation address"),
        ("2002::/16", "a tunnelled (6to4) address"),
        ("3fff::/20", "a documentation address"),
        ("fc00::/7", "a private address"),
        ("fe80::/10", LINK_LOCAL),
        ("fec0::/10", "a site-local address"),
        ("ff00::/8", "a multicast address"),
    )
)
PUBLIC_IPV6 = IPv6Network("2000::/3")  # the only part of IPv6 that is handed out for the public internet
# A host name on the allow list does not open these: whoever owns the name chooses where it leads.
NEVER_BY_NAME = tuple(network for network, what in SPECIAL if what in {METADATA, LINK_LOCAL})
_CARRIES_IPV4 = (IPv6Network("::/96"), IPv6Network("64:ff9b::/96"))


def special(address: Address) -> str:
    """What keeps this address from being a public host, or nothing."""
    for network, what in SPECIAL:
        if address in network:
            return what
    return "a reserved address" if address.version == 6 and address not in PUBLIC_IPV6 else ""


def unwrapped(address: Address) -> tuple[Address, ...]:
    """The address and every IPv4 address it carries: a translator or tunnel sends the packet on to those."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    if any(address in network for network in _CARRIES_IPV4) and int(address) > 1:
        return (address, IPv4Address(address.packed[12:]))
    return (address, *filter(None, (address.sixtofour, *(address.teredo or ()))))


@dataclass(frozen=True, slots=True)
class Allowed:
    """One entry of the operator's allow list: a network or a host name, on one port or on those that are usual."""

    network: Network | None
    host: str
    port: int | None

    def covers(self, host: str, address: Address) -> bool:
        if self.network:
            return address in self.network
        return self.host == host and not any(address in network for network in NEVER_BY_NAME)


def read_allowed(text: str) -> Allowed:
    """`10.0.0.0/8`, `10.1.2.3:5432`, `[fd00::/8]:443`, `hooks.internal` or `hooks.internal:8443`."""
    found = re.fullmatch(r"(?:\[([^\[\]]+)\]|([^:\[\]]+))(?::([0-9]{1,5}))?|([^\[\]]+)", text.strip(), re.ASCII)
    if not found:
        raise Refused(f"{text!r} is no network and no host name, with or without a port")
    bracketed, plain, port, unbracketed = found.groups()
    inner = bracketed or plain or unbracketed
    if ":" in inner or "/" in inner or _looks_numeric(inner):
        try:
            return Allowed(ip_network(inner), "", _port(port) if port else None)
        except ValueError as error:
            raise Refused(f"{text!r} is no network: {error}") from None
    return Allowed(None, read_host(inner), _port(port) if port else None)


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may be connected to. `ports` of None means every port."""

    allow: tuple[Allowed, ...] = ()
    ports: frozenset[int] | None = frozenset(DEFAULT_PORTS.values())

    def check(self, host: str, port: int, addresses: Sequence[Address]) -> None:
        """Raise `Refused` unless all answers for this host may be connected to: one bad answer spoils the others."""
        if not addresses:
            raise Refused(f"{host} has no address")
        for address in addresses:
            if self.ports is not None and port not in self.ports and not self._names_port(host, port, address):
                raise Refused(f"port {port} of {host} is not open to PulseOps; the operator can allow {host}:{port}")
            for what in self._barred(host, port, address):
                raise Refused(f"{host} leads to {what}, where PulseOps goes only if the operator allows it")

    def _barred(self, host: str, port: int, address: Address) -> Iterator[str]:
        entries = [entry for entry in self.allow if entry.port in {None, port}]
        for layer in unwrapped(address):
            what = special(layer)
            if what and not any(entry.covers(host, layer) for entry in entries):
                yield what

    def _names_port(self, host: str, port: int, address: Address) -> bool:
        inmost = unwrapped(address)[0]
        return any(entry.port == port and entry.covers(host, inmost) for entry in self.allow)


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL as it was understood. What connects uses these parts, so that no second reading can differ."""

    scheme: str
    host: str  # lower case, without brackets or a final dot
    port: int
    target: str = field(repr=False)  # path and query: they may hold a secret, and stay out of logs

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port


_URL = re.compile(r"(https?)://(\[[^\]]*\]|[^:/?#\[\]]*)(?::([0-9]{1,5}))?([/?][^#]*)?(?:#.*)?", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)


def read_url(url: str) -> Destination:
    """An http or https URL, read strictly: what two programs might read differently is refused."""
    if len(url) > URL_LIMIT:
        raise Refused(f"the address is longer than {URL_LIMIT} characters")
    if not all("!" <= character <= "~" for character in url) or "\\" in url:
        raise Refused("the address holds a space, a backslash or a character that has to be percent-encoded")
    if "@" in re.split(r"[/?#]", url.partition("//")[2], maxsplit=1)[0]:
        raise Refused("the address holds a user name or password; send credentials in a header")
    found = _URL.fullmatch(url)
    if not found:
        raise Refused("the address has to look like https://host/path or http://host:port/path")
    scheme, host, port, target = found[1].lower(), found[2], found[3], found[4] or "/"
    return Destination(
        scheme=scheme,
        host=read_host(host[1:-1] if host.startswith("[") else host, numeric=host.startswith("[")),
        port=_port(port) if port else DEFAULT_PORTS[scheme],
        target=target if target.startswith("/") else f"/{target}",
    )


def read_host(text: str, *, numeric: bool = False) -> str:
    """A host name or an address in its only spelling; `numeric` asks for an IPv6 address."""
    host = text.lower().removesuffix(".") if text.isascii() else ""
    if numeric or ":" in host or _looks_numeric(host):
        try:
            address = IPv6Address(host) if numeric or ":" in host else IPv4Address(host)
        except ValueError:
            raise Refused("the host is neither a name nor an address in its usual spelling") from None
        if "%" in host:
            raise Refused("an address with a zone means something else on every machine")
        return str(address)
    if len(host) > HOST_LIMIT or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise Refused("the host is neither a name nor an address; write an international name as xn--...")
    return host


def literal(host: str) -> Address | None:
    """The address that a host read by `read_host` is, or None for a name."""
    return ip_address(host) if ":" in host or _looks_numeric(host) else None


def follow(here: Destination, location: str) -> Destination:
    """Where a redirect leads, read as strictly as what somebody typed. It never leads out of TLS."""
    try:
        there = read_url(urljoin(f"{here.scheme}://{here.authority}{here.target}", location))
    except ValueError as error:
        raise Refused(f"the redirect cannot be followed: {error}") from None
    if here.scheme == "https" and there.scheme != "https":
        raise Refused("the redirect leads from https to http")
    return there


def _looks_numeric(host: str) -> bool:
    """Browsers and C libraries read a host that ends in a number as IPv4: 2130706433, 0177.1, 0x7f.0.0.1."""
    last = host.rpartition(".")[2]
    return last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last) is not None


def _port(digits: str) -> int:
    if not 1 <= int(digits) <= 65_535:
        raise Refused(f"there is no port {digits}")
    return int(digits)
