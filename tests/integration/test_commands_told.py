"""Commands that are found are told over MQTT and by webhook: real server, real broker, real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from standardwebhooks import Webhook
from websockets.asyncio.client import connect

from access_doors import bearer, settings_in
from certificates import Authority
from lingting.domain import SystemClock
from lingting.domain.errors import SettingsInvalid
from lingting.domain.intents import IntentMatch
from lingting.engines.fake import FakeEngine
from lingting.jobs.command_messages import CommandSource
from lingting.jobs.command_mqtt import open_mqtt
from lingting.jobs.command_settings import CommandSettings, mqtt_address
from lingting.jobs.commands import CommandDesk
from lingting.security.outbound import Outbound
from lingting.security.urls import OutboundSettings
from lingting.server.commands import open_commands
from lingting.server.kept import open_kept
from lingting.server.outgoing import callback_desk
from lingting.settings import load_settings
from lingting.telemetry import Telemetry
from lingting.text.commands.intents import Intents
from mqtt_broker import BUSY_SECONDS, listening, own_broker
from raw_server import answer, raw_server

pytestmark = pytest.mark.integration

SAID = "把空调调到二十六度"
INTENTS = Intents([])
FOUND = IntentMatch("car", "climate.on", 1.0)


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with own_broker(tmp_path_factory.mktemp("mqtt")) as running:
        yield running


def settings_for(**commands: object):
    settings = load_settings()
    return settings.model_copy(update={"commands": settings.commands.model_copy(update=commands)})


@pytest.fixture(scope="module")
def live(open_live, broker):
    with open_live(FakeEngine(lambda _: SAID), settings_for(mqtt_url=broker.url)) as running:
        yield running


async def streamed(live, speech: bytes, **config: object) -> list[dict]:
    async with connect(f"ws://127.0.0.1:{live.port}/v1/asr/stream") as socket:
        first = {"encoding": "FLAC", "language": "zh", "intents": "car", **config}
        await socket.send(json.dumps({"type": "INIT", "config": first}))
        await socket.send(speech)
        await socket.send(json.dumps({"type": "END"}))
        return [json.loads(message) async for message in socket]


async def test_the_command_of_a_live_final_is_told(live, broker, speech) -> None:
    async with listening(broker) as heard:
        said = await streamed(live, speech)
        topic, message = await heard.next()
    finals = [each for each in said if each["type"] == "FINAL"]
    assert [each["type"] for each in said if each["type"] in {"FINAL", "INTENT"}][:2] == ["FINAL", "INTENT"]
    assert topic == "lingting/commands/car/climate.set_temperature"
    assert message["data"]["slots"]["temperature"]["value"] == 26
    assert message["data"]["segment"] == finals[0]["segment"]
    assert "text" not in message["data"]


async def test_a_stream_that_wants_none_of_it_tells_nothing(live, broker, speech) -> None:
    async with listening(broker) as heard, httpx.AsyncClient(base_url=live.url) as client:
        said = await streamed(live, speech, publish=False)
        assert "INTENT" in {each["type"] for each in said}
        asked = {"text": "open the window", "pack": "car", "publish": True}
        assert (await client.post("/v1/intents", json=asked)).json()["published"] is True
        topic, message = await heard.next()
    assert message["data"]["source"] == "request"
    assert topic.startswith("lingting/commands/car/window")


async def test_a_sentence_that_asks_for_nothing_is_not_told(live) -> None:
    asked = {"text": "我们开会讨论一下", "pack": "car", "publish": True}
    async with httpx.AsyncClient(base_url=live.url) as client:
        assert (await client.post("/v1/intents", json=asked)).json()["published"] is False


async def job_result(client: httpx.AsyncClient, job: str) -> dict:
    async with asyncio.timeout(BUSY_SECONDS):
        while True:
            answered = await client.get(f"/v1/jobs/{job}/result")
            if answered.status_code == 200:
                return answered.json()
            await asyncio.sleep(0.05)


async def test_a_job_that_names_a_pack_says_what_was_asked_for_and_tells_it(live, broker, speech) -> None:
    async with listening(broker) as heard, httpx.AsyncClient(base_url=live.url) as client:
        data = {"language": "zh", "intents": "car", "publish": "true"}
        made = await client.post("/v1/jobs", files={"file": ("a.flac", speech)}, data=data)
        assert made.status_code == 202, made.text
        job = made.json()["job"]["id"]
        found = (await job_result(client, job))["intents"]
        _, message = await heard.next()
        overridden = await client.get(f"/v1/jobs/{job}/result?intents=desktop")
    assert found[0]["intent"] == "climate.set_temperature"
    assert (message["data"]["source"], message["data"]["job_id"]) == ("job", job)
    assert overridden.json()["intents"] == []


async def test_a_job_for_a_pack_that_is_not_there_or_none_is_refused(live, speech) -> None:
    async with httpx.AsyncClient(base_url=live.url) as client:
        for data, param in (({"intents": "boat"}, "intents"), ({"publish": "true"}, "publish")):
            refused = await client.post("/v1/jobs", files={"file": ("a.flac", speech)}, data=data)
            assert (refused.status_code, refused.json()["param"]) == (400, param)


async def test_where_nobody_listens_telling_is_refused(open_live) -> None:
    opened = open_live(FakeEngine(lambda _: SAID))
    live = await asyncio.to_thread(opened.__enter__)
    try:
        async with httpx.AsyncClient(base_url=live.url) as client:
            refused = await client.post("/v1/intents", json={"text": "x", "pack": "car", "publish": True})
        assert (refused.status_code, refused.json()["param"]) == (400, "publish")
        async with connect(f"ws://127.0.0.1:{live.port}/v1/asr/stream") as socket:
            await socket.send(json.dumps({"type": "INIT", "config": {"intents": "car", "publish": True}}))
            said = json.loads(await socket.recv())
        assert (said["type"], said["param"]) == ("ERROR", "publish")
    finally:
        await asyncio.to_thread(opened.__exit__, None, None, None)


async def test_a_webhook_is_told_signed_with_the_servers_own_secret(open_live, tmp_path) -> None:
    async with raw_server(answer("204 No Content")) as there:
        settings = settings_for(webhook_url=f"http://127.0.0.1:{there.port}/hook", include_text=True)
        outbound = {"ports": (there.port,), "allow_http": True, "allowed_networks": ("127.0.0.0/8",)}
        settings = settings.model_copy(
            update={"outbound": settings.outbound.model_copy(update=outbound), "data_dir": tmp_path}
        )
        opened = open_live(FakeEngine(), settings)
        live = await asyncio.to_thread(opened.__enter__)
        try:
            async with httpx.AsyncClient(base_url=live.url) as client:
                asked = {"text": SAID, "pack": "car", "publish": True}
                assert (await client.post("/v1/intents", json=asked)).json()["published"] is True
                async with asyncio.timeout(BUSY_SECONDS):
                    received = await there.arrived.get()
        finally:
            await asyncio.to_thread(opened.__exit__, None, None, None)
        async with open_kept(settings, SystemClock()) as kept:
            _, signer = callback_desk(settings, kept, SystemClock())
            secret = (await signer.secret("commands")).current
    said = Webhook(secret).verify(received.body, received.headers)
    assert (said["type"], said["data"]["text"]) == ("command.matched", SAID)


async def test_a_webhook_that_may_not_be_called_stops_the_start() -> None:
    settings, telemetry = settings_for(webhook_url="https://10.0.0.1/"), Telemetry()
    outbound = Outbound(OutboundSettings())
    with pytest.raises(SettingsInvalid, match="webhook_url"):
        async with open_commands(settings, INTENTS, (outbound, None), clock=SystemClock(), telemetry=telemetry):
            pass
    await outbound.aclose()


@asynccontextmanager
async def desk_for(settings: CommandSettings, telemetry: Telemetry) -> AsyncIterator[tuple[CommandDesk, object]]:
    teller = open_mqtt(settings, mqtt_address(settings), telemetry.commands)
    desk = CommandDesk([teller], settings, intents=INTENTS, clock=SystemClock(), observer=telemetry.commands)
    async with desk.running():
        yield desk, teller


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(BUSY_SECONDS):
        while not holds():  # noqa: ASYNC110 - what is waited for lies in another process
            await asyncio.sleep(0.01)


def say(desk: CommandDesk, *numbers: int) -> None:
    for number in numbers:
        assert desk.say(FOUND, CommandSource("request", str(number), "k1"), language="en", text="secret words")


async def test_a_broker_that_was_killed_gets_what_waited_once_it_is_back(tmp_path) -> None:
    telemetry = Telemetry()
    with own_broker(tmp_path) as own:
        async with desk_for(CommandSettings(own.url), telemetry) as (desk, teller):
            async with listening(own) as heard:
                say(desk, 0)
                assert (await heard.next())[1]["data"]["request_id"] == "0"
                await teller.probe()
            own.stop()
            say(desk, 1, 2, 3)
            await until(lambda: not teller.is_connected)
            with pytest.raises(ConnectionError):
                await teller.probe()
            assert "asr_commands_mqtt_connected 0.0" in telemetry.exposition().decode()
            assert 'asr_commands_waiting{target="mqtt"} 3.0' in telemetry.exposition().decode()
            own.start()
            async with listening(own) as heard:
                told = [(await heard.next())[1]["data"]["request_id"] for _ in range(3)]
            assert told == ["1", "2", "3"]
    assert 'asr_commands_total{outcome="delivered",target="mqtt"} 4.0' in telemetry.exposition().decode()


async def test_a_server_whose_broker_is_away_is_ready_and_says_so(open_live, tmp_path) -> None:
    with own_broker(tmp_path) as own:
        url = own.url
    opened = open_live(FakeEngine(), settings_for(mqtt_url=url, flush_seconds=0.0))
    live = await asyncio.to_thread(opened.__enter__)
    try:
        async with httpx.AsyncClient(base_url=live.url) as client:
            ready = await client.get("/readyz")
    finally:
        await asyncio.to_thread(opened.__exit__, None, None, None)
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert ready.json()["checks"]["mqtt"]["status"] == "failing"


async def test_tls_and_a_password_are_used(tmp_path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.server_files("127.0.0.1")
    passwords = tmp_path / "passwords"
    making = await asyncio.create_subprocess_exec("mosquitto_passwd", "-b", "-c", passwords, "house", "pass word")
    assert await making.wait() == 0
    lines = (f"cafile {authority.ca_file}", f"certfile {certificate}", f"keyfile {key}", f"password_file {passwords}")
    telemetry = Telemetry()
    with own_broker(tmp_path, *lines, "allow_anonymous false") as own:
        url = own.url.replace("mqtt:", "mqtts:")
        settings = CommandSettings(
            url, mqtt_username="house", mqtt_password="pass word", mqtt_ca_file=authority.ca_file, mqtt_qos=2
        )
        async with desk_for(settings, telemetry) as (desk, _):
            say(desk, 1)
    assert 'asr_commands_total{outcome="delivered",target="mqtt"} 1.0' in telemetry.exposition().decode()


async def test_a_wrong_password_is_tried_again_and_loses_nothing_at_once(tmp_path) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("", encoding="utf-8")
    telemetry = Telemetry()
    with own_broker(tmp_path, "allow_anonymous false", f"password_file {passwords}") as own:
        settings = CommandSettings(own.url, mqtt_username="house", mqtt_password="wrong", flush_seconds=0.5)
        async with desk_for(settings, telemetry) as (desk, teller):
            say(desk, 1)
    assert not teller.is_connected
    assert 'asr_commands_total{outcome="delivered",target="mqtt"} 0.0' in telemetry.exposition().decode()


def test_a_ca_file_that_is_not_there_is_told() -> None:
    settings = CommandSettings("mqtts://broker", mqtt_ca_file=Path("/none.pem"))
    with pytest.raises(SettingsInvalid, match="mqtt_ca_file"):
        open_mqtt(settings, mqtt_address(settings), Telemetry().commands)


def test_a_key_without_the_scope_finds_commands_and_has_none_told(open_live, broker, tmp_path) -> None:
    settings = settings_in(tmp_path)
    commands = settings.commands.model_copy(update={"mqtt_url": broker.url})
    with open_live(FakeEngine(), settings.model_copy(update={"commands": commands})) as live:
        first = httpx.post(f"{live.url}/v1/admin/keys", json={"scopes": ["admin"]}).json()["key"]
        wish = {"scopes": ["transcribe"]}
        plain = httpx.post(f"{live.url}/v1/admin/keys", json=wish, headers=bearer(first)).json()["key"]
        asked = {"text": SAID, "pack": "car"}
        found = httpx.post(f"{live.url}/v1/intents", json=asked, headers=bearer(plain))
        refused = httpx.post(f"{live.url}/v1/intents", json=asked | {"publish": True}, headers=bearer(plain))
        told = httpx.post(f"{live.url}/v1/intents", json=asked | {"publish": True}, headers=bearer(first))
    assert (found.status_code, refused.status_code, told.status_code) == (200, 403, 200)
    assert refused.json()["code"] == "missing_scope"
