"""Live captions in a real browser with a microphone: partial and final text, cuts, resumption, refusals in words."""

import asyncio
import json
from pathlib import Path

import pytest

from access_doors import make_keys, settings_in
from console_pages import Look, call, console_page
from cut_line import relay
from fake_microphone import ALLOWED, DEVICE, microphone_flags
from lingting.engines.fake import FakeEngine
from lingting.settings import load_settings

pytestmark = pytest.mark.integration

FINAL = ".said .segment:not(.open)"


@pytest.fixture
def heard(tmp_path) -> Look:
    return Look(flags=microphone_flags(tmp_path))


async def start(page) -> None:
    await page.click("button.listen:has-text('Start listening')")


async def finals(page) -> list[str]:
    return await page.locator(f"{FINAL} p").all_inner_texts()


async def test_what_is_said_is_read_while_it_is_spoken_and_taken_along(live, heard) -> None:
    async with console_page(live.url, heard, at="#/live") as (page, _):
        await page.select_option("[name=language]", "en")
        await start(page)
        await page.wait_for_selector(".tag.good:text('Listening')")
        await page.wait_for_selector(".said .segment.open p")
        await page.wait_for_selector(f"{FINAL} >> nth=1")
        assert int(await page.get_attribute(".level", "aria-valuenow")) >= 0
        await page.click("button.listen:has-text('Stop')")
        await page.wait_for_selector(".tag:text('Not listening')")
        said = await finals(page)
        async with page.expect_download() as coming:
            await page.click(".tools >> text=JSON")
        file = json.loads(await asyncio.to_thread(Path(await (await coming.value).path()).read_text, "utf-8"))
        await page.click("#sections >> text=Status")
        await page.click("#sections >> text=Live captions")
        assert await finals(page) == said
        await page.click(".tools >> text=Clear")
        await page.click("dialog >> text=Clear")
        await page.wait_for_selector("text=Nothing has been said yet")
    assert [segment["text"] for segment in file["segments"]] == said
    starts = [segment["start_seconds"] for segment in file["segments"]]
    assert starts == sorted(starts)


async def test_a_lost_line_and_another_server_cost_nothing_that_was_said(open_live, live, heard) -> None:
    """The first server still has the session; the other hears the open sentence again."""
    async with (
        relay(live.port) as (line, port),
        console_page(f"http://127.0.0.1:{port}", heard, at="#/live") as (
            page,
            troubles,
        ),
    ):
        await start(page)
        await page.wait_for_selector(".said .segment.open")
        line.target = None
        line.cut()
        await page.wait_for_selector(".tag.warn")
        line.target = live.port
        await page.wait_for_selector(".tag.good:text('Listening')")
        await page.wait_for_selector(f"{FINAL} >> nth=0")
        with open_live(FakeEngine()) as other:
            await page.wait_for_selector(".said .segment.open")
            line.target = other.port
            before = await finals(page)
            line.cut()
            await page.wait_for_selector(f"{FINAL} >> nth={len(before) + 1}")
            assert await page.locator(".said .segment.open").count() <= 1
            said = await finals(page)
            await page.click("button.listen:has-text('Stop')")
            await page.wait_for_selector(".tag:text('Not listening')")
        troubles.said.clear()  # the browser's own lines about the sockets
    assert said[: len(before)] == before


async def test_a_revoked_key_ends_the_session_in_words(open_live, heard, tmp_path) -> None:
    settings = settings_in(tmp_path)
    keys, _ = await make_keys(settings)
    with open_live(FakeEngine(), settings) as live:
        admin = f"{live.url}/v1/admin/keys"
        made = call(admin, "POST", key=keys["admin"], json={"label": "short"}).json()
        heard.key = made["key"]
        async with console_page(live.url, heard, at="#/live") as (page, troubles):
            await start(page)
            await page.wait_for_selector(".said .segment")
            call(f"{admin}/{made['id']}", "DELETE", key=keys["admin"])
            await page.wait_for_selector(".notice[data-code=invalid_api_key] >> text=Enter a key")
            await page.wait_for_selector("button.listen:has-text('Start listening')")
            await page.keyboard.press("Escape")
            await start(page)  # what a refused handshake is about is asked for
            await page.wait_for_selector(".notice[data-code=invalid_api_key]")
            troubles.said.clear()


async def test_a_busy_server_is_waited_for(open_live, heard) -> None:
    settings = load_settings()
    full = settings.model_copy(update={"live": settings.live.model_copy(update={"max_sessions": 0})})
    with open_live(FakeEngine(), full) as live:
        async with console_page(live.url, heard, at="#/live") as (page, _):
            await start(page)
            await page.wait_for_selector(".tag.warn:has-text('The server is busy; trying again in')")
            await page.click("button.listen:has-text('Stop')")
            await page.wait_for_selector(".tag:text('Not listening')")


@pytest.mark.parametrize(
    ("flags", "code", "words"),
    [
        ((DEVICE,), "microphone_denied", "Allow it in the address bar"),
        ((ALLOWED,), "microphone_missing", "No microphone was found"),
    ],
)
async def test_without_a_microphone_the_page_says_the_way_out(live, flags, code, words) -> None:
    async with console_page(live.url, Look(flags=flags), at="#/live") as (page, _):
        await start(page)
        await page.wait_for_selector(f".notice[data-code={code}]")
        assert words in await page.inner_text(".notice")
        assert await page.is_enabled("button.listen")


async def test_a_microphone_that_is_muted_is_told_of(live, tmp_path) -> None:
    async with console_page(live.url, Look(flags=microphone_flags(tmp_path, None)), at="#/live") as (page, _):
        await start(page)
        await page.wait_for_selector("text=Nothing at all comes from this microphone")
