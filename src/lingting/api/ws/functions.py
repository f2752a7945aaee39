"""What a client says of its own functions, which the language model may call: read and bounded. Pure."""

from __future__ import annotations

import json

from lingting.api.http.fields import is_encodable
from lingting.dialogue.chat.chat_models import TOOL_NAME, Tool
from lingting.domain.errors import InvalidOption

__all__ = ["MAX_OUTPUT_CHARACTERS", "read_functions"]

MAX_FUNCTIONS = 64
MAX_CHARACTERS = 32_000
"""Of all of them together, as JSON: they are sent with each question."""
MAX_OUTPUT_CHARACTERS = 16_000
"""Of what became of one call."""
NO_PARAMETERS = {"type": "object", "properties": {}}


def read_functions(path: str, value: object) -> tuple[Tool, ...]:
    """
    raises    InvalidOption, with the path of the field
    """
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MAX_FUNCTIONS:
        raise InvalidOption(path, f"has to be a list of at most {MAX_FUNCTIONS} functions")
    tools = tuple(_read(f"{path}[{i}]", each) for i, each in enumerate(value))
    if len({tool.name for tool in tools}) < len(tools):
        raise InvalidOption(path, "names a function twice")
    written = json.dumps(value, ensure_ascii=False)
    if len(written) > MAX_CHARACTERS or not is_encodable(written):
        raise InvalidOption(path, f"have more than {MAX_CHARACTERS} characters, or some that are no text")
    return tools


def _read(path: str, value: object) -> Tool:
    if not isinstance(value, dict):
        raise InvalidOption(path, "is no object")
    if value.get("type", "function") != "function":
        raise InvalidOption(f"{path}.type", "has to be 'function'; servers of tools (MCP) are not offered")
    name, description = value.get("name"), value.get("description") or ""
    parameters = value.get("parameters") or NO_PARAMETERS
    if not isinstance(name, str) or not TOOL_NAME.fullmatch(name):
        raise InvalidOption(f"{path}.name", "has to be 1 to 64 letters, digits, _ and -")
    if not isinstance(description, str):
        raise InvalidOption(f"{path}.description", "is no text")
    if not isinstance(parameters, dict):
        raise InvalidOption(f"{path}.parameters", "is no JSON schema of an object")
    return Tool(name, description, parameters)
