"""What can be set of the language model. The key is not among it: only where it is found."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from lingting.domain import RedactMode
from lingting.domain.errors import SettingsInvalid
from lingting.engines.remote_address import address_problem, is_loopback

__all__ = ["ChatSettings"]

MAX_NAME_CHARACTERS = 200
MAX_PROMPT_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """Which server with OpenAI's chat completions is asked, and how.

    raises    SettingsInvalid, whose param is the setting's name
    """

    base_url: str = ""
    """With the path before "/chat/completions"; empty asks no model."""
    model: str = ""
    """As that server names it."""
    key_env: str = ""
    """The variable that holds the key; empty for a server that asks for none."""
    key_file: str = ""
    """A file that holds the key and nothing else; goes before the variable."""
    organization: str = ""
    project: str = ""
    allow_plain_http: bool = False
    """Let the key and what is said go unencrypted to a host that is not this machine."""
    use_proxies: bool = False
    """Those of the environment."""
    system_prompt: str = ""
    """What the model is told to be; empty takes one of ours, in the user's language."""
    redact: RedactMode = RedactMode.MASK
    """How personal data is hidden before it leaves: mask or tag; off only for a model on this machine."""
    restore_tags: bool = True
    """With `redact` as tag: give users their own data back where the reply has its tag."""
    temperature: float = 0.3
    max_tokens: int = 512
    """Of one reply."""
    history_tokens: int = 2_000
    """Of what was said before, the newest first."""
    tokens_per_day: int = 0
    """For each key, read and written; 0 has no bound."""
    max_connections: int = 16
    connect_seconds: float = 5.0
    answer_seconds: float = 30.0
    """Until the first word of a reply."""
    token_seconds: float = 15.0
    """Between two."""
    total_seconds: float = 120.0
    """For a reply, with all attempts."""
    max_retries: int = 2
    """Before the first word only."""
    backoff_seconds: float = 0.3
    """Before the first retry, where the server does not say; doubled for each further one."""
    tools: tuple[str, ...] = ()
    """Packs whose commands the model itself may call, for callers whose key has the scope `commands`."""
    tool_rounds: int = 3
    """How often in one reply it may call and be told what became of it."""
    cache: bool = True
    """Give the first question of a conversation the reply it had before; needs `cache.enabled`."""
    cache_similarity: float = 0.0
    """How near another question must be by meaning to be given the same reply, 0 to 1; 0 asks for the same words."""
    conversations: int = 1_000
    """Kept in memory; those that were quiet longest go first."""
    conversation_seconds: float = 1_800.0
    """Of quiet, before one is forgotten in memory."""
    keep_seconds: float = 2_592_000.0
    """How long one is stored after its last turn; 0 stores nothing, and so does a history that is off."""

    def __post_init__(self) -> None:
        for name in ("model", "organization", "project", "key_env"):
            value = getattr(self, name)
            if len(value) > MAX_NAME_CHARACTERS or not value.isprintable() or not value.isascii():
                raise _invalid(name, f"give at most {MAX_NAME_CHARACTERS} plain characters")
        if len(self.system_prompt) > MAX_PROMPT_CHARACTERS:
            raise _invalid("system_prompt", f"is longer than {MAX_PROMPT_CHARACTERS} characters")
        if not self.is_on:
            return
        problem = address_problem(self.base_url, allow_plain_http=self.allow_plain_http, allow_path=True)
        if problem:
            raise _invalid("base_url", problem)
        if not self.model:
            raise _invalid("model", "name a model of that server")
        if self.redact is RedactMode.TOKEN:
            raise _invalid("redact", "tokens would be read by the model as words; use mask or tag")
        if self.redact is RedactMode.OFF and not is_loopback(urlsplit(self.base_url).hostname or ""):
            raise _invalid("redact", "is off, but the model is not on this machine; use mask or tag")

    @property
    def is_on(self) -> bool:
        return bool(self.base_url)


def _invalid(name: str, problem: str) -> SettingsInvalid:
    return SettingsInvalid(f"chat.{name}: {problem}", param=f"chat.{name}")
