"""What the pages show: their fenced blocks, and the command lines in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    *sorted(ROOT.glob("README.*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *(page for page in (ROOT / "examples" / "README.md", ROOT / "benchmarks" / "README.md") if page.is_file()),
]
_FENCE = re.compile(r"^(?P<fence>`{3,})(?P<kind>\w*)[^\n`]*\n(?P<text>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)
_SHELLS = {"", "sh", "bash", "console"}
_CONTROL = {"|", "||", "&&", ";", "&", "(", ")"}
_REDIRECTION = re.compile(r"^\d?[<>]{1,2}&?$")


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: Path
    line: int
    kind: str
    """What stands behind the fence: `python`, `sh`, or nothing."""
    text: str

    def __str__(self) -> str:
        return f"{self.page.stem}:{self.line}"


@dataclass(frozen=True)
class Command:
    """One program of a command line, as a shell cuts it."""

    block: Block
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.block} {' '.join(self.words)[:60]}"


def blocks(*kinds: str) -> list[Block]:
    """Those of all pages, of these kinds."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in _FENCE.finditer(text):
            if match["kind"] in kinds:
                found.append(Block(page, text.count("\n", 0, match.start()) + 1, match["kind"], match["text"]))
    return found


def commands(program: str) -> list[Command]:
    """Wherever a block calls the program, also behind variables, pipes and `docker exec`."""
    return [Command(block, words) for block in blocks(*_SHELLS) for words in _called(_lines(block), program) if words]


def inline(program: str) -> list[tuple[Path, str]]:
    """What stands between backticks in a sentence and begins with the program."""
    found = []
    for page in PAGES:
        text = _FENCE.sub("", page.read_text(encoding="utf-8"))
        found += [(page, said) for said in re.findall(rf"`({program} [^`\n]+)`", text)]
    return found


def _lines(block: Block) -> Iterator[str]:
    """What a shell reads at once: a line, or several where a quotation or a backslash joins them."""
    text = re.sub(r"<<'?(\w+)'?\n.*?^\1$", "", block.text.replace("\\\n", " "), flags=re.MULTILINE | re.DOTALL)
    lines = text.splitlines()
    if any(line.startswith("$ ") for line in lines):
        lines = [line[2:] for line in lines if line.startswith("$ ")]
    held: list[str] = []
    for line in lines:
        held.append(line.partition(" # ")[0])
        joined = "\n".join(held)
        if joined.replace("\\'", "").count("'") % 2 and re.match(r"[\w./$-]", joined):
            continue
        held = []
        yield joined


def _called(lines: Iterator[str], program: str) -> Iterator[tuple[str, ...]]:
    for line in lines:
        if not re.search(rf"(^|[\s/|]){program}\s", line):
            continue
        for words in _simple(line):
            yield _from(words, program)


def _simple(line: str) -> Iterator[list[str]]:
    """The commands of one line, without comments and without where their output goes."""
    cutter = shlex.shlex(line, posix=True, punctuation_chars="|&;()<>")
    cutter.commenters, cutter.whitespace_split = "", True
    words: list[str] = []
    skip = False
    for word in cutter:
        if word.startswith("#"):
            break
        if word in _CONTROL:
            yield words
            words = []
        elif skip or _REDIRECTION.match(word):
            skip = not skip
        else:
            words.append(word)
    yield words


def _from(words: list[str], program: str) -> tuple[str, ...]:
    while words and re.match(r"^[A-Z_]+=", words[0]):
        words = words[1:]
    if words and Path(words[0]).name == program:
        return tuple(words[1:])
    if "exec" in words and program in words[1:]:
        return tuple(words[len(words) - words[::-1].index(program) :])
    return ()
