"""Which URLs are let through, and in which spelling they reach the connection."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.domain.errors import SettingsInvalid, UrlNotAllowed
from lingting.security.urls import OutboundSettings, UrlGuard

pytestmark = pytest.mark.unit

REFUSED = [
    # loopback, in every spelling that some resolver takes
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.1/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://0x7f.0.0.1/",
    "http://0x7f000001/",
    "http://0x7F.1/",
    "http://127.0.0.01/",
    "http://127.0.0.1./",
    "http://0/",
    "http://0x/",
    "http://0.0.0.0/",
    "http://[::1]/",
    "http://[::]/",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[2606:4700::1111%25eth0]/",
    "http://[127.0.0.1]/",
    "http://[::1/",
    "http://::1/",
    "http://[v1.fe80]/",
    "http://127。0。0。1/",
    "http://１２７.０.０.１/",
    "http://①②⑦.⓪.⓪.①/",
    "http://localhost/",
    "http://LOCALHOST/",
    "http://localhost./",
    "http://ⓛocalhost/",
    "http://ｌｏｃａｌｈｏｓｔ/",
    "http://app.localhost/",
    "http://localhost.localdomain/",
    # other inner places
    "http://10.1.2.3/",
    "http://192.168.1.1/",
    "http://172.16.0.9/",
    "http://169.254.169.254/latest/meta-data/",
    "http://0xa9fea9fe/",
    "http://2852039166/",
    "http://100.100.100.200/",
    "http://[fd00:ec2::254]/",
    "http://metadata.google.internal/",
    "http://metadata/",
    "http://printer.local/",
    "http://router.home.arpa/",
    "http://x.onion/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://203.0.113.9/",
    # what no two parsers agree on
    "http://user@example.org/",
    "http://user:password@example.org/",
    "http://example.org@127.0.0.1/",
    "http://127.0.0.1@example.org/",
    "http://example.org\\@127.0.0.1/",
    "http:\\\\example.org/",
    "http://exa mple.org/",
    "http://example.org/a b",
    "http://example.org/\r\nHost: x",
    "http://exam\tple.org/",
    " http://example.org/",
    "http://example.org/\u00a0",
    "http://example.org\x00.test/",
    "http://%6c%6fcalhost/",
    "http://example.org%2f@127.0.0.1/",
    "http://127.0.0.1%23.example.org/",
    # no http, or no host
    "ftp://example.org/",
    "file:///etc/passwd",
    "gopher://example.org/",
    "data:text/plain,hello",
    "javascript:alert(1)",
    "//example.org/",
    "/etc/passwd",
    "example.org",
    "http:example.org",
    "http:/example.org",
    "http://",
    "http:///path",
    "http://./",
    "http://../",
    "http://example..org/",
    "http://.example.org/",
    "http://-example.org/",
    "http://exa$mple.org/",
    "http://" + "a" * 64 + ".org/",
    "http://" + "a." * 140 + "org/",
    "http://example.org/" + "a" * 2_048,
    "",
    # ports
    "http://example.org:22/",
    "http://example.org:6379/",
    "http://example.org:/",
    "http://example.org:0/",
    "http://example.org:65536/",
    "http://example.org:99999/",
    "http://example.org:８０/",
    "http://example.org:-80/",
    "http://example.org:80:80/",
    "http://example.org:http/",
]
ACCEPTED = {
    "http://example.org": "http://example.org/",
    "HTTPS://Example.ORG./A?b=C#d": "https://example.org/A?b=C",
    "https://example.org:443/": "https://example.org/",
    "http://example.org:8080/x": "http://example.org:8080/x",
    "https://8.8.8.8/x": "https://8.8.8.8/x",
    "https://[2606:4700:4700::1111]:8443/x": "https://[2606:4700:4700::1111]:8443/x",
    "https://[2606:4700:4700:0:0:0:0:1111]/": "https://[2606:4700:4700::1111]/",
    "https://bücher.example/": "https://xn--bcher-kva.example/",
    "https://例子.测试/录音 .mp3".replace(" ", ""): "https://xn--fsqu00a.xn--0zwm56d/%E5%BD%95%E9%9F%B3.mp3",
    "https://example.org?x=1": "https://example.org/?x=1",
    "https://example.org/?at=@here&next=http://127.0.0.1/": "https://example.org/?at=@here&next=http://127.0.0.1/",
    "https://my_bucket.s3.example.org/a%20b": "https://my_bucket.s3.example.org/a%20b",
    "https://127.0.0.1.example.org/": "https://127.0.0.1.example.org/",
}
PORTS = OutboundSettings().ports


def guard(**settings: object) -> UrlGuard:
    return UrlGuard(OutboundSettings(**settings))


@pytest.mark.parametrize("url", REFUSED, ids=ascii)
def test_a_url_that_may_lead_inside_is_refused(url: str) -> None:
    with pytest.raises(UrlNotAllowed):
        guard().check(url)


@pytest.mark.parametrize(("url", "seen"), ACCEPTED.items(), ids=ascii)
def test_a_public_url_is_let_through_in_one_spelling(url: str, seen: str) -> None:
    assert guard().check(url).url == seen


@given(st.text(max_size=40), st.sampled_from(["http://", "https://", "http://[", "http://a@", ""]))
def test_any_text_is_refused_or_has_a_host_of_plain_letters(text: str, start: str) -> None:
    try:
        seen = guard().check(start + text)
    except UrlNotAllowed:
        return
    assert seen.host.isascii()
    assert seen.host == seen.host.lower().strip(".")
    assert not set(seen.host) & set("@/\\?#%[] ")
    assert seen.port in PORTS
    assert guard().check(seen.url) == seen


def test_a_refusal_names_the_field_and_never_the_host() -> None:
    with pytest.raises(UrlNotAllowed) as refused:
        guard().check("http://10.1.2.3/secret", param="callback.url")
    assert refused.value.param == "callback.url"
    assert "10.1.2.3" not in refused.value.message
    assert "secret" not in refused.value.message


def test_a_callback_needs_tls() -> None:
    with pytest.raises(UrlNotAllowed, match="https"):
        guard().check("http://example.org/", is_callback=True)


def test_an_operator_may_let_callbacks_go_without_tls() -> None:
    assert guard(allow_http=True).check("http://example.org/", is_callback=True).scheme == "http"


def test_an_opened_network_may_be_called() -> None:
    assert guard(allowed_networks=("10.1.0.0/16",)).check("http://10.1.2.3/").host == "10.1.2.3"


def test_a_network_beside_the_opened_one_stays_closed() -> None:
    with pytest.raises(UrlNotAllowed):
        guard(allowed_networks=("10.1.0.0/16",)).check("http://10.2.2.3/")


def test_an_opened_host_may_be_called_wherever_it_leads() -> None:
    opened = guard(allowed_hosts=("MinIO",))
    assert opened.check("http://minio/").host == "minio"
    assert opened.may_connect("minio", ip_address("10.1.2.3"))


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1"])
def test_an_opened_host_does_not_open_metadata(address: str) -> None:
    assert not guard(allowed_hosts=("minio",)).may_connect("minio", ip_address(address))


def test_an_opened_host_opens_no_other() -> None:
    assert not guard(allowed_hosts=("minio",)).may_connect("example.org", ip_address("10.1.2.3"))


def test_a_port_may_be_opened() -> None:
    assert guard(ports=(9000,)).check("http://example.org:9000/").port == 9000


@pytest.mark.parametrize(
    ("location", "seen"),
    [
        ("/b?c", "https://example.org/b?c"),
        ("b", "https://example.org/a/b"),
        ("//other.example/x", "https://other.example/x"),
        ("https://other.example", "https://other.example/"),
    ],
)
def test_a_redirect_is_read_against_the_address_before(location: str, seen: str) -> None:
    here = guard().check("https://example.org/a/")
    assert guard().check_redirect(here, location).url == seen


@pytest.mark.parametrize(
    "location",
    [
        "http://example.org/",
        "https://127.0.0.1/",
        "//localhost/",
        "https://example.org:22/",
        "file:///etc/passwd",
        "https://user@example.org/",
        "/a b",
        "/" + "a" * 3_000,
    ],
)
def test_a_redirect_to_what_may_not_be_called_is_refused(location: str) -> None:
    here = guard().check("https://example.org/")
    with pytest.raises(UrlNotAllowed):
        guard().check_redirect(here, location)


@pytest.mark.parametrize(
    "settings",
    [
        {"allowed_networks": ("10.1.2.3/8",)},
        {"allowed_networks": ("everything",)},
        {"allowed_hosts": ("http://x",)},
        {"allowed_hosts": ("minio:9000",)},
        {"ports": (0,)},
    ],
)
def test_rules_that_cannot_be_read_stop_the_start(settings: dict[str, object]) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        guard(**settings)
    assert refused.value.param == f"outbound.{next(iter(settings))}"
