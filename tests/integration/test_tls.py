"""TLS with real handshakes, on a server process."""

import asyncio
import os
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import httpx
import pytest

from certificates import Authority
from grpc_client import Talk, refused
from lingting.api.grpc.limits import GrpcSettings
from lingting.api.grpc.server import GrpcServer
from lingting.api.http.doors import Doors, HttpLimits
from lingting.client import Ended, connect
from lingting.domain import RecognizeOptions, SystemClock
from lingting.grpc import SpeechStub
from lingting.security.certificate import ServerCertificate

pytestmark = pytest.mark.integration
WAIT_SECONDS = 60.0


@dataclass
class Secured:
    """A server with TLS, and whom its clients trust."""

    port: int
    grpc_port: int
    trust: ssl.SSLContext
    authority: bytes

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"


def command(folder: Path, certificate: Path, key: Path, *arguments: str) -> subprocess.Popen[str]:
    variables = {"LINGTING_SERVER__TLS_CERTIFICATE": str(certificate), "LINGTING_SERVER__TLS_KEY": str(key)}
    return subprocess.Popen(
        [sys.executable, "-m", "lingting", "serve", "--port", "0", "--engine", "fake", *arguments],
        env=os.environ | {"LINGTING_DATA_DIR": str(folder), "NO_COLOR": "1", "COLUMNS": "500"} | variables,
        cwd=folder,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )


@pytest.fixture(scope="module")
def secured(tmp_path_factory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(folder)
    process = command(folder, *authority.server_files("127.0.0.1"), "--grpc-port", "0")
    try:
        port = grpc_port = 0
        for line in process.stderr:
            if found := re.search(r"grpc.listening.* port=(\d+)", line):
                grpc_port = int(found[1])
            if found := re.search(r"https://127\.0\.0\.1:(\d+)", line):
                port = int(found[1])
            if "services.ready" in line:
                break
        assert port, "the server did not say where it listens"
        trust = ssl.create_default_context(cafile=str(authority.ca_file))
        yield Secured(port, grpc_port, trust, authority.ca_file.read_bytes())
    finally:
        process.kill()
        process.communicate()


def handshake(secured: Secured, version: ssl.TLSVersion) -> str | None:
    context = ssl.create_default_context(cafile=None)
    context.load_verify_locations(cadata=secured.trust.get_ca_certs(binary_form=True)[0])
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", secured.port), timeout=WAIT_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
    ):
        return wrapped.version()


def test_answers_come_over_tls_and_browsers_are_told_to_stay_there(secured) -> None:
    answer = httpx.get(f"{secured.url}/v1/me", verify=secured.trust)
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken(secured, version) -> None:
    assert handshake(secured, version) == version.name.replace("_", ".")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_older_versions_are_not(secured, version) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        handshake(secured, version)


def test_a_client_that_does_not_know_the_authority_does_not_go_on(secured) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"{secured.url}/healthz")


def test_what_speaks_no_tls_gets_nothing(secured) -> None:
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{secured.port}/healthz")
    assert httpx.get(f"{secured.url}/healthz", verify=secured.trust).status_code == 200


async def test_live_speech_goes_over_tls(secured) -> None:
    async with connect(f"wss://127.0.0.1:{secured.port}", ssl=secured.trust) as stream:
        await stream.send(b"\0\0" * 1_600)
        await stream.finish()
        events = [event async for event in stream]
    assert isinstance(events[-1], Ended)


def test_grpc_is_spoken_over_tls_by_the_same_certificate(secured) -> None:
    trust = grpc.ssl_channel_credentials(root_certificates=secured.authority)
    with grpc.secure_channel(f"127.0.0.1:{secured.grpc_port}", trust) as channel:
        call = Talk(SpeechStub(channel))
        call.begin()
        call.say(end={})
        assert call.rest()[-1][1].reason == "finished"


def test_grpc_without_tls_gets_nothing(secured) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{secured.grpc_port}") as channel:
        assert refused(lambda: Talk(SpeechStub(channel)).begin())[0] == "UNAVAILABLE"


async def test_a_renewed_certificate_is_used_for_new_connections(tmp_path) -> None:
    authority, clock = Authority(tmp_path), SystemClock()
    files = authority.server_files("127.0.0.1")
    certificate = ServerCertificate(*files, clock)
    doors = Doors(HttpLimits(), RecognizeOptions())
    server = await GrpcServer.started(doors, GrpcSettings(port=0), "127.0.0.1", certificate)
    seen = []
    for _ in range(2):
        seen.append(await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", server.port)))
        authority.server_files("127.0.0.1")
        assert certificate.renew()
    assert seen[0] != seen[1]
    await server.stop(None)


def test_links_of_a_room_lead_over_tls(secured) -> None:
    links = httpx.post(f"{secured.url}/v1/rooms", verify=secured.trust).json()["links"]
    assert links["overlay"].startswith("https://")
    assert links["view"].startswith("wss://")


@pytest.mark.parametrize("path", ["/docs", "/rooms/hall/overlay"])
def test_pages_are_strict(secured, path) -> None:
    headers = httpx.get(secured.url + path, verify=secured.trust).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "microphone=()" in headers["Permissions-Policy"]
    assert headers["X-Frame-Options"] == "DENY"


def test_a_certificate_that_does_not_fit_stops_the_start(tmp_path) -> None:
    authority = Authority(tmp_path)
    certificate, _ = authority.server_files("127.0.0.1")
    _, other = authority.server_files("other.example.org")
    process = command(tmp_path, certificate, other)
    _, errors = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 2
    assert "settings_invalid" in errors
    assert "is not the key of" in errors


def test_an_address_of_the_network_stops_the_start_without_a_key(tmp_path) -> None:
    process = command(tmp_path, *Authority(tmp_path).server_files("127.0.0.1"), "--host", "0.0.0.0")
    _, errors = process.communicate(timeout=WAIT_SECONDS)
    assert process.returncode == 2
    assert "lingting keys create" in errors
