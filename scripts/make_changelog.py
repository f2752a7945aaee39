"""Gathers changelog.d into CHANGELOG.md, as the section of the version in pyproject.toml.

usage: python scripts/make_changelog.py [--release]

A fragment is a file SLUG.KIND.md that holds one paragraph. The section is written anew each time; with `--release` it
gets today's date, and the fragments go.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from locked import PROJECT, ROOT

KINDS = {"added": "Added", "changed": "Changed", "fixed": "Fixed", "removed": "Removed", "security": "Security"}
HEAD = "# Changelog\n\nWhat users notice, by version; the newest first. Made by `make changelog` from `changelog.d`.\n"
UNRELEASED = "unreleased"


def main(arguments: list[str]) -> int:
    fragments = read(ROOT / "changelog.d")
    is_release = "--release" in arguments
    date = f"{datetime.now(UTC):%Y-%m-%d}" if is_release else UNRELEASED
    page = ROOT / "CHANGELOG.md"
    before = page.read_text(encoding="utf-8") if page.exists() else HEAD
    page.write_text(merged(before, section(PROJECT["version"], date, fragments)), encoding="utf-8")
    if is_release:
        for file in fragments:
            file.unlink()
    return 0


def read(folder: Path) -> dict[Path, str]:
    """The fragments and what they say, by name.

    raises    ValueError, naming the file, for one that is not SLUG.KIND.md or not one paragraph
    """
    found: dict[Path, str] = {}
    for file in sorted(folder.iterdir()):
        kind = re.fullmatch(r"[a-z0-9-]+\.(\w+)\.md", file.name)
        if kind is None or kind[1] not in KINDS:
            raise ValueError(f"{file.name}: call it SLUG.KIND.md, where KIND is one of {', '.join(KINDS)}")
        text = file.read_text(encoding="utf-8").strip()
        if not text or "\n\n" in text:
            raise ValueError(f"{file.name}: write one paragraph")
        found[file] = " ".join(text.split())
    return found


def section(version: str, date: str, fragments: dict[Path, str]) -> str:
    """One version, its changes by kind."""
    parts = [f"## {version} ({date})\n"]
    for kind, title in KINDS.items():
        lines = [f"- {text.removeprefix('- ')}\n" for file, text in fragments.items() if file.suffixes[0] == f".{kind}"]
        if lines:
            parts.append(f"\n### {title}\n\n{''.join(lines)}")
    return "".join(parts)


def merged(page: str, newest: str) -> str:
    """The page with this section at its top, instead of one of the same version that was not released."""
    title = newest.split(" (", maxsplit=1)[0]
    sections = re.split(r"(?m)^(?=## )", page)
    kept: Iterable[str] = (each for each in sections[1:] if not each.startswith(f"{title} ({UNRELEASED})"))
    return "\n".join([sections[0].rstrip() + "\n", newest, *(each for each in kept)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
