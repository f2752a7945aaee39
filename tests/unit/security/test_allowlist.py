"""The client's address: what declared proxies say, and nothing that anybody else says."""

import pytest

from lingting.domain.errors import SettingsInvalid
from lingting.security.allowlist import Allowlist, is_inside, plain_address, read_network, read_networks

pytestmark = pytest.mark.unit

PROXIES = [read_network(text) for text in ("10.0.0.0/8", "fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["127.0.0.1"], "203.0.113.9"),  # nobody asked it
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["127.0.0.1, 203.0.113.9"], "203.0.113.9"),  # the client wrote the first
        ("10.0.0.1", ["127.0.0.1", "203.0.113.9"], "203.0.113.9"),  # in a header of its own
        ("10.0.0.1", ["198.51.100.7, 10.0.0.2"], "198.51.100.7"),  # two proxies
        ("10.0.0.1", ["10.9.9.9, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),  # and a client that claims to be a third
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),  # from inside
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["nonsense, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9,"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"),
        ("10.0.0.1", ["[2001:db8::1]:443"], "2001:db8::1"),
        ("10.0.0.1", ['"[2001:db8::1]"'], "2001:db8::1"),
        ("10.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"),
        ("::ffff:10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("fd00::1", ["2001:DB8:0::1"], "2001:db8::1"),
        ("fe80::1%eth0", [], "fe80::1"),
        ("", ["203.0.113.9"], ""),  # a local socket is no declared proxy
    ],
)
def test_the_client_is_the_nearest_that_is_no_proxy(peer, forwarded, client) -> None:
    assert Allowlist(trusted_proxies=PROXIES).client_of(peer, forwarded) == client


def test_without_declared_proxies_no_header_counts() -> None:
    assert Allowlist().client_of("10.0.0.1", ["203.0.113.9"]) == "10.0.0.1"


def test_a_very_long_header_is_read_from_its_end_only() -> None:
    forged = ", ".join(["10.0.0.9"] * 100_000)
    assert Allowlist(trusted_proxies=PROXIES).client_of("10.0.0.1", [f"203.0.113.9, {forged}"]) == "10.0.0.9"


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("192.168.1.7", True),
        ("192.168.2.7", False),
        ("::ffff:192.168.1.7", True),
        ("2001:db8::5", True),
        ("2001:db9::5", False),
        ("", False),
        ("nonsense", False),
    ],
)
def test_an_allowlist_admits_its_networks_only(address, inside) -> None:
    networks = read_networks(["192.168.1.0/24", "2001:db8::/32"], setting="access.networks")
    assert is_inside(address, networks) == inside
    assert Allowlist(networks).admits(plain_address(address)) == inside
    assert Allowlist().admits(address)


def test_a_mapped_network_is_the_network_it_maps() -> None:
    assert str(read_network("::ffff:10.0.0.0/104")) == "10.0.0.0/8"
    assert str(read_network("192.168.1.7")) == "192.168.1.7/32"


@pytest.mark.parametrize("text", ["10.0.0.1/8", "10.0.0.0/33", "example.org", ""])
def test_what_is_no_network_stops_the_start(text) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        read_networks([text], setting="server.trusted_proxies")
    assert refused.value.param == "server.trusted_proxies"
