"""The /docs page, served whole from this machine: no script, style or font comes from elsewhere."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from swagger_ui_bundle import swagger_ui_path

from lingting.api.http.pages import page_headers

__all__ = ["document", "in_forms"]

POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Inline, because the page that starts Swagger UI is written that way; nothing a caller sends is on it."""


def in_forms(*media_types: str) -> dict[int | str, dict[str, Any]]:  # Any: OpenAPI
    """For a route's `responses`: what its answer may come as, besides JSON."""
    return {200: {"content": {media_type: {"schema": _form(media_type)} for media_type in media_types}}}


def _form(media_type: str) -> dict[str, str]:
    """Of events, the document's readers take the fields; of anything else, the text."""
    return {} if media_type == "text/event-stream" else {"type": "string"}


def document(app: FastAPI) -> None:
    """Serve the page and what it is made of."""
    app.mount("/docs/static", StaticFiles(directory=swagger_ui_path), name="docs-static")

    @app.get("/docs", include_in_schema=False)
    async def page() -> HTMLResponse:
        answer = get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Lingting",
            swagger_js_url="/docs/static/swagger-ui-bundle.js",
            swagger_css_url="/docs/static/swagger-ui.css",
            swagger_favicon_url="/docs/static/favicon-32x32.png",
        )
        answer.headers.update(page_headers(POLICY))
        return answer
