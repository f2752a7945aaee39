"""The web console: static files of `console/web` at `/` and `/console/`, under a policy that allows nothing inline.

The files say nothing that is secret and ask for no key; what they show comes through the doors of the API. Browsers ask
each time whether a file has changed, and get 304 where it has not, so that a new version of the server is a new console
at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from lingting import console
from lingting.api.http.aliyun_token import create_token
from lingting.api.http.doors import doors_of
from lingting.api.http.pages import page_headers

__all__ = ["FILES", "POLICY", "router"]

router = APIRouter(include_in_schema=False)

FOLDER = Path(console.__file__).parent / "web"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""blob: is what the browser holds already: the recording that was chosen. Trusted Types: no text becomes markup."""
CACHING = "no-cache"
MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
START = "index.html"
HEADERS = page_headers(POLICY, microphone="(self)") | {"Cache-Control": CACHING}


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    media_type: str
    tag: str
    """Of what it holds, as `ETag` has it."""


def _read(path: Path) -> _File:
    content = path.read_bytes()
    return _File(content, MEDIA_TYPES[path.suffix], f'"{sha256(content).hexdigest()[:32]}"')


FILES = {
    path.relative_to(FOLDER).as_posix(): _read(path) for path in sorted(FOLDER.rglob("*")) if path.suffix in MEDIA_TYPES
}
"""By their paths; read once: some two hundred kilobytes."""


@router.get("/")
async def start(request: Request) -> Response:
    """The page, but for Aliyun's clients, which ask for tokens here."""
    if "Action" in request.query_params and "aliyun" in doors_of(request).vendors:
        return await create_token(request)
    return _answer(request, START)


@router.get("/console/{path:path}")
async def part(request: Request, path: str) -> Response:
    return _answer(request, path)


def _answer(request: Request, path: str) -> Response:
    file = FILES.get(path)
    if file is None:
        raise HTTPException(404)
    headers = HEADERS | {"ETag": file.tag}
    if file.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)
