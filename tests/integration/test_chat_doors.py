"""The language model behind its door: our client against a server that says exactly what it is told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import httpx
import pytest

from chat_stream import HEAD, calling, chunk, reply
from lingting.dialogue.chat.chat_models import Delta, Message, Role, Tokens
from lingting.dialogue.chat.chat_settings import ChatSettings
from lingting.dialogue.chat.openai_chat import OpenAIChat
from lingting.domain import RedactMode, SystemClock
from lingting.domain.errors import ChatFailed, ChatUnavailable, Overloaded, SettingsInvalid
from lingting.engines.fake import FakeEngine
from lingting.jobs.command_hooks import WebhookTeller
from lingting.jobs.command_settings import CommandSettings
from lingting.jobs.commands import CommandDesk
from lingting.server.chat import ChatNeeds, open_chat
from lingting.settings import load_settings
from lingting.telemetry import Telemetry
from lingting.text.commands.intents import Intents
from mqtt_broker import listening, own_broker
from raw_server import RawServer, Received, answer, raw_server

pytestmark = pytest.mark.integration

HELLO = [Message(Role.USER, "hello")]
BUSY = answer("429 Too Many Requests", "Content-Type: application/json", "Retry-After: 0", body=b"{}")
KEY = "nobodys-secret-of-the-model"


@asynccontextmanager
async def scripted(*answers: bytes, **settings: object) -> AsyncIterator[tuple[OpenAIChat, RawServer]]:
    """A model and its server, which gives one answer after the other, the last one for ever."""
    left = list(answers)

    async def handle(_received: Received, writer: asyncio.StreamWriter) -> None:
        said = left.pop(0) if len(left) > 1 else left[0]
        writer.write(said)
        await writer.drain()
        if said.endswith(b"..."):
            await asyncio.Event().wait()

    async with raw_server(handle) as server:
        url = f"http://127.0.0.1:{server.port}/v1"
        model = OpenAIChat(ChatSettings(base_url=url, model="small", **({"backoff_seconds": 0.0} | settings)))
        try:
            yield model, server
        finally:
            await model.aclose()


async def read(model: OpenAIChat) -> list[Delta]:
    async with aclosing(model.reply(HELLO)) as deltas:
        return [delta async for delta in deltas]


async def test_a_reply_comes_in_pieces_with_what_it_took() -> None:
    async with scripted(reply("Good ", "day.")) as (model, server):
        assert await read(model) == [Delta("Good "), Delta("day."), Delta(tokens=Tokens(9, 3))]
    sent = json.loads(server.requests[0].body)
    assert server.requests[0].path == "/v1/chat/completions"
    assert sent["messages"] == [{"role": "user", "content": "hello"}]
    assert (sent["model"], sent["stream"], sent["max_tokens"]) == ("small", True, 512)
    assert "authorization" not in server.requests[0].headers


async def test_the_key_is_found_where_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_KEY", KEY)
    async with scripted(reply("x"), key_env="OUR_KEY") as (model, server):
        await read(model)
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    monkeypatch.delenv("OUR_KEY")
    with pytest.raises(SettingsInvalid, match=r"chat\.key_env"):
        OpenAIChat(ChatSettings(base_url="http://127.0.0.1:1/v1", model="m", key_env="OUR_KEY"))


@pytest.mark.parametrize("bad", [answer("500 Oops", body=b"{}"), answer("503 No", body=b"{}"), b""])
async def test_what_may_pass_is_tried_again_before_the_first_word(bad: bytes) -> None:
    async with scripted(bad, bad, reply("Yes.")) as (model, server):
        assert (await read(model))[0].text == "Yes."
    assert len(server.requests) == 3


async def test_a_limit_is_waited_for_as_long_as_the_server_says() -> None:
    async with scripted(BUSY, reply("Yes."), max_retries=1) as (model, server):
        assert (await read(model))[0].text == "Yes."
    assert len(server.requests) == 2


async def test_a_limit_that_lasts_is_told_with_its_time() -> None:
    busy = answer("429 Too Many Requests", "Content-Type: application/json", "Retry-After: 90", body=b"{}")
    async with scripted(busy) as (model, server):
        with pytest.raises(Overloaded) as told:
            await read(model)
    assert (told.value.retry_after_seconds, len(server.requests)) == (90.0, 1)


@pytest.mark.parametrize(
    ("status", "error"),
    [("401 No", ChatUnavailable), ("404 No", ChatUnavailable), ("400 No", ChatFailed), ("302 There", ChatFailed)],
)
async def test_a_refusal_is_told_once_without_the_servers_words(status: str, error: type[Exception]) -> None:
    said = answer(status, "Content-Type: application/json", body=json.dumps({"error": {"message": KEY}}).encode())
    async with scripted(said) as (model, server):
        with pytest.raises(error) as told:
            await read(model)
    assert KEY not in str(told.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "said",
    [answer("200 OK", "Content-Type: text/html", body=b"<html>"), HEAD.encode() + b"data: {not json\n\n"],
    ids=["a page", "no JSON"],
)
async def test_an_answer_that_is_none_is_not_made_up(said: bytes) -> None:
    async with scripted(said) as (model, _):
        with pytest.raises(ChatFailed):
            await read(model)


@pytest.mark.parametrize("said", [b"...", HEAD.encode() + b": ...", HEAD.encode() + chunk() + b": ..."])
async def test_a_model_that_never_begins_is_not_waited_for(said: bytes) -> None:
    async with scripted(said, answer_seconds=0.2, max_retries=0) as (model, _):
        with pytest.raises(ChatUnavailable):
            await read(model)


async def test_a_model_that_stops_in_the_middle_is_not_asked_again() -> None:
    stalled = HEAD.encode() + chunk("One ") + b": ..."
    async with scripted(stalled, token_seconds=0.2) as (model, server), aclosing(model.reply(HELLO)) as deltas:
        assert (await anext(deltas)).text == "One "
        with pytest.raises(ChatUnavailable):
            await anext(deltas)
    assert len(server.requests) == 1


async def test_who_stops_listening_takes_the_call_along() -> None:
    gone = asyncio.Event()

    async def handle(_received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD.encode() + chunk("One "))
        try:
            while True:
                writer.write(b": still\n\n")
                await writer.drain()
                await asyncio.sleep(0.01)
        except ConnectionError:
            gone.set()

    async with raw_server(handle) as server:
        model = OpenAIChat(ChatSettings(base_url=f"http://127.0.0.1:{server.port}/v1", model="m"))
        async with aclosing(model.reply(HELLO)) as deltas:
            await anext(deltas)
        async with asyncio.timeout(10):
            await gone.wait()
        await model.aclose()


@asynccontextmanager
async def house(
    open_live, *answers: bytes, mqtt_url: str | None = None, **chat: object
) -> AsyncIterator[tuple[httpx.AsyncClient, RawServer]]:
    """A Lingting server whose language model says what it is told to."""
    async with scripted(*answers) as (_, server):
        settings = load_settings()
        chosen = {"base_url": f"http://127.0.0.1:{server.port}/v1", "model": "small", "backoff_seconds": 0.0, **chat}
        commands = settings.commands.model_copy(update={"mqtt_url": mqtt_url})
        settings = settings.model_copy(update={"chat": settings.chat.model_copy(update=chosen), "commands": commands})
        opening = open_live(FakeEngine(), settings)
        live = await asyncio.to_thread(opening.__enter__)
        try:
            async with httpx.AsyncClient(base_url=live.url, timeout=30.0) as client:
                yield client, server
        finally:
            await asyncio.to_thread(opening.__exit__, None, None, None)


async def test_a_message_is_answered_in_writing_with_its_times_and_tokens(open_live) -> None:
    async with house(open_live, reply("Good ", "day."), tokens_per_day=15) as (client, server):
        first = (await client.post("/v1/chat", json={"message": "Hello, my mail is ann@example.com"})).json()
        assert (first["answer"], first["language"], first["hidden"]) == ("Good day.", "en", ["email"])
        assert first["tokens"] == {"read": 9, "written": 3, "estimate": False}
        assert 0 <= first["timings"]["first_token_ms"] <= first["timings"]["total_ms"]
        assert b"ann@example.com" not in server.requests[0].body

        wished = {"message": "And you?", "conversation": first["conversation"], "stream": True}
        streamed = await client.post("/v1/chat", json=wished)
        events = [json.loads(line[6:]) for line in streamed.text.splitlines() if line.startswith("data: ")]
        assert [event["type"] for event in events] == ["delta", "delta", "done"]
        assert events[-1]["answer"] == "Good day."
        assert len(json.loads(server.requests[1].body)["messages"]) == 4

        refused = await client.post("/v1/chat", json={"message": "More?"})
        assert (refused.status_code, refused.json()["code"]) == (429, "quota_exceeded")
        used = (await client.get("/v1/usage")).json()
        assert used["today"]["tokens"] == 24


async def test_the_same_first_question_has_its_reply_at_once(open_live) -> None:
    async with house(open_live, reply("Monday.")) as (client, server):
        for cached in (False, True):
            said = (await client.post("/v1/chat", json={"message": "What day is it?"})).json()
            assert (said["answer"], said["cached"]) == ("Monday.", cached)
    assert len(server.requests) == 1


async def test_a_command_is_found_and_the_model_confirms_it_without_its_slots(open_live) -> None:
    async with house(open_live, reply("好的。")) as (client, server):
        wished = {"message": "把空调调到二十六度", "intents": "car", "language": "zh"}
        for _ in range(2):
            said = (await client.post("/v1/chat", json=wished)).json()
            assert (said["command"]["pack"], said["cached"]) == ("car", False)
            assert 26 in [slot["value"] for slot in said["command"]["slots"].values()]
        assert (await client.post("/v1/chat", json=wished | {"message": "你好吗"})).json()["command"] is None
        assert (await client.post("/v1/chat", json=wished | {"publish": True})).json()["param"] == "publish"
        assert (await client.post("/v1/chat", json=wished | {"intents": "none"})).json()["param"] == "intents"
    system = json.loads(server.requests[0].body)["messages"][0]["content"]
    assert said["command"]["intent"] in system
    assert "26" not in system


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with own_broker(tmp_path_factory.mktemp("mqtt")) as running:
        yield running


async def test_the_model_has_a_command_obeyed_and_the_answer_lists_its_calls(open_live, broker) -> None:
    wrong = calling(("c1", "car-climate_set_temperature", '{"temperature": 200}'))
    right = calling(("c2", "car-climate_set_temperature", ""), ("", "", '{"temper'), ("", "", 'ature": 26}'))
    said = (wrong, right, reply("设好了。"))
    async with (
        house(open_live, *said, *said, mqtt_url=broker.url, tools=("car",)) as (client, server),
        listening(broker) as heard,
    ):
        told = (await client.post("/v1/chat", json={"message": "车里有点热，二十六度吧"})).json()
        topic, message = await heard.next()
        streamed = await client.post("/v1/chat", json={"message": "车里有点热", "stream": True})
        events = [json.loads(line[6:]) for line in streamed.text.splitlines() if line.startswith("data: ")]
        plain = (await client.post("/v1/chat", json={"message": "车里有点热", "tools": False})).json()
    refused, obeyed = told["calls"]
    assert (told["answer"], told["tokens"]) == ("设好了。", {"read": 109, "written": 43, "estimate": False})
    assert (refused["command"], refused["problem"]) == (None, "temperature: 200 is above 90")
    assert (obeyed["tool"], obeyed["problem"]) == ("car-climate_set_temperature", None)
    assert obeyed["command"]["by"] == message["data"]["by"] == "model"
    assert topic == "lingting/commands/car/climate.set_temperature"
    assert message["data"]["slots"]["temperature"]["value"] == 26
    assert events[-1]["calls"][1]["command"]["intent"] == "climate.set_temperature"
    assert plain["calls"] == []
    first, last, withheld = (json.loads(server.requests[i].body) for i in (0, 2, 6))
    assert len(first["tools"]) == 30
    assert last["messages"][-2]["tool_calls"][0]["function"]["arguments"] == '{"temperature": 26}'
    assert last["messages"][-1] == {"role": "tool", "tool_call_id": "c2", "content": '{"status": "done"}'}
    assert "tools" not in withheld


async def test_data_that_is_put_back_goes_to_no_voice_elsewhere() -> None:
    settings = load_settings()
    chat = {"base_url": "http://127.0.0.1:1/v1", "model": "m", "redact": RedactMode.TAG}
    speech = {"engines": ("remote",), "remote_url": "https://api.example.com/v1"}
    chosen = {"chat": settings.chat.model_copy(update=chat), "speech": settings.speech.model_copy(update=speech)}
    needs = ChatNeeds(kept=None, limiter=None, usage=None, intents=None, commands=None)
    opening = open_chat(settings.model_copy(update=chosen), needs, clock=SystemClock(), telemetry=Telemetry())
    with pytest.raises(SettingsInvalid, match=r"chat\.restore_tags"):
        async with opening:
            pass


async def test_calls_without_end_are_no_answer() -> None:
    wild = calling(("c1", "f", "x" * 5_000), ("", "", "x" * 5_000))
    async with scripted(wild) as (model, _):
        with pytest.raises(ChatFailed, match="calls of tools"):
            await read(model)


@pytest.mark.parametrize(
    ("pack", "url", "problem"),
    [("car", None, "told to nobody"), ("boat", "https://example.com/", "'boat' is no pack")],
)
async def test_tools_that_nobody_obeys_or_knows_stop_the_start(pack: str, url: str | None, problem: str) -> None:
    settings, telemetry, intents = load_settings(), Telemetry(), Intents([])
    chat = {"base_url": "http://127.0.0.1:1/v1", "model": "m", "tools": (pack,)}
    settings = settings.model_copy(update={"chat": settings.chat.model_copy(update=chat)})
    tellers = [WebhookTeller(url, None, print, include_text=False)] if url else []
    desk = CommandDesk(tellers, CommandSettings(), intents=intents, clock=SystemClock(), observer=telemetry.commands)
    needs = ChatNeeds(kept=None, limiter=None, usage=None, intents=intents, commands=desk)
    with pytest.raises(SettingsInvalid, match=problem):
        async with open_chat(settings, needs, clock=SystemClock(), telemetry=telemetry):
            pass


async def test_what_goes_wrong_is_a_status_before_the_first_word_and_an_event_after_it(open_live) -> None:
    broken = HEAD.encode() + chunk("One ") + b'data: {"error": {"message": "broke"}}\n\n'
    async with house(open_live, answer("401 No", body=b"{}"), broken) as (client, _):
        refused = await client.post("/v1/chat", json={"message": "Hello", "stream": True})
        assert (refused.status_code, refused.json()["code"]) == (503, "chat_unavailable")
        told = await client.post("/v1/chat", json={"message": "Hello", "stream": True})
        events = [json.loads(line[6:]) for line in told.text.splitlines() if line.startswith("data: ")]
        assert [event["type"] for event in events] == ["delta", "error"]
        assert events[-1]["code"] == "chat_unavailable"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "message"),
        ({"message": " "}, "message"),
        ({"message": "x" * 8_001}, "message"),
        ({"message": "x", "language": "klingon"}, "language"),
        ({"message": "x", "conversation": "y" * 65}, "conversation"),
    ],
)
async def test_bad_input_names_its_field(live, body: dict[str, str], param: str) -> None:
    async with httpx.AsyncClient(base_url=live.url) as client:
        told = await client.post("/v1/chat", json=body)
    assert (told.status_code, told.json()["param"]) == (400, param)


async def test_a_server_without_a_model_says_so(live) -> None:
    async with httpx.AsyncClient(base_url=live.url) as client:
        told = await client.post("/v1/chat", json={"message": "Hello"})
    assert (told.status_code, told.json()["code"]) == (409, "wrong_state")
