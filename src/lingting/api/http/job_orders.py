"""What a caller hands in as jobs: a form with recordings, or JSON with URLs; every refusal names its field."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from lingting.api.access import call_of, named
from lingting.api.http.asking import MODEL_SCHEMA, read_model
from lingting.api.http.doors import doors_of
from lingting.api.http.fields import REDACT_SCHEMA, Fields, read_options, read_pcm
from lingting.api.http.hotword_fields import HOTWORD_SCHEMA
from lingting.api.http.intents import read_matcher, read_publish
from lingting.api.http.uploads import read_json, recording_of
from lingting.domain import Call, RecognizeOptions
from lingting.domain.errors import InvalidOption
from lingting.jobs.desk import Order, Wanted
from lingting.jobs.parts import MAX_PRIORITY
from lingting.security.urls import UrlGuard
from lingting.storage.jobs.job_codec import JobSpec

__all__ = ["JOB_BODY", "order_of_form", "order_of_json"]

DEFAULT_PRIORITY = 5
MAX_METADATA_CHARACTERS = 4_096
MAX_NAME_CHARACTERS = 200
KEY = re.compile(r"[\x21-\x7e]{1,160}")
"""What an idempotency key may be: visible ASCII, as UUIDs and hashes are."""
IDEMPOTENCY_HEADER = "idempotency-key"
LISTS = ("hotwords", "hotword_packs")
"""Fields of JSON that need not be plain."""

_STRING, _FLAG = {"type": "string"}, {"type": "boolean"}
_OPTIONS: dict[str, Any] = {  # Any: OpenAPI
    "language": _STRING,
    "prompt": _STRING,
    "task": _STRING,
    "script": _STRING,
    "channel": _STRING,
    **MODEL_SCHEMA,
    **REDACT_SCHEMA,
    **HOTWORD_SCHEMA,
    "channel_names": {"type": "string", "description": "of split channels, with commas between: agent,customer"},
    "speakers": {"type": "string", "description": "tell persons apart by their voices: how many at most, or auto"},
    "mood": {"type": "boolean", "description": "say how each segment sounds, and how the conversation went"},
    "intents": {"type": "string", "description": "a pack of commands: the result says what each segment asks for"},
    "publish": {"type": "boolean", "description": "have the commands that are found told to others"},
    "words": {"type": "boolean", "default": True, "description": "keep the time of each word"},
    "priority": {"type": "integer", "minimum": 0, "maximum": MAX_PRIORITY, "default": DEFAULT_PRIORITY},
    "user": {"type": "string", "description": "your own name for whose speech it is, to find and erase it by"},
    "store": {"type": "boolean", "description": "false keeps the transcript out of the history"},
}
_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {"type": "array", "items": {"type": "string", "format": "binary"}},
        **_OPTIONS,
        "metadata": {"type": "string", "description": "a JSON object, given back as it is"},
        "callback_url": _STRING,
        "callback_include_result": _FLAG,
    },
}
_JSON = {
    "type": "object",
    "properties": {
        "url": {"type": "string", "format": "uri"},
        "urls": {"type": "array", "items": {"type": "string", "format": "uri"}},
        **_OPTIONS,
        "metadata": {"type": "object"},
        "callback": {"type": "object", "properties": {"url": _STRING, "include_result": _FLAG}},
    },
}
JOB_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": {"schema": _FORM}, "application/json": {"schema": _JSON}},
    }
}


async def order_of_form(
    request: Request, form: FormData, defaults: RecognizeOptions, guard: UrlGuard, *, max_batch: int
) -> Order:
    """raises    InvalidInput"""
    texts = {name: value for name, value in form.items() if isinstance(value, str)}
    fields = Fields(dict(request.query_params) | texts)
    uploads = [each for each in form.getlist("file") if isinstance(each, UploadFile)]
    if not uploads:
        raise InvalidOption("file", "is missing; send one or more recordings in fields of this name")
    if len(uploads) > max_batch:
        raise InvalidOption("file", f"{len(uploads)} recordings; at most {max_batch} at once")
    metadata = _metadata(_parsed(fields.text("metadata")))
    callback = fields.text("callback_url"), fields.flag("callback_include_result")
    spec = _spec(request, fields, defaults, guard, metadata=metadata, callback=callback)
    wanted = [
        Wanted(replace(spec, name=(each.filename or "audio")[:MAX_NAME_CHARACTERS]), await recording_of(each))
        for each in uploads
    ]
    return _order(request, fields, wanted, is_batch=len(wanted) > 1)


async def order_of_json(request: Request, defaults: RecognizeOptions, guard: UrlGuard, *, max_batch: int) -> Order:
    """raises    InvalidInput"""
    body = await read_json(request)
    urls = _urls(body, max_batch)
    scalars = {name: value for name, value in body.items() if name in LISTS or not isinstance(value, dict | list)}
    fields = Fields(scalars)
    callback = body.get("callback") or {}
    if not isinstance(callback, dict):
        raise InvalidOption("callback", 'is no object; send {"url": …}')
    named_fields = Fields(callback)
    told = named_fields.text("url"), named_fields.flag("include_result")
    spec = _spec(request, fields, defaults, guard, metadata=_metadata(body.get("metadata")), callback=told)
    param = "urls" if "urls" in body else "url"
    wanted = []
    for url in urls:
        address = guard.check(url, param=param)
        name = address.target.partition("?")[0].rpartition("/")[2][:MAX_NAME_CHARACTERS]
        wanted.append(Wanted(replace(spec, url=address.url, name=name or address.host)))
    return _order(request, fields, wanted, is_batch="urls" in body)


def _urls(body: Mapping[str, Any], max_batch: int) -> Sequence[str]:  # Any: what was sent
    if ("url" in body) == ("urls" in body):
        raise InvalidOption("url", "send either url or urls, or the recording itself as multipart/form-data")
    urls = body["urls"] if "urls" in body else [body["url"]]
    if not isinstance(urls, list) or not urls or not all(isinstance(url, str) for url in urls):
        raise InvalidOption("urls" if "urls" in body else "url", "is no text, or no list of texts")
    if len(urls) > max_batch:
        raise InvalidOption("urls", f"{len(urls)} recordings; at most {max_batch} at once")
    return urls


def _spec(  # noqa: PLR0913, PLR0917 - the parts of a request
    request: Request,
    fields: Fields,
    defaults: RecognizeOptions,
    guard: UrlGuard,
    metadata: Mapping[str, object],
    callback: tuple[str | None, bool],
) -> JobSpec:
    """What all recordings of a request share."""
    url, includes_result = callback
    shelf = doors_of(request).services.hotwords
    call: Call = named(call_of(request), fields.text("user"))
    matcher = read_matcher(request, fields)
    publishes = read_publish(request, fields)
    if publishes and matcher is None:
        raise InvalidOption("publish", "needs a pack of commands; name it in the field intents")
    options = read_options(fields, defaults, shelf=shelf)
    return JobSpec(
        options=read_model(request, fields, replace(options, word_times=fields.flag("words", default=True))),
        pcm=read_pcm(fields),
        callback_url=guard.check(url, param="callback", is_callback=True).url if url else None,
        callback_includes_result=includes_result,
        metadata=metadata,
        user=call.user,
        keep=None if fields.flag("store", default=True) else False,
        intents="" if matcher is None else matcher.pack.name,
        publishes=publishes,
        request_id=call.request_id,
    )


def _order(request: Request, fields: Fields, wanted: Sequence[Wanted], *, is_batch: bool) -> Order:
    priority = fields.whole("priority")
    priority = DEFAULT_PRIORITY if priority is None else priority
    if not 0 <= priority <= MAX_PRIORITY:
        raise InvalidOption("priority", f"{priority} is outside 0, the most urgent, to {MAX_PRIORITY}")
    key = request.headers.get(IDEMPOTENCY_HEADER)
    if key is not None and not KEY.fullmatch(key):
        raise InvalidOption("Idempotency-Key", "give 1 to 160 visible ASCII characters")
    return Order(wanted, priority, key, is_batch=is_batch)


def _parsed(text: str | None) -> object:
    if text is None:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise InvalidOption("metadata", "is not JSON; send one JSON object") from problem


def _metadata(value: object) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidOption("metadata", "is no JSON object")
    if len(json.dumps(value)) > MAX_METADATA_CHARACTERS:
        raise InvalidOption("metadata", f"is longer than {MAX_METADATA_CHARACTERS} characters as JSON")
    return value
