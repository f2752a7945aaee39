"""Keys in a real browser: asked for, shown once, limits, expiry, what a key may see."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from access_doors import House, make_keys, settings_in
from console_pages import Look, call, console_page
from lingting.domain import Scope
from lingting.engines.fake import FakeEngine

pytestmark = pytest.mark.integration

SHORT = Path(__file__).parents[2] / "samples" / "en-short.flac"


@pytest.fixture(scope="module")
def house(open_live, tmp_path_factory) -> Iterator[House]:
    settings = settings_in(tmp_path_factory.mktemp("house"))
    keys, ids = asyncio.run(make_keys(settings))
    with open_live(FakeEngine(), settings) as live:
        yield House(live, keys, ids)


async def test_a_key_is_asked_for_kept_in_the_tab_and_forgotten(house) -> None:
    async with console_page(house.live.url) as (page, troubles):
        await page.wait_for_selector("dialog #key-field")
        await page.fill("#key-field", house.keys["admin"])
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".drop")
        assert house.keys["admin"] not in page.url
        assert await page.evaluate("localStorage.length + document.cookie.length") == 0
        await page.click("#key-button")
        await page.click("text=Forget the key")
        await page.wait_for_selector(".notice[data-code=missing_api_key]")
        assert await page.locator(".drop").count() == 0
        troubles.said.clear()  # the browser's own lines about the 401s


@pytest.mark.parametrize("kind", ["expired", "revoked", "garbage"])
async def test_a_key_that_is_not_good_says_so_and_asks_for_another(house, kind) -> None:
    async with console_page(house.live.url, Look(key=house.keys[kind])) as (page, troubles):
        await page.wait_for_selector("dialog #key-field")
        await page.keyboard.press("Escape")
        assert "expired or revoked" in await page.inner_text(".notice[data-code=invalid_api_key]")
        await page.click("text=Enter a key")
        await page.wait_for_selector("dialog #key-field")
        troubles.said.clear()


async def test_a_key_that_expires_while_it_is_used_is_told_of(house) -> None:
    admin, keys = house.keys["admin"], f"{house.live.url}/v1/admin/keys"
    made = call(keys, "POST", key=admin, json={"label": "short"}).json()
    async with console_page(house.live.url, Look(key=made["key"])) as (page, troubles):
        await page.wait_for_selector(".drop")
        call(f"{keys}/{made['id']}", "DELETE", key=admin)
        await page.set_input_files("#files", str(SHORT))
        await page.click("button[type=submit]")
        await page.wait_for_selector(".notice[data-code=invalid_api_key] >> text=Enter a key")
        troubles.said.clear()


async def test_sections_that_a_key_is_not_good_for_are_not_shown(house) -> None:
    async with console_page(house.live.url, Look(key=house.keys[Scope.TRANSCRIBE])) as (page, _):
        await page.wait_for_selector("#sections a")
        assert await page.locator("#sections a").all_inner_texts() == ["Transcribe", "Keys and limits", "Status"]


async def test_a_key_without_jobs_transcribes_in_one_request(house) -> None:
    async with console_page(house.live.url, Look(key=house.keys[Scope.TRANSCRIBE])) as (page, _):
        await page.wait_for_selector("#files", state="attached")
        await page.set_input_files("#files", str(SHORT))
        await page.click("button[type=submit]")
        await page.wait_for_selector(".word:text('seconds')")
        await page.click(".segment >> nth=1 >> .word >> nth=3")
        await page.wait_for_selector(".segment >> nth=1 >> .word.now:text('speech')")


async def test_an_admin_makes_changes_and_revokes_a_key(house) -> None:
    async with console_page(house.live.url, Look(key=house.keys["admin"]), at="#/keys") as (page, _):
        await page.click("button:text-is('Make a key')")
        await page.fill("#key-label", "ward 7")
        await page.fill("#key-requests_per_minute", "60")
        await page.check("dialog input[value=metrics]")
        await page.select_option("#key-ends", "week")
        await page.click("dialog button:text-is('Make a key')")
        secret = await page.inner_text(".secret")
        await page.click("dialog >> text=Close")
        line = page.locator("li[data-key]:has-text('ward 7')")
        assert "Requests per minute: 60" in await line.inner_text()
        assert "metrics" in call(f"{house.live.url}/v1/me", key=secret).json()["scopes"]

        await line.locator("text=Change").click()
        await page.fill("#key-requests_per_minute", "90")
        await page.click("dialog >> text=Save")
        await page.wait_for_selector("li[data-key]:has-text('Requests per minute: 90')")

        await line.locator("text=New secret").click()
        await page.click("dialog button.danger")
        assert await page.inner_text(".secret") != secret
        await page.click("dialog >> text=Close")

        await line.locator("text=Revoke").click()
        await page.click("dialog button.danger")
        await line.wait_for(state="detached")
    assert call(f"{house.live.url}/v1/me", key=secret).status_code == 401


async def test_a_used_up_quota_says_what_to_do(house) -> None:
    wish = {"label": "small", "limits": {"audio_seconds_per_day": 5}}
    key = call(f"{house.live.url}/v1/admin/keys", "POST", key=house.keys["admin"], json=wish).json()["key"]
    async with console_page(house.live.url, Look(key=key)) as (page, troubles):
        await page.wait_for_selector("#files", state="attached")
        for _ in range(2):
            await page.set_input_files("#files", str(SHORT))
            await page.click("button[type=submit]")
            await page.wait_for_selector(".work >> nth=0 >> .tag:text-matches('Done|Failed')")
        await page.wait_for_selector(".notice[data-code=quota_exceeded]")
        await page.click("#sections >> text=Keys and limits")
        await page.wait_for_selector(".tile:has-text('Audio today') >> text=/ of 0:05/")
        troubles.said.clear()
