"""The console's frame in a real browser: sections, language, colours, keys, failures; and how its files are served."""

import httpx
import pytest

from console_pages import Look, console_page
from lingting.api.http.console import FILES, POLICY
from lingting.engines.fake import FakeEngine
from lingting.settings import load_settings
from lingting.settings.sections import DoorSettings

pytestmark = pytest.mark.integration


def test_the_console_is_served_under_a_strict_policy_and_asked_for_anew(live) -> None:
    first = httpx.get(f"{live.url}/")
    assert first.headers["Content-Security-Policy"] == POLICY
    assert "unsafe" not in POLICY
    assert "microphone=(self)" in first.headers["Permissions-Policy"]
    assert first.headers["Cache-Control"] == "no-cache"
    again = httpx.get(f"{live.url}/", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_file_comes_as_what_it_is(live, name) -> None:
    answer = httpx.get(f"{live.url}/console/{name}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, FILES[name].media_type)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["nothing.js", "..%2f__init__.py", "%2e%2e/overlay/overlay.js", "words/", ""])
def test_nothing_but_the_console_s_files_is_there(live, path) -> None:
    assert httpx.get(f"{live.url}/console/{path}").status_code == 404


def test_the_console_can_be_switched_off(open_live, change_server) -> None:
    with open_live(FakeEngine(), change_server(console=False)) as server:
        assert [httpx.get(server.url + path).status_code for path in ("/", "/console/main.js")] == [404, 404]


def test_aliyun_s_clients_find_their_door_at_the_same_path(open_live) -> None:
    settings = load_settings().model_copy(update={"doors": DoorSettings(aliyun=True)})
    with open_live(FakeEngine(), settings) as server:
        page = httpx.get(f"{server.url}/")
        token = httpx.get(f"{server.url}/", params={"Action": "CreateToken"})
    assert page.headers["Content-Type"].startswith("text/html")
    assert token.json()["Token"]["Id"]


async def test_the_language_changes_in_place_and_is_remembered(live) -> None:
    async with console_page(live.url, at="#/status") as (page, _):
        await page.wait_for_selector("h1:text('Status')")
        assert await page.get_attribute("html", "lang") == "en"
        await page.click("#language-button")
        await page.wait_for_selector("h1:text('状态')")
        assert (await page.title(), await page.get_attribute("html", "lang")) == ("状态 · Lingting", "zh-CN")
        await page.reload()
        await page.wait_for_selector("h1:text('状态')")


async def test_a_chinese_browser_is_spoken_to_in_chinese(live) -> None:
    async with console_page(live.url, Look(language="zh"), at="#/status") as (page, _):
        await page.wait_for_selector("h1:text('状态')")


async def test_colours_follow_the_system_until_others_are_chosen(live) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    async with console_page(live.url, Look(dark=True), at="#/status") as (page, _):
        await page.wait_for_selector("h1")
        dark = await page.evaluate(ground)
        await page.click("#theme-button")
        light = await page.evaluate(ground)
        await page.reload()
        await page.wait_for_selector("h1")
        kept = await page.evaluate(ground)
    assert dark != light
    assert kept == light


async def test_on_a_phone_the_sections_are_in_a_menu_and_nothing_is_wider_than_it(live) -> None:
    async with console_page(live.url, Look(phone=True), at="#/status") as (page, _):
        await page.wait_for_selector("tbody tr")
        assert not await page.is_visible("#sections")
        await page.click("#menu-button")
        assert await page.get_attribute("#menu-button", "aria-expanded") == "true"
        assert await page.is_visible("#sections a[aria-current=page]")
        await page.keyboard.press("Escape")
        assert not await page.is_visible("#sections")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_the_keyboard_reaches_the_page_past_the_frame(live) -> None:
    async with console_page(live.url, at="#/status") as (page, _):
        await page.wait_for_selector("h1")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.className") == "skip"
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.id") == "main"


async def test_the_status_page_shows_health_load_and_models(live) -> None:
    async with console_page(live.url, at="#/status") as (page, _):
        await page.wait_for_selector(".tag.good:text('Ready')")
        await page.wait_for_selector("th:text('database')")
        await page.wait_for_selector("th:has-text('whisper-base')")
        assert await page.locator(".chart svg[role=img]").count() == 4
        assert await page.locator(".tile").count() == 6


async def test_a_server_that_goes_is_told_of_and_seen_again(live) -> None:
    async with console_page(live.url, at="#/status") as (page, troubles):
        await page.wait_for_selector(".tag.good")
        await page.context.set_offline(True)
        await page.wait_for_selector(".notice[data-code=unreachable]")
        assert "does not answer" in await page.inner_text(".notice")
        await page.context.set_offline(False)
        await page.wait_for_selector(".notice", state="detached")
        await page.wait_for_selector(".tag.good")
        troubles.said.clear()  # the browser's own lines about the requests that failed
