"""Writes docs/postman.json, a collection for Postman (v2.1), from the OpenAPI document of the server.

usage: python scripts/make_postman.py [--check]

One request for each operation, in folders by tag; bodies are examples of what the document describes. The variables are
`base_url`, `key` and, for subtitle rooms, `room_token`. `--check` writes nothing and ends with 1 when the file is not
what the document says.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any  # Any: of the OpenAPI document, which is JSON

from lingting.api.http.app import build_app
from lingting.api.http.doors import Doors, HttpLimits
from lingting.domain import RecognizeOptions
from lingting.settings.sections import DoorSettings

FILE = Path(__file__).parents[1] / "docs" / "postman.json"
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
SAMPLES = {"string": "", "integer": 0, "number": 0.0, "boolean": False, "array": [], "object": {}}
VARIABLES = {"base_url": "http://127.0.0.1:8000", "key": "", "room_token": ""}
EXAMPLES = {
    "audio": "PASTE BASE64 HERE",
    "input": "Hello there.",
    "model": "tts-1",
    "message": "今天星期几？",
    "pack": "home",
    "text": "请把客厅的灯打开",
    "title": "A talk",
}
"""Of fields, by name, where the document gives none."""
JSON = "application/json"
FORM = "multipart/form-data"


def main(arguments: list[str]) -> int:
    drawn = json.dumps(render(), ensure_ascii=False, indent=1) + "\n"
    if "--check" in arguments:
        is_true = FILE.read_text(encoding="utf-8") == drawn
        if not is_true:
            print("docs/postman.json is not what the OpenAPI document says; run: python scripts/make_postman.py")
        return not is_true
    FILE.write_text(drawn, encoding="utf-8")
    return 0


def render() -> dict[str, object]:
    """The whole collection, of a server with every door open."""
    vendors = tuple(DoorSettings.model_fields)
    document = build_app(Doors(HttpLimits(), RecognizeOptions(), vendors=vendors)).openapi()
    folders: dict[str, list[object]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            item = _item(document, method.upper(), path, operation)
            folders.setdefault(operation["tags"][0], []).append(item)
    return {
        "info": {"name": "Lingting", "description": "Made by scripts/make_postman.py.", "schema": SCHEMA},
        "auth": _bearer("key"),
        "variable": [{"key": name, "value": value} for name, value in VARIABLES.items()],
        "item": [{"name": name, "item": items} for name, items in folders.items()],
    }


def _bearer(variable: str) -> dict[str, object]:
    return {"type": "bearer", "bearer": [{"key": "token", "value": f"{{{{{variable}}}}}", "type": "string"}]}


def _item(document: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any]) -> dict[str, object]:
    request: dict[str, object] = {"method": method, "url": _url(path, operation.get("parameters", []))}
    headers = [_named(each, disabled=True) for each in operation.get("parameters", []) if each["in"] == "header"]
    content = operation.get("requestBody", {}).get("content", {})
    if content:
        request["body"], kind = _body(document, content)
        headers += [{"key": "Content-Type", "value": kind}] if kind == JSON else []
    if headers:
        request["header"] = headers
    if "{room}" in path:
        request["auth"] = _bearer("room_token")
    elif not operation.get("security"):
        request["auth"] = {"type": "noauth"}
    return {"name": f"{method} {path}: {operation['summary']}", "request": request, "response": []}


def _url(path: str, parameters: list[dict[str, Any]]) -> dict[str, object]:
    spelled = re.sub(r"\{(\w+)(?::\w+)?\}", r":\1", path)
    url: dict[str, object] = {"raw": f"{{{{base_url}}}}{spelled}", "host": ["{{base_url}}"]}
    url["path"] = spelled.strip("/").split("/")
    named = [each["name"] for each in parameters if each["in"] == "path"]
    if named:
        url["variable"] = [{"key": name, "value": ""} for name in named]
    queries = [_named(each, disabled=not each.get("required")) for each in parameters if each["in"] == "query"]
    if queries:
        url["query"] = queries
    return url


def _named(parameter: Mapping[str, Any], *, disabled: bool) -> dict[str, object]:
    value = parameter.get("schema", {}).get("default", "")
    row: dict[str, object] = {"key": parameter["name"], "value": _text(value)}
    if parameter.get("description"):
        row["description"] = parameter["description"]
    return row | ({"disabled": True} if disabled else {})


def _body(document: Mapping[str, Any], content: Mapping[str, Any]) -> tuple[dict[str, object], str]:
    """A form where one is taken, else JSON, else a file."""
    if FORM in content:
        schema = _resolved(document, content[FORM].get("schema", {}))
        return {"mode": "formdata", "formdata": _fields(document, schema)}, FORM
    if JSON in content and not any(kind.startswith("audio/") for kind in content):
        sample = _sample(document, content[JSON].get("schema", {})) or {}
        raw = json.dumps(sample, ensure_ascii=False, indent=2)
        return {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}, JSON
    return {"mode": "file", "file": {}}, next(iter(content))


def _fields(document: Mapping[str, Any], schema: Mapping[str, Any]) -> list[dict[str, object]]:
    required = set(schema.get("required", ()))
    rows: list[dict[str, object]] = []
    for name, field in schema.get("properties", {}).items():
        seen = _resolved(document, field)
        inner = _resolved(document, seen.get("items", {}))
        is_file = "binary" in (seen.get("format"), inner.get("format")) or "contentMediaType" in {*seen, *inner}
        row: dict[str, object] = {"key": name, "type": "file" if is_file else "text"}
        row |= {"src": []} if is_file else {"value": _text(_sample(document, field))}
        rows.append(row | ({} if name in required or name == "file" else {"disabled": True}))
    return rows


def _sample(document: Mapping[str, Any], schema: Mapping[str, Any]) -> object:
    """The default or the example that a schema gives, else what is required of it."""
    seen = _resolved(document, schema)
    for name in ("default", "example", "const"):
        if name in seen:
            return seen[name]
    if seen.get("examples"):
        return seen["examples"][0]
    if seen.get("enum"):
        return seen["enum"][0]
    if seen.get("properties"):
        shown = set(seen.get("required", ())) or EXAMPLES.keys()
        fields = {name: field for name, field in seen["properties"].items() if name in shown}
        return {name: EXAMPLES.get(name) or _sample(document, field) for name, field in fields.items()}
    return SAMPLES.get(str(seen.get("type", "string")), "")


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Behind a reference, and the first of several shapes."""
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema and "default" not in schema:
            return _resolved(document, schema[choice][0])
    if "$ref" not in schema:
        return schema
    found: Any = document
    for part in schema["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return _resolved(document, found)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
