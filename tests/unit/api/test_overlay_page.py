"""The pages of rooms hold nothing inline, load nothing from elsewhere, show text as text only, in two languages."""

import json
import re

import pytest

from lingting.api.http.overlay import FILES

pytestmark = pytest.mark.unit

SCRIPTS = {name: content.decode() for name, (content, _) in FILES.items() if name.endswith(".js")}
MARKUP_SINKS = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "srcdoc")


@pytest.mark.parametrize("name", ["overlay.html", "watch.html"])
def test_a_page_has_no_inline_script_or_style(name) -> None:
    page = FILES[name][0].decode()
    assert re.findall(r"<script(?![^>]*\ssrc=)", page) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:", page) == []


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_text_of_a_caption_can_only_become_text(name) -> None:
    assert [sink for sink in MARKUP_SINKS if sink in SCRIPTS[name]] == []


def test_captions_are_set_as_text_content() -> None:
    assert "line.textContent = caption.text;" in SCRIPTS["overlay.js"]
    assert "line.textContent = caption.text;" in SCRIPTS["watch.js"]


def test_the_viewer_s_words_are_all_used_and_there_in_both_languages() -> None:
    words = json.loads(FILES["watch.json"][0])
    page = FILES["watch.html"][0].decode() + SCRIPTS["watch.js"]
    told = {"not_allowed", "room_not_found"}
    """The codes of refusals."""
    assert [key for key in words if f'"{key}"' not in page and key not in told] == []
    assert [key for key, said in words.items() if len(said) != 2 or not re.search(r"[\u4e00-\u9fff]", said[1])] == []


@pytest.mark.parametrize("name", sorted(FILES))
def test_nothing_comes_from_elsewhere(name) -> None:
    text = FILES[name][0].decode()
    assert re.findall(r"https?://|//[a-z0-9.-]+\.[a-z]{2,}/", text) == []
