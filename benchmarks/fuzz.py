"""Generated requests against a real server with a scripted engine: no answer may break what the document promises.

usage: python benchmarks/fuzz.py [SECONDS] [further options of `schemathesis run`]

Starts a server of its own, which asks for a key and has fresh data, runs schemathesis on its OpenAPI document for so
long (600 by default), then looks whether the server is still well. Ends with 1 when something was found.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from lingting.domain import SystemClock
from lingting.domain.principal import Scope
from lingting.security.key_wishes import KeyWish
from lingting.security.keys import AccessSettings, Keys
from lingting.server import open_kept
from lingting.settings import load_settings
from lingting.storage.key_store import KeyStore
from servers import serving

EXCLUDED = "positive_data_acceptance,negative_data_rejection,ensure_resource_availability"
"""Random bytes are no recording, so most of what fits the document is refused all the same; null stands for a field
that is not given, and of a repeated parameter the last one counts, so some of what does not fit is taken; and what was
just made is looked for by a guess at its id, which takes the `job` of an answer, an object, for one."""
DEFAULT_SECONDS = "600"


async def make_key(folder: Path) -> str:
    """A key that may do everything, in the data of a server that does not run yet."""
    settings, clock = load_settings().model_copy(update={"data_dir": folder}), SystemClock()
    async with (
        open_kept(settings, clock) as kept,
        Keys.opened(KeyStore(kept.database), clock, AccessSettings()) as keys,
    ):
        return (await keys.issue(KeyWish(label="fuzz", scopes=frozenset(Scope)))).text


def fuzz(url: str, key: str, *options: str) -> int:
    """Run schemathesis; 0 when nothing was found."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--url", url]
    command += ["--checks", "all", "--exclude-checks", EXCLUDED, "--continue-on-failure"]
    command += ["--header", f"Authorization: Bearer {key}", *options]
    hooks = {"SCHEMATHESIS_HOOKS": "fuzz_hooks", "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    return subprocess.run(command, env=os.environ | hooks, check=False).returncode


def main() -> None:
    seconds, *options = sys.argv[1:] or [DEFAULT_SECONDS]
    with tempfile.TemporaryDirectory(prefix="lingting-fuzz-") as folder:
        key = asyncio.run(make_key(Path(folder)))
        with serving(scripted=True, settings={"DATA_DIR": folder, "SPEECH__ENGINES": '["fake"]'}) as server:
            code = fuzz(server.url, key, "--max-time", seconds, *options)
            ready = httpx.get(f"{server.url}/readyz", timeout=30)
            print(f"after it: {ready.status_code} {ready.text}; {server.cost().unshared_mib:.0f} MiB")
    raise SystemExit(code or int(not ready.is_success))


if __name__ == "__main__":
    main()
