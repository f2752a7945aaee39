"""A server that other machines reach has a key to ask for, or somebody said that it needs none."""

import pytest

from lingting.domain.errors import SettingsInvalid
from lingting.security.key_wishes import KeyWish
from lingting.server import open_kept
from lingting.server.keys import open_keys, require_safe_address
from lingting.settings import Settings, load_settings
from lingting.testing import VirtualClock

pytestmark = pytest.mark.unit


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    monkeypatch.setenv("LINGTING_DATA_DIR", str(tmp_path))
    return load_settings(host="0.0.0.0")


async def make_key(settings: Settings, clock: VirtualClock, *, revoked: bool = False, **wish: object) -> None:
    async with open_kept(settings, clock) as kept, open_keys(settings, kept.database, clock) as keys:
        issued = await keys.issue(KeyWish(**wish))  # type: ignore[arg-type]
        if revoked:
            await keys.revoke(issued.record.id)


async def test_an_open_address_without_a_key_stops_the_start(settings) -> None:
    with pytest.raises(SettingsInvalid, match="lingting keys create"):
        await require_safe_address(settings, VirtualClock())


async def test_so_does_an_open_address_of_grpc(settings) -> None:
    here = load_settings(host="127.0.0.1", grpc={"enabled": True, "host": "0.0.0.0"})
    with pytest.raises(SettingsInvalid, match=r"grpc\.host"):
        await require_safe_address(here, VirtualClock())
    await require_safe_address(load_settings(grpc={"host": "0.0.0.0"}), VirtualClock())


async def test_with_a_key_it_starts(settings) -> None:
    await make_key(settings, VirtualClock())
    await require_safe_address(settings, VirtualClock())


@pytest.mark.parametrize("wish", [{"revoked": True}, {"expires_seconds": 60.0}])
async def test_a_key_that_nobody_can_use_is_none(settings, wish) -> None:
    clock = VirtualClock()
    await make_key(settings, clock, **wish)
    clock.advance(60)
    with pytest.raises(SettingsInvalid):
        await require_safe_address(settings, clock)


async def test_the_override_opens(settings) -> None:
    server = settings.server.model_copy(update={"allow_open": True})
    await require_safe_address(settings.model_copy(update={"server": server}), VirtualClock())


async def test_a_server_that_lets_nobody_in_without_a_key_needs_none_to_start(settings) -> None:
    access = settings.access.model_copy(update={"required": True})
    await require_safe_address(settings.model_copy(update={"access": access}), VirtualClock())


async def test_loopback_needs_no_key_and_no_database(settings) -> None:
    server = settings.server.model_copy(update={"host": "::1"})
    await require_safe_address(settings.model_copy(update={"server": server}), VirtualClock())
    assert list(settings.data_dir.iterdir()) == []
