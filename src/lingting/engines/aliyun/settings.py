"""What can be set of the Aliyun engine. Secrets are not among it: only where they are found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from lingting.domain.errors import SettingsInvalid
from lingting.domain.languages import languages_problem
from lingting.engines.remote_address import address_problem, is_loopback

__all__ = ["AliyunSettings", "Mode"]

Mode = Literal["auto", "rest", "recognizer", "transcriber"]

_RANGES = {
    "max_concurrent": (1, 10_000),
    "max_waiting": (0, 100_000),
    "per_second": (0.1, 10_000.0),
    "pool_size": (0, 1_000),
    "connect_seconds": (0.1, 60.0),
    "answer_seconds": (0.1, 120.0),
    "total_seconds": (0.1, 600.0),
    "attempts": (1, 20),
    "backoff_seconds": (0.0, 10.0),
    "breaker_failures": (1, 1_000),
    "breaker_seconds": (0.01, 600.0),
    "speedup": (1.0, 1_000.0),
}
_REGION = re.compile(r"[a-z]{2}-[a-z0-9-]{2,30}")
_SCHEMES = {"http": "ws", "https": "wss"}


@dataclass(frozen=True, slots=True)
class AliyunSettings:
    """Which service of which region, how it is asked, and where the credentials are.

    raises    SettingsInvalid
    """

    mode: Mode = "auto"
    """rest and recognizer give text, transcriber word times too; auto takes it where they are asked for, else rest."""
    region: str = "cn-shanghai"
    gateway_url: str = ""
    """"https://host[:port]" of the gateway; empty for that of the region."""
    token_url: str = ""
    """Where tokens are made; empty for that of the region."""
    allow_plain_http: bool = False
    """Let credentials and speech go unencrypted to a host that is not this machine."""
    credentials_file: str = ""
    """JSON or INI with appkey, access_key_id, access_key_secret, or appkey and token; what it lacks is looked for in
    the environment."""
    appkey_env: str = "ALIYUN_NLS_APPKEY"
    access_key_id_env: str = "ALIBABA_CLOUD_ACCESS_KEY_ID"
    access_key_secret_env: str = "ALIBABA_CLOUD_ACCESS_KEY_SECRET"  # noqa: S105  the name of a variable
    token_env: str = "ALIYUN_NLS_TOKEN"  # noqa: S105  the name of a variable
    """A token that somebody else renews; used where there is no access key."""
    languages: tuple[str, ...] = ("zh", "en")
    """What the project behind the appkey understands."""
    max_concurrent: int = 10
    """Tasks at once; what the appkey is allowed, or this engine's share of it."""
    max_waiting: int = 2_000
    """Calls that wait for their turn; more are refused at once."""
    per_second: float = 20.0
    """Tasks begun in a second, evenly spread."""
    pool_size: int = 10
    """Idle connections that are kept for the next call; 0 opens one for each."""
    connect_seconds: float = 5.0
    answer_seconds: float = 20.0
    """Without any word of the service, before it counts as away."""
    total_seconds: float = 60.0
    """For a call, with its waiting and all its attempts."""
    attempts: int = 4
    backoff_seconds: float = 0.2
    """Before the second attempt; doubled for each further one, with a random part."""
    breaker_failures: int = 10
    """Attempts in a row that fail before the service is left alone."""
    breaker_seconds: float = 10.0
    """How long, before one call tries whether it is back."""
    speedup: float = 20.0
    """How much quicker than it was spoken speech is sent over a socket."""
    punctuation: bool = True
    disfluency: bool = False
    """Leave out "um" and repeated words."""
    vocabulary_id: str = ""
    customization_id: str = ""

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise _invalid(name, f"{value} is outside {low} to {high}")
        if self.mode not in ("auto", "rest", "recognizer", "transcriber"):
            raise _invalid("mode", f"{self.mode!r} is none of auto, rest, recognizer, transcriber")
        if not _REGION.fullmatch(self.region):
            raise _invalid("region", f"{self.region!r} is no region like cn-shanghai")
        for name in ("gateway_url", "token_url"):
            url = getattr(self, name)
            problem = address_problem(url, allow_plain_http=self.allow_plain_http) if url else ""
            if problem:
                raise _invalid(name, problem)
        self._check_languages()

    @property
    def http_url(self) -> str:
        """Of the gateway, without a path."""
        return self.gateway_url.rstrip("/") or f"https://nls-gateway-{self.region}.aliyuncs.com"

    @property
    def socket_url(self) -> str:
        scheme, _, rest = self.http_url.partition("://")
        return f"{_SCHEMES[scheme]}://{rest}/ws/v1"

    @property
    def maker_url(self) -> str:
        """Where tokens are made, without a path."""
        return self.token_url.rstrip("/") or f"https://nls-meta.{self.region}.aliyuncs.com"

    @property
    def uses_proxies(self) -> bool:
        """Those of the environment; none leads to this very machine."""
        return not is_loopback(urlsplit(self.http_url).hostname or "")

    def _check_languages(self) -> None:
        if problem := languages_problem(self.languages):
            raise _invalid("languages", problem)


def _invalid(name: str, problem: str) -> SettingsInvalid:
    return SettingsInvalid(f"aliyun.{name}: {problem}", param=f"aliyun.{name}")
