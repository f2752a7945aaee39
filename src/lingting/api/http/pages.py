"""Headers of the pages that this server shows to browsers: what they may load, and what they may not do."""

from __future__ import annotations

__all__ = ["page_headers"]

_ALWAYS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def page_headers(policy: str) -> dict[str, str]:
    """policy: the Content-Security-Policy"""
    return {"Content-Security-Policy": policy, **_ALWAYS}
