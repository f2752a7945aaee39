"""What callers send, read in a bounded way: multipart forms with a file, and JSON with audio in base64."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from lingting.api.http.plain_forms import plain_boundary, read_plain_form
from lingting.audio.decode import AudioSource
from lingting.domain import PcmFormat
from lingting.domain.errors import AudioUndecodable, InvalidInput, InvalidOption

__all__ = ["Recording", "decode_base64", "read_form", "read_json", "read_recording", "recording_of", "source_of"]

MAX_FIELDS = 128
MAX_FIELD_BYTES = 64 * 1024
IN_MEMORY_BYTES = 1024 * 1024
"""Starlette keeps a smaller upload in memory; a larger one is a file on disk already."""
THREAD_FROM_CHARACTERS = 256 * 1024
"""Decoding more base64 than this takes over a millisecond."""


@asynccontextmanager
async def read_form(request: Request, *, max_files: int = 1) -> AsyncIterator[FormData]:
    """The fields of a multipart form; uploads are removed on leaving.

    raises    InvalidInput, AudioTooLarge, UploadStalled
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise InvalidInput("send the audio as multipart/form-data, in a field of its own")
    form: FormData | None = None
    boundary = plain_boundary(request.headers["content-type"])
    if boundary is not None and _declares_at_most(request, IN_MEMORY_BYTES):
        form = read_plain_form(await request.body(), boundary, max_field_bytes=MAX_FIELD_BYTES)
    try:
        if form is None:
            bounds = {"max_files": max_files, "max_fields": MAX_FIELDS, "max_part_size": MAX_FIELD_BYTES}
            form = await _WholeForm(request.headers, request.stream(), **bounds).parse()
    except MultiPartException as error:
        raise InvalidInput(f"the form cannot be read: {error.message}") from error
    try:
        yield form
    finally:
        await form.close()


def _declares_at_most(request: Request, most_bytes: int) -> bool:
    declared = request.headers.get("content-length", "")
    return declared.isdecimal() and declared.isascii() and int(declared) <= most_bytes


class _WholeForm(MultiPartParser):
    """Refuses a form that ends before its last boundary; Starlette would drop what it was in the middle of."""

    has_ended = False

    def on_end(self) -> None:
        self.has_ended = True

    async def parse(self) -> FormData:
        form = await super().parse()
        if self.has_ended:
            return form
        for file in self._files_to_close_on_error:
            file.close()
        raise MultiPartException("it ends before its last boundary; send it again")


async def source_of(form: FormData, field: str, *, pcm: PcmFormat | None = None) -> AudioSource:
    """The uploaded file in a field, without reading a large one into memory.

    raises    InvalidOption when the field is missing or holds no file
    """
    upload = form.get(field)
    if not isinstance(upload, UploadFile):
        raise InvalidOption(field, "is missing; send the audio file in this field")
    name = (upload.filename or "audio")[:200]
    recording = await recording_of(upload)
    if isinstance(recording, bytes):
        return AudioSource(data=recording, pcm=pcm, name=name)
    return AudioSource(path=recording, pcm=pcm, name=name)


async def recording_of(upload: UploadFile) -> Path | bytes:
    """What was uploaded: a small file itself, a large one as a path that lasts as long as the form."""
    if (upload.size or 0) <= IN_MEMORY_BYTES:
        return await upload.read()
    await asyncio.to_thread(upload.file.flush)
    return Path(f"/dev/fd/{upload.file.fileno()}")


@dataclass(frozen=True, slots=True)
class Recording:
    """A body that is a recording."""

    content: Path | bytes
    sha256: str


@asynccontextmanager
async def read_recording(request: Request) -> AsyncIterator[Recording]:
    """The body itself, on disk if it is large; gone on leaving.

    raises    AudioUndecodable when it is empty; AudioTooLarge, UploadStalled
    """
    digest, size_bytes = hashlib.sha256(), 0
    with tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES) as file:
        async for piece in request.stream():
            digest.update(piece)
            size_bytes += len(piece)
            if size_bytes > IN_MEMORY_BYTES:
                await asyncio.to_thread(file.write, piece)
            else:
                file.write(piece)
        if not size_bytes:
            raise AudioUndecodable("the body is empty; send the recording as the body")
        file.seek(0)
        if size_bytes <= IN_MEMORY_BYTES:
            yield Recording(file.read(), digest.hexdigest())
        else:
            yield Recording(Path(f"/dev/fd/{file.fileno()}"), digest.hexdigest())


async def read_json(request: Request) -> dict[str, Any]:  # Any: whatever the caller wrote
    """The body as one JSON object.

    raises    InvalidInput, AudioTooLarge, UploadStalled
    """
    body = await request.body()
    try:
        value = await asyncio.to_thread(json.loads, body) if len(body) > THREAD_FROM_CHARACTERS else json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("the body is not JSON; send one JSON object") from error
    if not isinstance(value, dict):
        raise InvalidInput("the body is JSON but no object; send one JSON object")
    return value


async def decode_base64(text: str) -> bytes:
    """Strict base64, with or without a data URI in front.

    raises    AudioUndecodable
    """
    if text.startswith("data:"):
        _, _, text = text.partition(",")
    try:
        if len(text) > THREAD_FROM_CHARACTERS:
            return await asyncio.to_thread(_decode, text)
        return _decode(text)
    except (binascii.Error, ValueError) as error:
        raise AudioUndecodable("audio is not base64", param="audio") from error


def _decode(text: str) -> bytes:
    return base64.b64decode("".join(text.split()), validate=True)
