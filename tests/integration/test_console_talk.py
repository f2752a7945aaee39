"""Voice chat in a real browser: spoken and written turns, interruptions, push-to-talk, and what can be missing."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from test_console_accessibility import violations

from console_pages import PHONE, Look, console_page
from cut_line import relay
from fake_microphone import DEVICE, microphone_flags
from lingting.engines.fake import FakeEngine
from model_server import model_in_a_thread, talking_settings

pytestmark = pytest.mark.integration

REPLY = ("Good ", "day to you. ", "What can I do?")
LONG = ("I shall speak for a very long time, ", *("and go on with it, and on, and on with it, ",) * 12)


@contextmanager
def talking(open_live, said: str = "How are you?", **settings: object) -> Iterator[str]:
    with (
        model_in_a_thread(lambda asked: LONG if "long" in asked else REPLY) as model,
        open_live(FakeEngine(lambda _: said), talking_settings(model.port, **settings)) as live,
    ):
        yield live.url


@pytest.fixture(scope="module")
def url(open_live) -> Iterator[str]:
    with talking(open_live) as running:
        yield running


async def write(page, message: str) -> None:
    await page.fill("#message", message)
    await page.keyboard.press("Enter")


async def test_what_is_said_is_answered_in_words_and_in_sound(url, tmp_path) -> None:
    look = Look(flags=microphone_flags(tmp_path, speech_seconds=2.0, silence_seconds=8.0))
    async with console_page(url, look, at="#/talk") as (page, _):
        await page.select_option("[name=language]", "en")
        await page.click("button:has-text('Start talking')")
        await page.wait_for_selector(".bubble.you:has-text('How are you?')")
        await page.wait_for_selector(".bubble.bot:has-text('Good day to you. What can I do?')")
        await page.wait_for_selector(".bubble.bot >> text=/first sound \\d+ ms/")
        await page.click("button:has-text('Hang up')")
        await page.wait_for_selector(".tag:text('Not talking')")
        assert await page.is_visible("[name=language]")


async def test_who_speaks_over_the_bot_silences_it_at_once(open_live, tmp_path) -> None:
    look = Look(flags=microphone_flags(tmp_path, speech_seconds=2.0, silence_seconds=2.0))
    with talking(open_live, "Please speak long.") as url:
        async with console_page(url, look, at="#/talk") as (page, _):
            await page.click("button:has-text('Start talking')")
            await page.wait_for_selector(".bubble.bot:has-text('I shall speak')")
            await page.wait_for_selector(".bubble.bot .unheard")
            assert "".join(LONG).startswith(await page.inner_text(".bubble.bot .words >> nth=0"))


async def test_a_long_reply_is_stopped_and_what_was_not_heard_is_marked(url, tmp_path) -> None:
    """In writing, with a microphone that is silent."""
    look = Look(phone=True, dark=True, flags=microphone_flags(tmp_path, None))
    async with console_page(url, look, at="#/talk") as (page, _):
        await page.click("button:has-text('Start talking')")
        await page.wait_for_selector("#message:enabled")
        await write(page, "Speak long.")
        await page.wait_for_selector(".tag:text('Speaks')")
        await page.click("button:text-is('Stop the reply')")
        await page.wait_for_selector(".bubble.bot .unheard")
        await page.wait_for_selector(".tag:text('Your turn')")
        await write(page, "And now?")
        await page.wait_for_selector(".bubble.bot:has-text('What can I do?')")
        assert await page.locator(".bubble.you").all_inner_texts() != []
        assert await violations(page) == []
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


async def test_a_button_says_whose_turn_it_is(url, tmp_path) -> None:
    async with console_page(url, Look(flags=microphone_flags(tmp_path)), at="#/talk") as (page, _):
        await page.click("summary")
        await page.select_option("[name=turns]", "manual")
        await page.click("button:has-text('Start talking')")
        await page.wait_for_selector(".level:not([aria-valuenow='0'])")
        await page.focus("button.press")
        await page.keyboard.down("Space")
        await page.wait_for_selector("button.press:has-text('Let go')")
        await page.wait_for_selector(".bubble.you")
        assert await page.locator(".bubble.bot").count() == 0
        await page.keyboard.up("Space")
        await page.wait_for_selector(".bubble.bot:has-text('Good day to you.')")


async def test_without_a_microphone_one_can_still_write_and_a_lost_line_comes_back(url) -> None:
    server = int(url.rpartition(":")[2])
    look = Look(flags=(DEVICE,))
    async with (
        relay(server) as (line, port),
        console_page(f"http://127.0.0.1:{port}", look, at="#/talk") as (
            page,
            troubles,
        ),
    ):
        await page.click("button:has-text('Start talking')")
        await page.wait_for_selector(".notice[data-code=microphone_denied]")
        await page.wait_for_selector("text=you can still write")
        await write(page, "Hello.")
        await page.wait_for_selector(".bubble.bot:has-text('What can I do?')")
        line.target = None
        line.cut()
        await page.wait_for_selector(".tag.warn")
        assert await page.is_disabled("#message")
        line.target = server
        await page.wait_for_selector(".tag.good:text('Your turn')")
        await write(page, "Still there?")
        await page.wait_for_selector(".bubble.bot >> nth=1 >> text=What can I do?")
        troubles.said.clear()  # the browser's own lines about the sockets


async def test_a_server_without_a_model_or_a_voice_says_so(live, open_live, tmp_path) -> None:
    look = Look(language="zh", flags=microphone_flags(tmp_path))
    async with console_page(live.url, look, at="#/talk") as (page, _):
        await page.click("button:has-text('开始对话')")
        await page.wait_for_selector("text=此服务器没有配置语言模型")
        await page.wait_for_selector("button:has-text('开始对话')")
    with talking(open_live, engines=()) as url:
        async with console_page(url, look, at="#/talk") as (page, _):
            await page.click("button:has-text('开始对话')")
            await page.wait_for_selector("text=此服务器没有语音合成")
            await page.click("summary")
            await page.check("[name=silent]")
            await page.click("button:has-text('开始对话')")
            await page.wait_for_selector(".bubble.bot")
