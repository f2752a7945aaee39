"""Calls to addresses that callers named, against real servers that behave well and badly."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from certificates import Authority
from lingting.domain.errors import AudioTooLarge, FetchFailed, SettingsInvalid, UrlNotAllowed
from lingting.security.outbound import FetchedFile, Outbound, PinningBackend
from lingting.security.urls import OutboundSettings, UrlGuard
from raw_server import RawServer, answer, raw_server

pytestmark = pytest.mark.integration

PUBLIC = "8.8.8.8"
LONG_SECONDS = 30.0
"""A bound that no test waits for."""
OPENED = ("127.0.0.0/8",)


def names(**addresses: Sequence[str]) -> Callable[[str, int], object]:
    """A resolver: each host name with dots as underscores."""

    async def resolve(host: str, _port: int) -> Sequence[str]:
        return addresses[host.replace(".", "_")]

    return resolve


@asynccontextmanager
async def calling(*ports: int, resolve: object = None, **settings: object) -> AsyncIterator[Outbound]:
    made = Outbound(
        OutboundSettings(**{"ports": ports, "allowed_networks": OPENED, "allow_http": True, **settings}),
        resolve=resolve,
    )
    try:
        yield made
    finally:
        await made.aclose()


async def fetch(
    outbound: Outbound,
    url: str,
    path: Path,
    *,
    max_bytes: int = 10_000,
    seconds: float = LONG_SECONDS,
    idle_seconds: float = LONG_SECONDS,
) -> FetchedFile:
    return await outbound.fetch(url, path, max_bytes=max_bytes, seconds=seconds, idle_seconds=idle_seconds)


async def test_a_file_is_fetched_as_it_is(tmp_path) -> None:
    body = bytes(range(256)) * 10
    async with (
        raw_server(answer("200 OK", "Content-Type: audio/wav", body=body)) as server,
        calling(server.port) as outbound,
    ):
        fetched = await fetch(outbound, f"http://127.0.0.1:{server.port}/a?b=c", tmp_path / "file")
    assert fetched == FetchedFile("audio/wav", len(body))
    assert (tmp_path / "file").read_bytes() == body
    assert server.requests[0].path == "/a?b=c"
    assert server.requests[0].headers["host"] == f"127.0.0.1:{server.port}"
    assert server.requests[0].headers["accept-encoding"] == "identity"


async def test_a_file_larger_than_one_write_arrives_whole(tmp_path) -> None:
    body = b"sound" * 1_000_000
    async with raw_server(answer("200 OK", body=body)) as server, calling(server.port) as outbound:
        await fetch(outbound, f"http://127.0.0.1:{server.port}/", tmp_path / "file", max_bytes=len(body))
    assert (tmp_path / "file").read_bytes() == body


async def test_proxies_of_the_environment_are_not_used(tmp_path, monkeypatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with raw_server(answer("200 OK", body=b"x")) as server, calling(server.port) as outbound:
        await fetch(outbound, f"http://127.0.0.1:{server.port}/", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"x"


@pytest.mark.parametrize(
    "found", [["127.0.0.1"], [PUBLIC, "127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["::1"], ["fe80::1%eth0"], []]
)
async def test_a_name_that_leads_inside_is_refused_before_a_connection(found, tmp_path) -> None:
    async with (
        raw_server(answer("200 OK")) as server,
        calling(server.port, resolve=names(files_test=found), allowed_networks=()) as outbound,
    ):
        with pytest.raises(UrlNotAllowed, match="does not lead to a public address"):
            await fetch(outbound, f"http://files.test:{server.port}/", tmp_path / "file")
    assert server.requests == []


async def test_a_name_that_leads_nowhere_reads_like_one_that_leads_inside(tmp_path) -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        raise OSError("no such name")

    async with calling(80, resolve=resolve) as outbound:
        with pytest.raises(UrlNotAllowed, match="does not lead to a public address"):
            await fetch(outbound, "http://files.test/", tmp_path / "file")


async def test_a_name_that_is_never_looked_up_is_given_up(tmp_path) -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        raise AssertionError

    async with calling(80, resolve=resolve, connect_seconds=0.05) as outbound:
        with pytest.raises(FetchFailed, match="cannot be reached"):
            await fetch(outbound, "http://files.test/", tmp_path / "file")


async def test_a_name_that_changes_after_the_check_gains_nothing(tmp_path) -> None:
    """DNS rebinding: one lookup a connection, and the connection goes to what that lookup said."""
    answers = iter([["127.0.0.2"], ["127.0.0.1"], ["127.0.0.1"]])

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return next(answers)

    async with (
        raw_server(answer("200 OK", body=b"open"), host="127.0.0.2") as server,
        calling(server.port, resolve=resolve, allowed_networks=("127.0.0.2/32",)) as outbound,
    ):
        url = f"http://files.test:{server.port}/"
        await fetch(outbound, url, tmp_path / "file")
        with pytest.raises(UrlNotAllowed):
            await fetch(outbound, url, tmp_path / "other")
        assert next(answers) == ["127.0.0.1"]
    assert (tmp_path / "file").read_bytes() == b"open"
    assert len(server.requests) == 1


async def test_the_next_address_is_tried_when_one_does_not_answer(tmp_path) -> None:
    async with (
        raw_server(answer("200 OK", body=b"x")) as server,
        calling(server.port, resolve=names(files_test=["127.0.0.9", "127.0.0.1"])) as outbound,
    ):
        await fetch(outbound, f"http://files.test:{server.port}/", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"x"


@asynccontextmanager
async def redirects(*locations: str, status: str = "302 Found") -> AsyncIterator[RawServer]:
    left = list(locations)

    async def handle(_request: object, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(status, f"Location: {left.pop(0)}") if left else answer("200 OK", body=b"end"))
        await writer.drain()

    async with raw_server(handle) as server:
        yield server


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_a_redirect_is_followed(status, tmp_path) -> None:
    async with redirects("/there", status=status) as server, calling(server.port) as outbound:
        await fetch(outbound, f"http://127.0.0.1:{server.port}/", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"end"
    assert [request.path for request in server.requests] == ["/", "/there"]


async def test_five_redirects_are_followed(tmp_path) -> None:
    async with redirects(*"12345") as server, calling(server.port) as outbound:
        await fetch(outbound, f"http://127.0.0.1:{server.port}/", tmp_path / "file")
    assert len(server.requests) == 6


async def test_redirects_without_end_are_left(tmp_path) -> None:
    async with redirects(*"123456") as server, calling(server.port) as outbound:
        with pytest.raises(FetchFailed, match="more than 5 times"):
            await fetch(outbound, f"http://127.0.0.1:{server.port}/", tmp_path / "file")
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.9:{port}/", "http://inner.test:{port}/", "http://169.254.169.254/", "file:///etc/hosts"],
)
async def test_a_chain_of_redirects_that_ends_inside_is_refused(location, tmp_path) -> None:
    resolve = names(files_test=["127.0.0.1"], inner_test=["127.0.0.9"])
    left = ["/one", "http://files.test:{port}/two", location]

    async def handle(_request: object, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("302 Found", "Location: " + left.pop(0).format(port=server.port)))
        await writer.drain()

    async with (
        raw_server(handle) as server,
        calling(server.port, resolve=resolve, allowed_networks=("127.0.0.1/32",)) as out,
    ):
        with pytest.raises(UrlNotAllowed):
            await fetch(out, f"http://files.test:{server.port}/", tmp_path / "file")
    assert [request.path for request in server.requests] == ["/", "/one", "/two"]
    assert not (tmp_path / "file").exists()


async def test_a_redirect_to_nowhere_is_an_error(tmp_path) -> None:
    async with raw_server(answer("302 Found")) as server, calling(server.port) as outbound:
        with pytest.raises(FetchFailed, match="nowhere"):
            await fetch(outbound, f"http://127.0.0.1:{server.port}/", tmp_path / "file")


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (answer("404 Not Found", body=b"secret"), "answered 404"),
        (answer("206 Partial Content", body=b"x"), "answered 206"),
        (answer("500 Oh", body=b"secret"), "answered 500"),
        (answer("200 OK", "Content-Encoding: gzip", body=b"x"), "compressed"),
        (answer("200 OK", "Content-Encoding: br, identity", body=b"x"), "compressed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "broke off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort", "broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", "broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "broke off"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "broke off"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n", "broke off"),
        (b"", "broke off"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "said",
)
async def test_an_answer_that_is_no_file_is_an_error_and_leaves_none(said, error, tmp_path) -> None:
    async with raw_server(said) as server, calling(server.port) as outbound:
        with pytest.raises(FetchFailed, match=error) as failed:
            await fetch(outbound, f"http://127.0.0.1:{server.port}/", tmp_path / "file")
    assert "127.0.0.1" not in failed.value.message
    assert "secret" not in failed.value.message
    assert not (tmp_path / "file").exists()


async def test_a_file_that_says_it_is_too_large_is_not_read(tmp_path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"
    async with raw_server(head) as server, calling(server.port) as outbound:
        with pytest.raises(AudioTooLarge):
            await fetch(outbound, f"http://127.0.0.1:{server.port}/", tmp_path / "file")
    assert not (tmp_path / "file").exists()


async def test_a_file_without_end_is_cut_off(tmp_path) -> None:
    async def pour(_request: object, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with raw_server(pour) as server, calling(server.port) as outbound:
        with pytest.raises(AudioTooLarge):
            await fetch(outbound, f"http://127.0.0.1:{server.port}/", tmp_path / "file")
    assert not (tmp_path / "file").exists()


async def test_a_server_that_stalls_is_left(tmp_path) -> None:
    async def stall(_request: object, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        await writer.drain()
        await asyncio.Event().wait()

    async with raw_server(stall) as server, calling(server.port) as outbound:
        with pytest.raises(FetchFailed, match=r"did nothing for 0\.1 seconds"):
            await fetch(outbound, f"http://127.0.0.1:{server.port}/", tmp_path / "file", idle_seconds=0.1)
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 100 OK\r\n\r\n"])
async def test_a_server_that_drips_is_left_in_time(start, tmp_path) -> None:
    async def drip(_request: object, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while not writer.is_closing():
            writer.write(b"x" if start[-1:] != b"\n" or b"200" in start else b"HTTP/1.1 103 Hints\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with raw_server(drip) as server, calling(server.port) as outbound:
        with pytest.raises(FetchFailed, match=r"longer than 0\.3 seconds"):
            await fetch(outbound, f"http://127.0.0.1:{server.port}/", tmp_path / "file", seconds=0.3)
    assert not (tmp_path / "file").exists()


async def test_a_server_that_is_away_is_an_error(tmp_path) -> None:
    async with raw_server(b"") as server:
        pass
    async with calling(server.port) as outbound:
        with pytest.raises(FetchFailed, match="cannot be reached"):
            await fetch(outbound, f"http://127.0.0.1:{server.port}/", tmp_path / "file")


async def test_a_cancelled_fetch_leaves_no_file(tmp_path) -> None:
    begun = asyncio.Event()

    async def stall(_request: object, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        await writer.drain()
        begun.set()
        await asyncio.Event().wait()

    async with raw_server(stall) as server, calling(server.port) as outbound:
        task = asyncio.create_task(fetch(outbound, f"http://127.0.0.1:{server.port}/", tmp_path / "file"))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert not (tmp_path / "file").exists()


async def test_tls_is_checked_for_the_name_while_the_address_is_pinned(tmp_path) -> None:
    authority = Authority(tmp_path)
    resolve = names(files_test=["127.0.0.1"])
    async with (
        raw_server(answer("200 OK", body=b"sealed"), tls=authority.server_context("files.test")) as server,
        calling(server.port, resolve=resolve, ca_file=authority.ca_file) as outbound,
    ):
        await fetch(outbound, f"https://files.test:{server.port}/", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"sealed"


async def test_a_certificate_for_another_name_is_refused(tmp_path) -> None:
    authority = Authority(tmp_path)
    resolve = names(files_test=["127.0.0.1"])
    async with (
        raw_server(answer("200 OK"), tls=authority.server_context("other.test")) as server,
        calling(server.port, resolve=resolve, ca_file=authority.ca_file) as outbound,
    ):
        with pytest.raises(FetchFailed, match="certificate"):
            await fetch(outbound, f"https://files.test:{server.port}/", tmp_path / "file")
    assert server.requests == []


async def test_a_certificate_of_an_unknown_authority_is_refused(tmp_path) -> None:
    authority = Authority(tmp_path)
    resolve = names(files_test=["127.0.0.1"])
    async with (
        raw_server(answer("200 OK"), tls=authority.server_context("files.test")) as server,
        calling(server.port, resolve=resolve) as outbound,
    ):
        with pytest.raises(FetchFailed, match="certificate"):
            await fetch(outbound, f"https://files.test:{server.port}/", tmp_path / "file")
    assert server.requests == []


async def test_a_redirect_from_https_to_http_is_refused(tmp_path) -> None:
    authority = Authority(tmp_path)
    said = answer("302 Found", "Location: http://files.test/")
    async with (
        raw_server(said, tls=authority.server_context("files.test")) as server,
        calling(server.port, 80, resolve=names(files_test=["127.0.0.1"]), ca_file=authority.ca_file) as outbound,
    ):
        with pytest.raises(UrlNotAllowed, match="from https to http"):
            await fetch(outbound, f"https://files.test:{server.port}/", tmp_path / "file")


async def test_authorities_that_cannot_be_read_stop_the_start(tmp_path) -> None:
    with pytest.raises(SettingsInvalid, match=r"outbound\.ca_file"):
        Outbound(OutboundSettings(ca_file=tmp_path / "none.pem"))


async def test_a_callback_is_posted_and_its_answer_ignored() -> None:
    async with raw_server(answer("204 No Content")) as server, calling(server.port) as outbound:
        status = await outbound.post(
            f"http://127.0.0.1:{server.port}/hook", headers={"webhook-id": "a"}, body=b"{}", seconds=LONG_SECONDS
        )
    assert status == 204
    assert server.requests[0].line == "POST /hook HTTP/1.1"
    assert server.requests[0].headers["webhook-id"] == "a"
    assert server.requests[0].body == b"{}"


async def test_a_callback_follows_no_redirect() -> None:
    async with redirects("/there") as server, calling(server.port) as outbound:
        status = await outbound.post(f"http://127.0.0.1:{server.port}/", headers={}, body=b"{}", seconds=LONG_SECONDS)
    assert status == 302
    assert len(server.requests) == 1


async def test_a_receiver_that_never_stops_answering_does_not_hold_a_callback() -> None:
    async def pour(_request: object, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with raw_server(pour) as server, calling(server.port) as outbound:
        url = f"http://127.0.0.1:{server.port}/"
        assert await outbound.post(url, headers={}, body=b"{}", seconds=LONG_SECONDS) == 200


class AllPublic(UrlGuard):
    """As if every address of this machine were one of the internet's."""

    def may_connect(self, _host: str, _address: object) -> bool:
        return True


async def test_this_machine_is_refused_even_at_a_public_address_of_its_own() -> None:
    async with raw_server(answer("200 OK", body=b"inner")) as server:
        backend = PinningBackend(AllPublic(OutboundSettings()), names(files_test=["127.0.0.1"]))
        with pytest.raises(UrlNotAllowed):
            await backend.connect_tcp("files.test", server.port, timeout=LONG_SECONDS)
