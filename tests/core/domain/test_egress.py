"""Which addresses are forbidden, what the allow list opens, how URLs and redirects are read."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.domain.egress import (
    METADATA,
    SPECIAL,
    Destination,
    Policy,
    Refused,
    follow,
    read_allowed,
    read_url,
    special,
    unwrapped,
)

FORBIDDEN = """
    127.0.0.1 127.255.255.254 10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 192.168.255.255
    169.254.0.1 169.254.169.254 169.254.170.2 100.64.0.1 100.100.100.200 100.127.255.255 168.63.129.16 192.0.0.192
    0.0.0.0 0.1.2.3 192.0.0.1 192.0.2.1 198.51.100.1 203.0.113.1 198.18.0.1 198.19.255.255 192.88.99.1
    224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
    :: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:100.64.0.1
    ::ffff:0:127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b::7f00:1 64:ff9b::808:808 64:ff9b:1::1 64:ff9b:1:ffff::a00:1
    2002:a9fe:a9fe:: 2002:7f00:1:: 2002:808:808:: 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2
    fc00::1 fd12:3456:789a::1 fd00:ec2::254 fd20:ce::254 fe80::1 febf::1 fe80::a9fe:a9fe fec0::1 feff::1
    ff02::1 ff0e::1 100::1 2001:2::1 2001:10::1 2001:db8::1 3fff::1 5f00::1 4000::1 e000::1
""".split()  # noqa: SIM905 - a table, not code
PUBLIC = """
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255
    169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0
    168.63.129.15 168.63.129.17 223.255.255.255 ::ffff:8.8.8.8 2001:200::1 2001:4860:4860::8888
    2606:4700:4700::1111 2a00:1450:4001::1 2003::1 3ffe::1
