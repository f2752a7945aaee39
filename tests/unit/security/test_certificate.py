"""The server's certificate: what stops the start, and what a renewal changes."""

import os
import ssl
from pathlib import Path

import pytest

from certificates import Authority
from lingting.domain import SystemClock
from lingting.domain.errors import SettingsInvalid
from lingting.security.certificate import ServerCertificate
from lingting.server.tls import find_certificate
from lingting.settings import Settings, load_settings
from lingting.testing import VirtualClock

pytestmark = pytest.mark.unit


@pytest.fixture
def files(tmp_path) -> tuple[Path, Path]:
    return Authority(tmp_path).server_files("asr.example.org")


def with_tls(certificate: Path | None, key: Path | None) -> Settings:
    settings = load_settings()
    update = {"tls_certificate": certificate, "tls_key": key}
    return settings.model_copy(update={"server": settings.server.model_copy(update=update)})


def test_a_good_certificate_speaks_tls_1_2_or_newer(files) -> None:
    context = ServerCertificate(*files, SystemClock()).context
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert all("ECDHE" in cipher["name"] for cipher in context.get_ciphers() if cipher["protocol"] == "TLSv1.2")


def test_without_both_settings_there_is_no_tls(files) -> None:
    assert find_certificate(with_tls(None, None), SystemClock()) is None
    for certificate, key in ((files[0], None), (None, files[1])):
        with pytest.raises(SettingsInvalid, match="needs both"):
            find_certificate(with_tls(certificate, key), SystemClock())
    assert find_certificate(with_tls(*files), SystemClock()) is not None


def test_a_certificate_that_is_not_valid_now_stops_the_start(files) -> None:
    with pytest.raises(SettingsInvalid, match="valid from") as refused:
        ServerCertificate(*files, VirtualClock())
    assert refused.value.param == "server.tls_certificate"


def test_a_key_of_another_certificate_stops_the_start(files, tmp_path) -> None:
    _, other = Authority(tmp_path).server_files("other.example.org")
    with pytest.raises(SettingsInvalid, match="is not the key of"):
        ServerCertificate(files[0], other, SystemClock())


def test_a_key_with_a_password_is_not_asked_for_it(files, tmp_path) -> None:
    _, locked = Authority(tmp_path).server_files("locked.example.org", password=b"secret")
    with pytest.raises(SettingsInvalid, match="password"):
        ServerCertificate(files[0], locked, SystemClock())


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_what_is_no_certificate_stops_the_start(files, content) -> None:
    files[0].write_bytes(content)
    with pytest.raises(SettingsInvalid, match="cannot be read as a certificate"):
        ServerCertificate(*files, SystemClock())


def test_a_file_that_is_not_there_stops_the_start(files, tmp_path) -> None:
    for pair in ((tmp_path / "none.pem", files[1]), (files[0], tmp_path / "none.pem")):
        with pytest.raises(SettingsInvalid, match="is not there"):
            ServerCertificate(*pair, SystemClock())


def later(files: tuple[Path, Path]) -> None:
    """Times of files may be coarser than a test is quick."""
    for path in files:
        os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1_000_000_000))


def test_renewed_files_are_read_again_and_others_are_not(files, tmp_path) -> None:
    certificate = ServerCertificate(*files, SystemClock())
    assert not certificate.renew()
    Authority(tmp_path).server_files("asr.example.org")
    later(files)
    assert certificate.renew()
    assert not certificate.renew()


def test_half_a_renewal_changes_nothing_until_it_is_whole(files, tmp_path) -> None:
    certificate = ServerCertificate(*files, SystemClock())
    key = files[1].read_bytes()
    Authority(tmp_path).server_files("asr.example.org")
    renewed = files[1].read_bytes()
    files[1].write_bytes(key)
    later(files)
    assert not certificate.renew()
    files[1].write_bytes(renewed)
    assert certificate.renew()
