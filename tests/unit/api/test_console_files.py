"""The console's files: nothing inline, nothing from elsewhere, no text that becomes markup, and two languages."""

import json
import re

import pytest

from lingting.api.http.console import FILES

pytestmark = pytest.mark.unit

TEXTS = {name: file.content.decode() for name, file in FILES.items()}
SCRIPTS = {name: text for name, text in TEXTS.items() if name.endswith(".js")}
PAGES = [name for name in TEXTS if name.endswith(".html")]
WORDS = {
    f"{name.removeprefix('words/').removesuffix('.json')}.{key}": said
    for name, text in TEXTS.items()
    if name.startswith("words/")
    for key, said in json.loads(text).items()
}
"""`PAGE.KEY` -> English and Chinese."""
MARKUP_SINKS = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "srcdoc")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SAME = {"keys.of", "status.half", "status.most"}
"""Written alike in both."""


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_inline_script_or_style(name) -> None:
    assert re.findall(r"<script(?![^>]*\ssrc=)", TEXTS[name]) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:", TEXTS[name]) == []


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_no_text_becomes_markup(name) -> None:
    assert [sink for sink in MARKUP_SINKS if sink in SCRIPTS[name]] == []


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_no_file_of_the_console_comes_from_elsewhere(name) -> None:
    assert re.findall(r"(?:https?:)?//(?!www\.w3\.org/)[a-z0-9.-]+\.[a-z]{2,}/", TEXTS[name]) == []


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_every_file_that_a_script_names_is_there(name) -> None:
    named = set(re.findall(r'"/console/([\w/.-]+\.(?:js|css|svg|json))"', SCRIPTS[name]))
    assert named <= FILES.keys()


def test_every_word_is_there_in_both_languages() -> None:
    assert [key for key, said in WORDS.items() if len(said) != 2 or not all(text.strip() for text in said)] == []
    assert [key for key, (_, chinese) in WORDS.items() if not CHINESE.search(chinese) and key not in SAME] == []


def test_both_languages_name_the_same_values() -> None:
    named = {key: [sorted(set(re.findall(r"\{\w+\}", text))) for text in said] for key, said in WORDS.items()}
    assert [key for key, (english, chinese) in named.items() if english != chinese] == []


def test_every_word_that_is_asked_for_is_in_a_table() -> None:
    tables = {key.partition(".")[0] for key in WORDS}
    asked = {
        key
        for text in TEXTS.values()
        for key in re.findall(r'"((?:%s)\.[a-z_0-9]+)"' % "|".join(tables), text)  # noqa: UP031 - braces
    }
    assert asked - WORDS.keys() == set()


def test_every_word_of_a_table_is_used() -> None:
    scripts = "\n".join(text for name, text in TEXTS.items() if not name.startswith("words/"))
    built = tuple(re.findall(r"`(\w+\.\w*)\$\{", scripts))
    """What keys that are put together begin with: `jobs.state_${state}`."""
    assert [key for key in WORDS if f'"{key}"' not in scripts and not key.startswith(built)] == []
