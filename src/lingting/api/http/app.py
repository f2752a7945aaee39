"""Builds the FastAPI application: routes, error answers, and the frame round every request."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from importlib.metadata import version
from types import ModuleType

from fastapi import FastAPI

from lingting.api.http import (
    admin_audit,
    aliyun,
    aliyun_token,
    callbacks,
    chat,
    console,
    conversations,
    deepgram,
    health,
    history,
    hotwords,
    intents,
    jobs,
    keys,
    models,
    openai,
    overlay,
    realtime,
    rest,
    reveal,
    rooms,
    speech,
    subtitle_files,
    text_notes,
    usage,
)
from lingting.api.http.answers import answer_errors
from lingting.api.http.documentation import document
from lingting.api.http.doors import Doors
from lingting.api.http.error_documents import describe_errors
from lingting.api.http.gate import AddressGate
from lingting.api.http.middleware import BodyBounds, RequestFrame
from lingting.api.ws import viewer
from lingting.api.ws.routes import socket_routes

__all__ = ["build_app"]

DESCRIPTION = "Speech to text on your own hardware. Every error has a stable code; every answer has X-Request-ID."
VENDORS: tuple[tuple[str, ModuleType], ...] = (
    ("aliyun", aliyun),
    ("aliyun", aliyun_token),
    ("deepgram", deepgram),
)
"""The HTTP routes of other vendors' protocols, by the door of `[doors]` that opens them; their sockets are rows of
`api/ws/routes.py`."""
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def build_app(doors: Doors, *, lifespan: Lifespan | None = None) -> FastAPI:
    """An application over the doors' services, which may be opened after it has begun to answer."""
    app = FastAPI(
        title="Lingting",
        version=version("lingting"),
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.doors = doors
    for module in (
        rest,
        openai,
        speech,
        realtime,
        rooms,
        history,
        hotwords,
        intents,
        reveal,
        text_notes,
        subtitle_files,
        chat,
        conversations,
        jobs,
        callbacks,
        keys,
        models,
        usage,
        admin_audit,
        overlay,
        health,
        viewer,
    ):
        app.include_router(module.router)
    if doors.has_console:
        app.include_router(console.router)  # before Aliyun's, which it asks for what is theirs
    for name, module in VENDORS:
        if name in doors.vendors:
            app.include_router(module.router)
    app.include_router(socket_routes(doors.vendors))
    document(app)
    describe_errors(app)
    answer_errors(app)
    app.add_middleware(BodyBounds, limits=doors.limits)
    app.add_middleware(AddressGate, allowlist=doors.allowlist)
    app.add_middleware(RequestFrame)
    return app
