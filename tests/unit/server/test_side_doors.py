"""The doors beside HTTP: what is missing, or taken, stops the start and says so."""

import importlib.util

import pytest

from lingting.api.http.doors import Doors, HttpLimits
from lingting.domain import RecognizeOptions
from lingting.domain.errors import SettingsInvalid
from lingting.server.side_doors import SideDoors
from lingting.settings import Settings, load_settings

pytestmark = pytest.mark.unit


def side_doors(settings: Settings) -> SideDoors:
    return SideDoors(settings, Doors(HttpLimits(), RecognizeOptions()))


@pytest.mark.parametrize("missing", ["grpc", "grpc_health.v1", "grpc_reflection.v1alpha"])
async def test_grpc_that_is_not_installed_names_its_extra(monkeypatch, missing) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else find(name))
    with pytest.raises(SettingsInvalid, match=r"pip install 'lingting\[grpc\]'"):
        await side_doors(load_settings(grpc={"enabled": True})).start()


async def test_wyoming_that_is_not_installed_names_its_extra(monkeypatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("LINGTING_WYOMING__ENABLED", "true")
    with pytest.raises(SettingsInvalid, match=r"pip install 'lingting\[wyoming\]'"):
        await side_doors(load_settings()).start()


async def test_nothing_is_opened_unasked() -> None:
    doors = side_doors(load_settings())
    await doors.start()
    await doors.stop()
    await doors.stop()
