"""What is told of a command, where, and for how long it waits."""

import asyncio
import dataclasses
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lingting.domain.errors import SettingsInvalid
from lingting.domain.intents import IntentMatch, Slot
from lingting.jobs.command_line import CommandLine
from lingting.jobs.command_messages import Command, CommandSource, command_payload, require_topic, topic_of
from lingting.jobs.command_settings import CommandSettings, MqttAddress, mqtt_address, mqtt_password
from lingting.telemetry import Telemetry
from lingting.testing import VirtualClock

pytestmark = pytest.mark.unit

MATCH = IntentMatch(
    "car", "climate.set_temperature", 1.0, (Slot("temperature", "temperature", 26, "二十六度"),), by="rules"
)
COMMAND = Command(
    "cmd_1",
    MATCH,
    CommandSource("stream", "abc", "k1", 3, 1.0, 2.5),
    datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    "zh",
    "把空调调到二十六度",
)


def test_a_payload_tells_the_command_and_where_it_was_said_without_the_sentence() -> None:
    told = json.loads(command_payload(COMMAND, include_text=False))
    assert (told["type"], told["timestamp"]) == ("command.matched", "2026-01-02T03:04:05.000Z")
    data = told["data"]
    assert data["slots"] == {"temperature": {"type": "temperature", "value": 26}}
    assert (data["id"], data["source"], data["session"], data["owner"]) == ("cmd_1", "stream", "abc", "k1")
    assert (data["segment"], data["start_seconds"], data["end_seconds"]) == (3, 1.0, 2.5)
    assert "空调" not in json.dumps(told, ensure_ascii=False)


def test_the_sentence_is_told_where_that_is_wanted() -> None:
    assert json.loads(command_payload(COMMAND, include_text=True))["data"]["text"] == "把空调调到二十六度"


@pytest.mark.parametrize(("kind", "field"), [("job", "job_id"), ("request", "request_id"), ("stream", "session")])
def test_each_source_names_its_work(kind: str, field: str) -> None:
    command = dataclasses.replace(COMMAND, source=CommandSource(kind, "w1", ""))
    assert json.loads(command_payload(command, include_text=False))["data"][field] == "w1"


@given(st.text(max_size=30))
def test_no_owner_makes_levels_or_wildcards_of_its_own(owner: str) -> None:
    command = dataclasses.replace(COMMAND, source=CommandSource("stream", "abc", owner))
    topic = topic_of("house/{owner}/{source}/{pack}/{intent}", command)
    assert topic.count("/") == 4
    assert not set(topic) & set("+#\0 ")
    assert topic.endswith("/stream/car/climate.set_temperature")


@pytest.mark.parametrize(
    "template",
    ["", "a/#", "+/a", "/a", "$SYS/a", "{text}", "{pack", "{}", "{pack!r:{owner}}", "a\nb", "a" * 201, "{pack.name}"],
)
def test_a_topic_that_cannot_be_is_refused(template: str) -> None:
    with pytest.raises(SettingsInvalid, match="mqtt_topic"):
        require_topic(template)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mqtt://broker", MqttAddress("broker", 1883, has_tls=False)),
        ("mqtts://broker", MqttAddress("broker", 8883, has_tls=True)),
        ("mqtt://[::1]:2883/", MqttAddress("::1", 2883, has_tls=False)),
    ],
)
def test_an_address_is_read(url: str, expected: MqttAddress) -> None:
    assert mqtt_address(CommandSettings(url)) == expected


@pytest.mark.parametrize(
    "url",
    ["", "broker:1883", "http://broker", "mqtt://", "mqtt://a:99999", "mqtt://u:p@a", "mqtt://a/topic", "mqtt://[a"],
)
def test_an_address_that_cannot_be_is_refused(url: str) -> None:
    with pytest.raises(SettingsInvalid, match="mqtt_url"):
        mqtt_address(CommandSettings(url))


def test_a_password_may_lie_in_a_file(tmp_path) -> None:
    path = tmp_path / "password"
    path.write_text("from a file\n", encoding="utf-8")
    assert mqtt_password(CommandSettings(mqtt_password_file=path)) == "from a file"
    assert mqtt_password(CommandSettings(mqtt_password="given", mqtt_password_file=path)) == "given"
    with pytest.raises(SettingsInvalid, match="mqtt_password_file"):
        mqtt_password(CommandSettings(mqtt_password_file=tmp_path / "none"))


def line_of(clock: VirtualClock, telemetry: Telemetry, max_waiting: int = 3) -> CommandLine:
    return CommandLine("mqtt", max_waiting=max_waiting, max_age_seconds=10.0, clock=clock, observer=telemetry.commands)


def named(number: int) -> Command:
    return dataclasses.replace(COMMAND, id=f"cmd_{number}")


def counted(telemetry: Telemetry, outcome: str) -> float:
    head = f'asr_commands_total{{outcome="{outcome}",target="mqtt"}} '
    lines = telemetry.exposition().decode().splitlines()
    return next(float(line.removeprefix(head)) for line in lines if line.startswith(head))


async def test_a_full_line_drops_its_oldest_and_counts_it() -> None:
    telemetry = Telemetry()
    line = line_of(VirtualClock(), telemetry)
    for number in range(5):
        line.put(named(number))
    assert (await line.first()).id == "cmd_2"
    assert (len(line), counted(telemetry, "dropped")) == (3, 2)


async def test_a_command_that_waited_too_long_is_not_told() -> None:
    clock, telemetry = VirtualClock(), Telemetry()
    line = line_of(clock, telemetry)
    line.put(named(1))
    clock.advance(8.0)
    line.put(named(2))
    clock.advance(4.0)
    assert (await line.first()).id == "cmd_2"
    assert counted(telemetry, "expired") == 1


async def test_a_command_stays_until_it_is_told() -> None:
    telemetry = Telemetry()
    line = line_of(VirtualClock(), telemetry)
    waiting = asyncio.create_task(line.first())
    await asyncio.sleep(0)
    line.put(named(1))
    first = await waiting
    assert await line.first() is first
    line.told(first)
    await line.emptied()
    assert counted(telemetry, "delivered") == 1


async def test_one_that_was_dropped_while_it_was_told_takes_no_other_with_it() -> None:
    line = line_of(VirtualClock(), Telemetry(), max_waiting=1)
    line.put(named(1))
    first = await line.first()
    line.put(named(2))
    line.told(first)
    assert (await line.first()).id == "cmd_2"
