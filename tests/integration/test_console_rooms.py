"""Subtitle rooms in a real browser: made, spoken into, watched, corrected, handed on, ended."""

from pathlib import Path

import pytest
from test_console_accessibility import violations

from console_pages import PHONE, Look, call, console_page
from cut_line import relay
from fake_microphone import microphone_flags

pytestmark = pytest.mark.integration

SHOWN = ".said .segment:not(.open)"
READ = "#captions p:not(.open)"


async def made(page, **wish: str) -> str:
    """The link for viewers of a new room."""
    for name, value in wish.items():
        await page.fill(f"#room-{name}", value)
    await page.click("button:text-is('Make a room')")
    await page.wait_for_selector("#link-watch")
    return await page.input_value("#link-watch")


async def test_a_room_is_made_spoken_into_watched_corrected_and_ended(live, tmp_path) -> None:
    heard = Look(flags=microphone_flags(tmp_path))
    async with (
        relay(live.port) as (line, port),
        console_page(f"http://127.0.0.1:{port}", heard, at="#/rooms") as (
            page,
            troubles,
        ),
    ):
        link = await made(page, title="<b>On hearing</b>", name="talk")
        assert link.startswith(f"http://127.0.0.1:{port}/rooms/talk/watch?token=")
        await page.click("button.listen")
        await page.wait_for_selector(f"{SHOWN} >> nth=0")
        viewer = await page.context.new_page()
        await viewer.goto(link)
        await viewer.wait_for_selector(f"{READ} >> nth=1")
        assert await viewer.inner_text("h1") == "<b>On hearing</b>"
        await viewer.wait_for_selector("#state.live:text('Live')")
        line.cut()
        await viewer.wait_for_selector("#state.lost")
        await viewer.wait_for_selector("#state.live")
        await page.wait_for_selector(".tag.good:text('Listening')")

        await page.bring_to_front()
        await page.click(f"{SHOWN} >> nth=0 >> button:text-is('Correct')")
        await page.fill("textarea", "As it was said.")
        await page.click("button:text-is('Keep')")
        await page.wait_for_selector(f"{SHOWN} >> nth=0 >> text=As it was said.")
        await page.wait_for_selector("text=1 watching")
        await page.click("button.listen")
        await page.wait_for_selector(".tag:text('Not listening')")
        async with page.expect_download() as coming:
            await page.click(".tools >> text=TXT")
        saved = Path(await (await coming.value).path()).read_text("utf-8")  # noqa: ASYNC240 - a line or two
        assert saved.startswith("As it was said.")

        await page.click("button:text-is('End the room')")
        await page.click("dialog button.danger")
        await page.wait_for_selector("text=No room yet")
        await viewer.bring_to_front()
        await viewer.wait_for_selector("#state.ended:text('This room has ended.')")
        troubles.said.clear()  # the browser's own lines about the sockets


async def test_a_link_for_speakers_opens_the_room_and_leaves_no_token_in_the_address(live) -> None:
    room = call(f"{live.url}/v1/rooms", "POST", json={"title": "Handed on"}).json()
    at = f"#/rooms/{room['room']}/{room['publish_token']}/{room['view_token']}"
    async with console_page(live.url, at=at) as (page, _):
        await page.wait_for_selector("h1:text('Handed on')")
        assert room["publish_token"] not in page.url
        assert await page.input_value("#link-watch") == room["links"]["watch"]
        await page.evaluate("location.hash = '#/rooms/another'")
        await page.wait_for_selector("text=This tab does not hold the token")
        await page.click("a.button:text-is('Open')")
        await page.wait_for_selector("h1:text('Handed on')")
        assert await violations(page) == []
        call(f"{live.url}/v1/rooms/{room['room']}", "DELETE", params={"token": room["publish_token"]})
        await page.wait_for_selector(".notice[data-code=room_not_found]")


async def test_a_viewer_chooses_language_size_and_colours_on_a_phone(live) -> None:
    link = call(f"{live.url}/v1/rooms", "POST", json={}).json()["links"]["watch"]
    look = Look(dark=True, phone=True)
    async with console_page(live.url, look, at=link.removeprefix(f"{live.url}/")) as (page, _):
        await page.wait_for_selector("#state:text('Nobody speaks at the moment')")
        await page.wait_for_selector("text=Nothing has been said yet.")
        size = "parseFloat(getComputedStyle(document.getElementById('captions')).fontSize)"
        usual, dark = await page.evaluate(size), await page.evaluate("getComputedStyle(document.body).color")
        await page.click("#larger")
        await page.click("#language")
        await page.click("#colors")
        await page.wait_for_selector("#state:text('暂时无人讲话')")
        assert await page.evaluate(size) > usual
        assert await page.evaluate("getComputedStyle(document.body).color") != dark
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert await violations(page) == []
        await page.goto(link.partition("?")[0])
        await page.wait_for_selector("#state.not_allowed:has-text('索取新的链接')")
        larger = await page.evaluate(size)
    assert larger > usual
