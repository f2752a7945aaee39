"""Transcribing in a real browser: choose, send, follow, play, correct, take along; and everything that can go wrong."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from console_pages import Look, call, console_page, warm_gate
from lingting.engines.fake import FakeEngine

pytestmark = pytest.mark.integration

SAMPLES = Path(__file__).parents[2] / "samples"
SHORT = SAMPLES / "en-short.flac"
TELL_LATE = """() => {
  const told = new Promise((tell) => (window.tell = tell));
  const add = XMLHttpRequest.prototype.addEventListener;
  XMLHttpRequest.prototype.addEventListener = function (kind, act) {
    add.call(this, kind, kind === "load" ? (event) => told.then(() => act(event)) : act);
  };
}"""
"""What the server answers an upload is known to the page only after `tell()`."""


async def transcribe(page, *files: Path) -> None:
    await page.wait_for_selector("#files", state="attached")
    await page.set_input_files("#files", [str(file) for file in files])
    await page.click("button[type=submit]")


async def downloaded(page, form: str) -> tuple[str, str]:
    async with page.expect_download() as coming:
        await page.click(f".tools button:text-is('{form}')")
    download = await coming.value
    return download.suggested_filename, await asyncio.to_thread(Path(await download.path()).read_text, "utf-8")


async def test_a_recording_is_read_played_corrected_and_taken_along(live) -> None:
    async with console_page(live.url) as (page, _):
        await transcribe(page, SHORT)
        await page.wait_for_selector(".word")
        assert "3.7 seconds of speech" in await page.inner_text(".segments")
        await page.wait_for_function("document.querySelector('.wave').getAttribute('aria-valuemax') === '8'")

        await page.click(".segment >> nth=1 >> .word >> nth=2")
        await page.wait_for_selector(".segment >> nth=1 >> .word.now:text('of')")
        await page.focus(".wave")
        await page.keyboard.press("Home")
        assert await page.get_attribute(".wave", "aria-valuenow") == "0"
        await page.click("button[aria-label=Play]")
        await page.wait_for_selector(".word.now")
        await page.click("button[aria-label=Pause]")

        await page.click("text=Correct the text")
        await page.fill("textarea >> nth=0", "Good <b>morning</b>.")
        await page.click("text=Done >> nth=-1")
        assert await page.inner_text(".segment >> nth=0 >> p") == "Good <b>morning</b>."
        names, texts = zip(*[await downloaded(page, form) for form in ("SRT", "VTT", "TXT", "JSON")], strict=True)
    assert names == ("en-short.srt", "en-short.vtt", "en-short.txt", "en-short.json")
    assert texts[0].startswith("1\n00:00:00,660 --> ")
    assert texts[1].startswith("WEBVTT\n")
    assert texts[2].startswith("Good <b>morning</b>. 2.6 seconds of speech")
    assert json.loads(texts[3])["segments"][0]["text"] == "Good <b>morning</b>."


async def test_what_one_asks_for_reaches_the_server(live) -> None:
    async with console_page(live.url) as (page, _):
        await page.wait_for_selector("#wish-language")
        assert await page.locator("#wish-model option").all_inner_texts() == ["The server chooses", "whisper-base"]
        await page.select_option("#wish-language", "zh")
        await page.select_option("#wish-redact", "tag")
        await page.click("summary")
        await page.check("input[name=itn]")
        await page.uncheck("input[name=store]")
        async with page.expect_request("**/v1/jobs") as sent:
            await transcribe(page, SHORT)
        body = (await sent.value).post_data_buffer or b""
        await page.wait_for_selector(".word")
    fields = dict(re.findall(rb'name="(\w+)"\r\n\r\n([^\r]*)\r\n', body))
    if body:  # Chromium does not tell of bodies that hold a file, in some versions
        assert (fields[b"language"], fields[b"redact"], fields[b"itn"], fields[b"store"]) == (
            b"zh", b"tag", b"true", b"false",
        )  # fmt: skip
    jobs = call(f"{live.url}/v1/jobs").json()["jobs"]
    assert jobs[0]["name"] == "en-short.flac"
    assert call(f"{live.url}/v1/history", params={"language": "zh"}).json()["records"] == []


async def test_a_dropped_file_is_taken(live) -> None:
    drop = """() => {
      const data = new DataTransfer();
      data.items.add(new File(["x"], "dropped.wav", {type: "audio/wav"}));
      document.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
    }"""
    async with console_page(live.url) as (page, _):
        await page.wait_for_selector(".drop")
        await page.evaluate(drop)
        await page.wait_for_selector(".chosen >> text=dropped.wav")
        assert await page.is_enabled("button[type=submit]")
        await page.click("text=Remove")
        assert not await page.is_enabled("button[type=submit]")


async def test_work_goes_on_while_another_page_and_another_language_are_shown(open_live) -> None:
    with open_live(FakeEngine(gate=(gate := warm_gate()))) as server:
        async with console_page(server.url) as (page, _):
            await transcribe(page, SHORT)
            await page.wait_for_selector(".work .tag:text('Recognising')")
            await page.click("#sections >> text=Status")
            await page.click("#language-button")
            gate.let_through(20)
            await page.click("#sections >> text=转写")
            await page.wait_for_selector(".work .tag:text('完成')")
            await page.wait_for_selector(".word")


async def test_what_is_taken_back_is_cancelled_at_the_server_too(open_live) -> None:
    with open_live(FakeEngine(gate=(gate := warm_gate()))) as server:
        async with console_page(server.url) as (page, _):
            await take_back(page)
            state = await cancelled_at(server.url)
        gate.let_through(20)
    assert state in {"cancelling", "cancelled"}


async def test_what_is_taken_back_before_its_job_has_a_name_is_cancelled_too(open_live) -> None:
    with open_live(FakeEngine(gate=(gate := warm_gate()))) as server:
        async with console_page(server.url) as (page, _):
            await page.evaluate(TELL_LATE)
            await take_back(page)
            await page.evaluate("tell()")
            state = await cancelled_at(server.url)
        gate.let_through(20)
    assert state in {"cancelling", "cancelled"}


async def take_back(page) -> None:
    await transcribe(page, SHORT)
    await page.wait_for_selector(".work .tag:text('Recognising')")
    await page.click(".work >> text=Cancel")
    await page.wait_for_selector(".work .tag:text('Cancelled')")


async def cancelled_at(url: str) -> str:
    """The state of the only job, once it is no longer running."""
    for _ in range(200):
        state = call(f"{url}/v1/jobs").json()["jobs"][0]["state"]
        if state not in {"queued", "running"}:
            break
        await asyncio.sleep(0.05)
    return state


async def test_what_is_no_recording_is_refused_in_the_reader_s_language(live, tmp_path) -> None:
    broken = tmp_path / "notes.wav"
    broken.write_bytes(b"these are notes")
    async with console_page(live.url, Look(language="zh")) as (page, _):
        await transcribe(page, broken)
        await page.wait_for_selector(".notice[data-code=audio_undecodable]")
        assert "请选择音频或视频文件" in await page.inner_text(".notice")
        assert await page.inner_text(".work .tag") == "失败"


async def test_an_upload_that_is_too_large_says_what_to_do(open_live, change_server, tmp_path) -> None:
    large = tmp_path / "large.wav"
    large.write_bytes(b"\0" * 200_000)
    with open_live(FakeEngine(), change_server(max_upload_bytes=100_000)) as server:
        async with console_page(server.url) as (page, troubles):
            await transcribe(page, large)
            await page.wait_for_selector(".notice[data-code=audio_too_large]")
            assert "larger than this server takes" in await page.inner_text(".notice")
            troubles.said.clear()  # the browser's own line about the 413


async def test_a_server_that_goes_during_an_upload_is_told_of(live) -> None:
    async with console_page(live.url) as (page, troubles):
        await page.wait_for_selector("#files", state="attached")
        await page.context.set_offline(True)
        await transcribe(page, SHORT)
        await page.wait_for_selector(".notice[data-code=unreachable]")
        await page.context.set_offline(False)
        troubles.said.clear()
