"""Headers of the pages that this server shows to browsers: what they may load, and what they may not do."""

from __future__ import annotations

__all__ = ["page_headers"]

_ALWAYS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_REFUSED = "camera=(), display-capture=(), geolocation=(), microphone={microphone}, payment=(), usb=()"


def page_headers(policy: str, *, microphone: str = "()") -> dict[str, str]:
    """
    policy      the Content-Security-Policy
    microphone  who may ask for it, as Permissions-Policy says: `()` nobody, `(self)` the page itself
    """
    permissions = _REFUSED.format(microphone=microphone)
    return {"Content-Security-Policy": policy, "Permissions-Policy": permissions, **_ALWAYS}
