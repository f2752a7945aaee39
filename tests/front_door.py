"""The nginx of this machine, with the configuration that is shipped, on ports of the test's own."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from absent import absent

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
CONFIGURATIONS = Path(__file__).parents[1] / "deploy" / "nginx"
START_SECONDS = 20.0
MAIN = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/*.conf;
}}
"""


@dataclass(frozen=True)
class FrontDoor:
    """An nginx that runs."""

    ports: dict[str, int]
    """By what the shipped file names: `443`, `80`, `127.0.0.1:8081`."""
    folder: Path

    def log(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def placed(name: str, folder: Path, ports: dict[str, int], changes: dict[str, str]) -> Path:
    """The shipped file with its addresses and paths moved; nothing else of it changes.

    ports     filled with a free port for each address that it listens on
    changes   further text to replace; each must be there
    """
    text = (CONFIGURATIONS / name).read_text(encoding="utf-8")
    text = re.sub(r"^\s*listen \[::\].*\n", "", text, flags=re.MULTILINE)
    for address in re.findall(r"^\s*listen (\S+?)[ ;]", text, flags=re.MULTILINE):
        ports[address] = free_port()
        text = re.sub(rf"(?m)^(\s*listen ){re.escape(address)}(?=[ ;])", rf"\g<1>127.0.0.1:{ports[address]}", text)
    for old, new in changes.items():
        assert old in text, f"{name} has no {old!r}"
        text = text.replace(old, new)
    file = folder / name
    file.write_text(text.replace("/var/log/nginx", str(folder)), encoding="utf-8")
    return file


def command(folder: Path, *arguments: str) -> list[str]:
    """nginx with the files of this folder."""
    if NGINX is None:
        absent("no nginx here; apt-get install nginx-light to run this")
    main = folder / "main"
    user = "user root;" if os.geteuid() == 0 else ""
    main.write_text(MAIN.format(folder=folder, user=user), encoding="utf-8")
    return [NGINX, "-p", str(folder), "-c", str(main), "-e", str(folder / "error.log"), *arguments]


@contextmanager
def front_door(folder: Path, ports: dict[str, int]) -> Iterator[FrontDoor]:
    """nginx, once it listens everywhere; stopped at the end."""
    process = subprocess.Popen(command(folder), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        _wait_until_it_listens(process, ports)
        yield FrontDoor(ports, folder)
    finally:
        process.terminate()
        process.communicate(timeout=START_SECONDS)


def _wait_until_it_listens(process: subprocess.Popen[str], ports: dict[str, int]) -> None:
    deadline = time.monotonic() + START_SECONDS
    for port in ports.values():
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    process.kill()
                    raise AssertionError(f"nginx did not start: {process.communicate()[1]}") from None
                time.sleep(0.02)