""".split()  # noqa: SIM905


def refusal(policy: Policy, host: str, *addresses: str, port: int = 443) -> str:
    try:
        policy.check(host, port, [ip_address(address) for address in addresses])
    except Refused as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize("address", FORBIDDEN)
def test_a_forbidden_address_is_refused(address: str) -> None:
    assert refusal(Policy(), "hooks.example", address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_not(address: str) -> None:
    assert refusal(Policy(), "hooks.example", address) == ""


def test_the_tables_hold_what_they_should() -> None:
    assert len(set(FORBIDDEN)) == len(FORBIDDEN) >= 31


EDGES = sorted({int(network[end]) + step for network, _ in SPECIAL for end in (0, -1) for step in (-1, 0, 1)})
IPV4 = st.one_of(st.integers(0, 2**32 - 1), st.sampled_from([edge for edge in EDGES if 0 <= edge < 2**32]))
IPV6 = st.one_of(
    *(st.integers(0, 2**128 - 1), st.integers(2**125, 2**126 - 1)),
    st.sampled_from([edge for edge in EDGES if 2**32 <= edge < 2**128]),
)


@given(IPV4.map(IPv4Address))
def test_ipv4_is_judged_as_python_judges_it(address: IPv4Address) -> None:
    known = address.is_global and not (address.is_multicast or address.is_reserved)
    ours = any(address in ip_network(network) for network in ("168.63.129.16", "192.0.0.0/24", "192.88.99.0/24"))
    assert bool(special(address)) == (ours or not known)


@given(IPV6.map(IPv6Address))
def test_ipv6_passes_only_where_python_calls_it_public_and_no_ipv4_is_inside(address: IPv6Address) -> None:
    if not refusal(Policy(), "x.example", str(address)):
        inner = address.ipv4_mapped or address
        assert inner.is_global
        assert not any((inner.is_multicast, inner.is_reserved))
        assert (address.sixtofour, address.teredo) == (None, None)


@given(IPV4.map(IPv4Address))
def test_wrapping_an_ipv4_address_never_makes_it_reachable(address: IPv4Address) -> None:
    number = int(address)
    mapped = str(IPv6Address((0xFFFF << 32) | number))
    others = [IPv6Address(number), IPv6Address((0x64FF9B << 96) | number), IPv6Address((0x2002 << 112) | number << 80)]
    assert bool(refusal(Policy(), "x.example", mapped)) == bool(special(address))
    assert all(refusal(Policy(), "x.example", str(other)) for other in others)


def test_one_forbidden_answer_spoils_the_others() -> None:
    assert refusal(Policy(), "hooks.example", "8.8.8.8", "2606:4700::1", "10.0.0.1", "8.8.4.4")
    assert refusal(Policy(), "hooks.example")


def test_a_refusal_does_not_tell_which_address_a_name_leads_to() -> None:
    text = refusal(Policy(), "db.corp.example", "10.20.30.40")
    assert "db.corp.example leads to a private address" in text
    assert "10.20" not in text


# --- The allow list ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "host", "address", "port", "passes"),
    [
        ("10.0.0.0/8", "db.corp", "10.1.2.3", 443, True),
        ("10.0.0.0/8", "db.corp", "11.1.2.3", 443, True),
        ("10.0.0.0/8", "db.corp", "172.16.0.1", 443, False),
        ("10.0.0.0/8", "db.corp", "::ffff:10.1.2.3", 443, True),
        ("10.0.0.0/8", "db.corp", "10.1.2.3", 5432, False),
        ("10.0.0.0/8:5432", "db.corp", "10.1.2.3", 5432, True),
        ("10.0.0.0/8:5432", "db.corp", "::ffff:10.1.2.3", 5432, True),
        ("10.0.0.0/8:5432", "db.corp", "10.1.2.3", 443, False),
        ("10.1.2.3", "db.corp", "10.1.2.3", 443, True),
        ("fd00::/8", "db.corp", "fd00::1", 443, True),
        ("[fd00::/8]:5432", "db.corp", "fd00::1", 5432, True),
        ("[fd00::/8]:5432", "db.corp", "fd00::1", 443, False),
        ("::1", "localhost", "::1", 443, True),
        ("db.corp", "db.corp", "10.1.2.3", 443, True),
        ("DB.corp.", "db.corp", "10.1.2.3", 443, True),
        ("db.corp", "www.db.corp", "10.1.2.3", 443, False),
        ("db.corp", "db.corp", "169.254.169.254", 443, False),
        ("db.corp", "db.corp", "fe80::1", 443, False),
        ("db.corp", "db.corp", "100.100.100.200", 443, False),
        ("169.254.169.254", "metadata", "169.254.169.254", 443, True),
        ("hooks.example:8443", "hooks.example", "8.8.8.8", 8443, True),
        ("hooks.example:8443", "other.example", "8.8.8.8", 8443, False),
        ("64:ff9b::/96", "far.example", "64:ff9b::808:808", 443, True),
        ("64:ff9b::/96", "far.example", "64:ff9b::a00:1", 443, False),
    ],
)
def test_the_allow_list_opens_what_it_names_and_no_more(
    entry: str, host: str, address: str, port: int, passes: bool
) -> None:
    policy = Policy(allow=(read_allowed(entry),), ports=frozenset({80, 443}))
    assert bool(refusal(policy, host, address, port=port)) != passes


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "10.0.0.1/8",
        "10.0.0/8",
        "1.2.3",
        "a b",
        "*.corp",
        "host:0",
        "host:99999",
        "[::1",
        "http://a",
        "a@b",
        "\u212a.corp",
    ],
)
def test_an_entry_that_cannot_be_read_is_refused(entry: str) -> None:
    with pytest.raises(Refused):
        read_allowed(entry)


def test_without_a_list_of_ports_every_port_is_open_but_no_address_more() -> None:
    assert refusal(Policy(ports=None), "db.example", "8.8.8.8", port=5432) == ""
    assert refusal(Policy(ports=None), "db.example", "127.0.0.1", port=5432)
    assert "db.example:5432" in refusal(Policy(), "db.example", "8.8.8.8", port=5432)


def test_nothing_that_a_name_may_lead_to_answers_with_a_cloud_s_credentials() -> None:
    policy = Policy(allow=(read_allowed("db.corp"),))
    metadata = [address for address in FORBIDDEN if special(ip_address(address)) == METADATA]
    assert len(metadata) == 6
    assert all(refusal(policy, "db.corp", address) for address in metadata)


# --- URLs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://hooks.example", ("http", "hooks.example", 80, "/", "hooks.example")),
        ("https://hooks.example/", ("https", "hooks.example", 443, "/", "hooks.example")),
        ("HTTPS://Hooks.Example.:8443/a/B?c=D#e", ("https", "hooks.example", 8443, "/a/B?c=D", "hooks.example:8443")),
        ("https://hooks.example:443?x", ("https", "hooks.example", 443, "/?x", "hooks.example")),
        ("http://a#@b/", ("http", "a", 80, "/", "a")),
        ("http://a/@b", ("http", "a", 80, "/@b", "a")),
        ("http://a?x=http://u@b/", ("http", "a", 80, "/?x=http://u@b/", "a")),
        ("http://127.0.0.1.:80/", ("http", "127.0.0.1", 80, "/", "127.0.0.1")),
        ("http://[::FFFF:7f00:1]:81/", ("http", "::ffff:7f00:1", 81, "/", "[::ffff:7f00:1]:81")),
        ("http://[0:0:0:0:0:0:0:1]/", ("http", "::1", 80, "/", "[::1]")),
        ("http://my_service:8080/", ("http", "my_service", 8080, "/", "my_service:8080")),
        ("http://xn--bcher-kva.example/", ("http", "xn--bcher-kva.example", 80, "/", "xn--bcher-kva.example")),
    ],
)
def test_a_url_is_read(url: str, expected: tuple[str, str, int, str, str]) -> None:
    read = read_url(url)
    assert (read.scheme, read.host, read.port, read.target, read.authority) == expected


@pytest.mark.parametrize(
    "url",
    [
        *("", "hooks.example", "//hooks.example/", "ftp://a/", "file:///etc/passwd", "gopher://a/", "javascript:1"),
        *("http:/a", "http:a", "http://", "http:///a", "http://?a", "http://:80/", "http://./", "http://a../"),
        *("http://u@a/", "http://u:p@a/", "http://a:80@b/", "http://@a/", "http://a%40b/", "http://8.8.8.8@127.0.0.1/"),
        *("http://a:/", "http://a:0/", "http://a:65536/", "http://a:+80/", "http://a:8 0/", "http://a:80:80/"),
        *("http://2130706433/", "http://0x7f000001/", "http://0X7F.0.0.1/", "http://0177.0.0.1/", "http://127.1/"),
        *("http://127.0.1/", "http://017700000001/", "http://127.0.0.01/", "http://127.0.0.0x1/", "http://0/"),
        *("http://1.2.3.4.5/", "http://256.1.1.1/", "http://1.2.3.4../", "http://a.0x/", "http://a.1/"),
        *("http://\u0661\u0662\u0667.0.0.1/", "http://\uff11\uff12\uff17.0.0.1/", "http://\u24db\u24de.example/"),
        *("http://127\u30020.0.1/", "http://b\u00fccher.example/", "http://a/\u00fc", "http://\u212a.example/"),
        *("http://[::1/", "http://::1/", "http://[::1]x/", "http://[v1.a]/", "http://[1.2.3.4]/", "http://[]/"),
        *("http://[fe80::1%25eth0]/", "http://[fe80::1%eth0]/", "http://[:::1]/", "http://[::1]]/"),
        *(
            "http://a\\b/",
            "http:\\\\a/",
            "http://a/\\b",
            "http://a b/",
            "http://a\tb/",
            "http://a\r\nX: y/",
            "\thttp://a/",
        ),
        *("http://a/\x00", "http://a/\x7f", "http://a%2eb/", "http://a..b/", "http://-a/", "http://a-/", "http://*/"),
        *("http://" + "a" * 64 + "/", "http://" + ".".join(["a" * 60] * 5) + "/", "http://a/" + "b" * 2_000),
    ],
)
def test_a_url_that_two_programs_may_read_differently_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        read_url(url)


@given(st.text(max_size=60).map(lambda tail: f"http://{tail}"))
def test_whatever_is_typed_is_read_or_refused(url: str) -> None:
    try:
        read = read_url(url)
    except Refused:
        return
    assert read.target.startswith("/")
    assert read_url(f"{read.scheme}://{read.authority}{read.target}") == read


@given(st.integers(0, 2**128 - 1).map(IPv6Address))
def test_an_ipv6_host_is_the_address_that_is_judged(address: IPv6Address) -> None:
    assert IPv6Address(read_url(f"http://[{address.exploded}]:81/").host) == address


def test_a_destination_shows_neither_path_nor_query() -> None:
    assert "secret" not in repr(read_url("https://hooks.example/secret?token=secret"))


# --- Redirects -----------------------------------------------------------------------------------

HERE = Destination("https", "a.example", 8443, "/in/here?x=1")


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/there", Destination("https", "a.example", 8443, "/there")),
        ("there?y", Destination("https", "a.example", 8443, "/in/there?y")),
        ("?y", Destination("https", "a.example", 8443, "/in/here?y")),
        ("//b.example/z", Destination("https", "b.example", 443, "/z")),
        ("https://127.0.0.1/", Destination("https", "127.0.0.1", 443, "/")),
    ],
)
def test_a_redirect_is_read_against_where_we_are(location: str, expected: Destination) -> None:
    assert follow(HERE, location) == expected


@pytest.mark.parametrize(
    "location",
    ["http://a.example/", "ftp://a/", "file:///etc/passwd", "https://u@b/", "//[::1", "https://127.1/", "/ü"],
)
def test_a_redirect_that_leads_out_of_tls_or_cannot_be_read_is_refused(location: str) -> None:
    with pytest.raises(Refused):
        follow(HERE, location)


def test_a_redirect_may_lead_into_tls() -> None:
    assert follow(Destination("http", "a.example", 80, "/"), "https://a.example/").scheme == "https"


def test_a_tunnel_is_unwrapped_to_all_that_it_carries() -> None:
    teredo = ip_address("2001:0:4136:e378:8000:63bf:3fff:fdd2")
    assert unwrapped(teredo) == (teredo, IPv4Address("65.54.227.120"), IPv4Address("192.0.2.45"))
    assert unwrapped(IPv6Address("::ffff:10.0.0.1")) == (IPv4Address("10.0.0.1"),)
    assert unwrapped(IPv6Address("::1")) == (IPv6Address("::1"),)
