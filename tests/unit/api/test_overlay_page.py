"""The overlay page holds nothing inline, loads nothing from elsewhere, and shows text as text only."""

import re

import pytest

from lingting.api.http.overlay import FILES

pytestmark = pytest.mark.unit

SCRIPTS = {name: content.decode() for name, (content, _) in FILES.items() if name.endswith(".js")}
MARKUP_SINKS = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "srcdoc")


def test_the_page_has_no_inline_script_or_style() -> None:
    page = FILES["overlay.html"][0].decode()
    assert re.findall(r"<script(?![^>]*\ssrc=)", page) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:", page) == []


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_text_of_a_caption_can_only_become_text(name) -> None:
    assert [sink for sink in MARKUP_SINKS if sink in SCRIPTS[name]] == []


def test_captions_are_set_as_text_content() -> None:
    assert "line.textContent = caption.text;" in SCRIPTS["overlay.js"]


@pytest.mark.parametrize("name", sorted(FILES))
def test_nothing_comes_from_elsewhere(name) -> None:
    text = FILES[name][0].decode()
    assert re.findall(r"https?://|//[a-z0-9.-]+\.[a-z]{2,}/", text) == []
