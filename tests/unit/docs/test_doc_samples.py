"""What the pages show is true: commands exist, settings load, JSON and Python can be read, paths are routes."""

import ast
import importlib
import json
import os
import re
import tomllib
from pathlib import Path

import pytest
import typer
from pydantic import TypeAdapter

from access_doors import doors
from doc_blocks import PAGES, Block, Command, blocks, commands, inline
from lingting.api.ws.native.native_config import Config, read_config
from lingting.api.ws.voice.voice_config import OWN_FIELDS, read_voice_config
from lingting.cli.main import app
from lingting.domain import Scope
from lingting.engines.catalog_entries import read_entries
from lingting.settings import Settings, load_settings, setting_names
from lingting.text.hotwords.packs import load_pack

pytestmark = pytest.mark.unit

LINGTING = typer.main.get_command(app)
OURS = re.compile(
    r"^(?:https?://)?(?P<host>localhost|127\.0\.0\.1|asr\.example\.com)(?P<port>:\d+)?(?P<path>/[^\s?]*)?"
)
OUR_PORT = ":8000"
PATTERNS = [re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(door.pattern)) + "$") for door in doors()]


def _resolve(words: tuple[str, ...]):
    """The command that these words name, its context, and the words that are left."""
    command, context = LINGTING, LINGTING.context_class(LINGTING, info_name="lingting")
    left = list(words)
    while left and hasattr(command, "commands"):
        if left[0].startswith("-"):
            break
        name = left.pop(0)
        assert name in command.commands, f"there is no command {name!r}; there are {sorted(command.commands)}"
        command = command.commands[name]
        context = command.context_class(command, parent=context, info_name=name)
    return command, context, left


@pytest.mark.parametrize("shown", commands("lingting"), ids=str)
def test_every_lingting_command_is_one(shown: Command) -> None:
    command, context, left = _resolve(shown.words)
    if left in (["--help"], ["-h"]):
        return
    values, rest, _ = command.make_parser(context).parse_args(left)
    assert not rest, f"too many words: {rest}"
    for parameter in command.params:
        value = values.get(parameter.name)
        given = isinstance(value, (str, list, tuple)) and bool(value)
        assert given or not parameter.required, f"{parameter.name} is missing"
        if given:
            TypeAdapter(parameter.type_descriptor.annotation).validate_python(value)


@pytest.mark.parametrize(("page", "said"), inline("lingting"), ids=lambda value: getattr(value, "stem", value))
def test_every_lingting_command_in_a_sentence_is_one(page: Path, said: str) -> None:
    if page.stem == "next":  # names what is not there
        return
    words = re.sub(r"[\[\]|…]", " ", said).split()[1:]
    command = LINGTING
    for word in words:
        if not hasattr(command, "commands") or word.startswith("-"):
            break
        if word not in command.commands:
            assert word.isupper(), f"there is no command {word!r}"
            break
        command = command.commands[word]
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    named = set(re.findall(r"(?<!\S)--[a-z][a-z-]*", " ".join(words)))
    assert named <= options | {"--help"}, f"{said}: no option {named - options}"


@pytest.mark.parametrize("block", blocks("toml"), ids=str)
def test_every_toml_block_is_read_by_what_it_is_for(block: Block, tmp_path, monkeypatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("LINGTING_")]:
        monkeypatch.delenv(name)
    file = tmp_path / "lingting.toml"
    file.write_text(block.text, encoding="utf-8")
    shown = tomllib.loads(block.text)
    if "words" in shown:
        assert load_pack(file).words
    elif "model" in shown and isinstance(shown["model"], list):
        file.write_text(block.text.replace("…", "0" * 64), encoding="utf-8")
        assert set(read_entries(file)) > set(read_entries())
    else:
        monkeypatch.setenv("LINGTING_CONFIG", str(file))
        assert isinstance(load_settings(), Settings)


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_every_json_block_can_be_read(block: Block) -> None:
    text = re.sub(r'(?<=[\[{])\s*…|,\s*…|"…(?=[^"]*$)', "", block.text)
    text = re.sub(r"(?<=[\[:,])\s*[A-Z_]+(?=[,\]}])", " null", text)
    if re.match(r'"\w+":', text):  # some fields of an object
        text = f"{{{text}}}"
    reader, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        _, at = reader.raw_decode(text, at)


@pytest.mark.filterwarnings("ignore:'audioop' is deprecated:DeprecationWarning")  # imported by wyoming
@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_every_python_block_compiles_and_imports_what_there_is(block: Block) -> None:
    tree = compile(block.text, str(block), "exec", flags=ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                importlib.import_module(alias.name)
        elif isinstance(node, ast.ImportFrom) and node.module:
            module = importlib.import_module(node.module)
            for alias in node.names:
                assert hasattr(module, alias.name), f"{node.module} has no {alias.name}"


@pytest.mark.parametrize("shown", commands("curl"), ids=str)
def test_every_path_that_curl_asks_for_is_a_route(shown: Command) -> None:
    for word in shown.words:
        match = OURS.match(word)
        if match is None or (match["port"] or OUR_PORT) != OUR_PORT:
            continue
        path = match["path"] or "/"
        assert any(pattern.match(path) for pattern in PATTERNS), f"{path} is no route"


@pytest.mark.parametrize(
    "block", [block for block in blocks("json") if re.match(r'\{"type": ?"INIT"', block.text)], ids=str
)
def test_every_init_that_is_shown_begins_a_session(block: Block) -> None:
    config = json.loads(block.text)["config"]
    if block.page.stem == "voice":
        read_voice_config(config, None, frozenset(Scope), may_publish=False)
        config = {name: value for name, value in config.items() if name not in OWN_FIELDS}
    assert read_config(config, Config(), is_first=True).ignored == ()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_setting_that_a_sentence_names_is_one(page: Path) -> None:
    known = setting_names()
    sections = {name.partition(".")[0] for name in known if "." in name}
    named = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", page.read_text(encoding="utf-8")))
    settings = {name for name in named if name.partition(".")[0] in sections and not name.endswith((".py", ".js"))}
    assert settings <= set(known)
