"""One file from the Hugging Face hub, with resume.

huggingface_hub knows the addresses, the mirror (HF_ENDPOINT), the token and the checksum; its own download starts over
after a break, so the bytes are read here, with a Range header.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx2
from huggingface_hub import constants, get_hf_file_metadata, get_token, hf_hub_url

from lingting.domain.errors import ModelMissing
from lingting.engines.catalog_entries import HubSource

__all__ = ["HubFile", "download", "git_blob_sha1", "look_up"]

_ATTEMPTS = 5
"""Breaks in a row, with not one byte in between, before giving up."""
_TIMEOUT = httpx2.Timeout(30.0, connect=10.0)
_CHUNK_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class HubFile:
    """What the hub says about one file at one revision."""

    url: str
    etag: str
    """SHA-256 of large files, the git blob id of small ones."""
    size_bytes: int | None


def look_up(source: HubSource, name: str) -> HubFile:
    """raises    ModelMissing when the hub cannot be asked or has no such file"""
    if constants.HF_HUB_OFFLINE:
        raise ModelMissing(f"{source.repo} on the hub: HF_HUB_OFFLINE is set")
    url = hf_hub_url(source.repo, name, revision=source.revision)
    try:
        seen = get_hf_file_metadata(url)
    except (httpx2.HTTPError, OSError, ValueError) as problem:
        raise ModelMissing(f"{source.repo} on the hub: cannot be asked ({type(problem).__name__})") from problem
    if seen.etag is None:
        raise ModelMissing(f"{source.repo} on the hub: no checksum is given for {name}")
    return HubFile(url=url, etag=seen.etag, size_bytes=seen.size)


def download(file: HubFile, draft: Path, *, on_bytes: Callable[[int], None], pause_seconds: float = 1.0) -> None:
    """Write the file to `draft`, going on from what is there already.

    on_bytes        hears how many bytes came; a negative number takes back what had to be thrown away
    pause_seconds   between a break and the next try
    raises          ModelMissing
    """
    breaks = 0
    while file.size_bytes is None or _size_of(draft) < file.size_bytes:
        before = _size_of(draft)
        try:
            _read_rest(file.url, draft, before, on_bytes)
        except httpx2.TransportError as problem:
            breaks = 0 if _size_of(draft) > before else breaks + 1
            if breaks >= _ATTEMPTS:
                raise ModelMissing("the download from the hub kept breaking off") from problem
            time.sleep(pause_seconds)
        else:
            return


def git_blob_sha1(path: Path) -> str:
    """Return the id git gives these bytes. Source: git, hash-object."""
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    digest.update(path.read_bytes())
    return digest.hexdigest()


def _read_rest(url: str, draft: Path, begun_bytes: int, on_bytes: Callable[[int], None]) -> None:
    with (
        httpx2.Client(follow_redirects=True, timeout=_TIMEOUT) as client,
        client.stream("GET", url, headers=_headers(begun_bytes)) as answer,
    ):
        goes_on = answer.status_code == httpx2.codes.PARTIAL_CONTENT
        if begun_bytes and not goes_on:
            on_bytes(-begun_bytes)
            draft.unlink(missing_ok=True)
        if answer.is_error:
            raise ModelMissing(f"the hub answered {answer.status_code}")
        with draft.open("ab") as target:
            for chunk in answer.iter_raw(_CHUNK_BYTES):
                target.write(chunk)
                on_bytes(len(chunk))


def _headers(begun_bytes: int) -> dict[str, str]:
    headers = {"accept-encoding": "identity"}
    if begun_bytes:
        headers["range"] = f"bytes={begun_bytes}-"
    token = get_token()
    return headers | ({"authorization": f"Bearer {token}"} if token else {})


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
