"""Aliyun's messages: what is asked, how it is signed, what an answer means. Pure.

Source: the public protocol pages of ISI, and what its SDKs send and take.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlencode

from lingting.crypto import sign_rpc
from lingting.engines.aliyun.faults import Fault, FaultKind

__all__ = [
    "OK",
    "REST_PATH",
    "SILENT",
    "Event",
    "Service",
    "TaskHead",
    "Wishes",
    "command",
    "fault_of",
    "number_of",
    "parse_event",
    "parse_rest",
    "parse_token",
    "rest_target",
    "senseless",
    "start_payload",
    "text_of",
    "token_query",
]

OK = 20_000_000
SILENT = 40_270_002
"""Nothing was said: an answer, not a fault."""
REST_PATH = "/stream/v1/asr"
RATE_HZ = 16_000
MAX_TEXT_CHARACTERS = 20_000
"""Of a minute of speech; more is not an answer to it."""
TOKEN_API_VERSION = "2019-02-28"  # noqa: S105  of the API

_KINDS = {
    40_000_001: FaultKind.TOKEN,
    40_000_004: FaultKind.BROKEN_OFF,  # idle for too long
    40_000_005: FaultKind.THROTTLED,
    40_010_003: FaultKind.BROKEN_OFF,  # a directive at the wrong time, as on a connection it has forgotten
    43_040_001: FaultKind.THROTTLED,
    41_010_104: FaultKind.TOO_LONG,
    40_000_002: FaultKind.SENSELESS,
    41_010_101: FaultKind.SENSELESS,
    41_010_100: FaultKind.SENSELESS,
}


class Service(StrEnum):
    """Which of the two services over sockets, as its namespace."""

    SENTENCE = "SpeechRecognizer"
    REALTIME = "SpeechTranscriber"

    @property
    def verb(self) -> str:
        """Of its commands and events: Start…, Stop…, …Started, …Completed."""
        return "Recognition" if self is Service.SENTENCE else "Transcription"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked of a task beside its speech."""

    punctuation: bool
    itn: bool
    disfluency: bool = False
    words: bool = False
    vocabulary_id: str = ""
    customization_id: str = ""

    def fields(self) -> dict[str, str | bool | int]:
        """As all the services call them."""
        fields: dict[str, str | bool | int] = {
            "format": "pcm",
            "sample_rate": RATE_HZ,
            "enable_punctuation_prediction": self.punctuation,
            "enable_inverse_text_normalization": self.itn,
            "disfluency": self.disfluency,
        }
        named = {"vocabulary_id": self.vocabulary_id, "customization_id": self.customization_id}
        return fields | {name: value for name, value in named.items() if value}


@dataclass(frozen=True, slots=True)
class Event:
    """What the service says on a socket."""

    name: str
    status: int
    task_id: str
    payload: Mapping[str, Any]  # Any: JSON


@dataclass(frozen=True, slots=True)
class TaskHead:
    """What every command of one task repeats."""

    service: Service
    appkey: str = field(repr=False)
    task_id: str
    """32 hexadecimal digits, as message ids are."""


def command(name: str, head: TaskHead, message_id: str, payload: Mapping[str, Any] | None = None) -> str:  # Any: JSON
    """A text frame that says "Start" or "Stop"; `message_id` is of this frame only."""
    header = {
        "message_id": message_id,
        "task_id": head.task_id,
        "namespace": head.service.value,
        "name": f"{name}{head.service.verb}",
        "appkey": head.appkey,
    }
    sdk = {"name": "lingting", "version": "1", "language": "python"}
    whole: dict[str, Any] = {"header": header, "context": {"sdk": sdk}}  # Any: JSON
    return json.dumps(whole if payload is None else whole | {"payload": payload})


def start_payload(service: Service, wishes: Wishes) -> dict[str, Any]:  # Any: JSON
    if service is Service.SENTENCE:
        return {**wishes.fields(), "enable_intermediate_result": False}
    return {**wishes.fields(), "enable_intermediate_result": False, "enable_words": wishes.words}


def parse_event(frame: str | bytes) -> Event:
    """raises    Fault for what is no event"""
    said = _object(frame)
    header, payload = said.get("header"), said.get("payload", {})
    if not isinstance(header, dict) or not isinstance(payload, dict | None):
        raise senseless("a message without a header")
    name, status, task_id = header.get("name"), header.get("status", OK), header.get("task_id", "")
    if not isinstance(name, str) or type(status) is not int or not isinstance(task_id, str):
        raise senseless("a message whose header is not understood")
    return Event(name, status, task_id, payload or {})


def parse_rest(body: bytes, http_status: int) -> str:
    """The text; empty for silence.

    raises    Fault
    """
    try:
        said = _object(body)
    except Fault:
        if http_status != 200:
            raise fault_of(0, http_status) from None
        raise
    status = said.get("status")
    if type(status) is not int:
        raise fault_of(0, http_status) if http_status != 200 else senseless("an answer without a status")
    if status == SILENT:
        return ""
    if status != OK:
        raise fault_of(status, http_status)
    return text_of(said)


def text_of(said: Mapping[str, Any]) -> str:  # Any: JSON
    """raises    Fault for what is no text, or too much"""
    result = said.get("result", "")
    if not isinstance(result, str) or len(result) > MAX_TEXT_CHARACTERS:
        raise senseless("a result that is no text of such speech")
    return result


def number_of(said: Mapping[str, Any], name: str) -> float | None:  # Any: JSON
    """None where it is not there; a bool is no number.

    raises    Fault
    """
    value = said.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise senseless(f"a {name} that is no number")
    return float(value)


def fault_of(status: int, http_status: int = 200) -> Fault:
    """What a status that is not OK means; 0 where there is none but that of HTTP."""
    kind = _KINDS.get(status)
    if kind is None and status:
        kind = FaultKind.BROKEN_OFF if status // 10_000_000 == 5 else FaultKind.REFUSED
    if kind is None:
        kind = _kind_of_http(http_status)
    return Fault(kind, f"it answered with status {status or http_status}")


def _kind_of_http(status: int) -> FaultKind:
    if status == 429:
        return FaultKind.THROTTLED
    if status >= 500:
        return FaultKind.BROKEN_OFF
    return FaultKind.TOKEN if status in (401, 403) else FaultKind.REFUSED


def rest_target(appkey: str, wishes: Wishes) -> str:
    """Path and query of a REST call."""
    fields = {"appkey": appkey, **{name: _plain(value) for name, value in wishes.fields().items()}}
    return f"{REST_PATH}?{urlencode(fields)}"


def token_query(access_key_id: str, secret: str, *, region: str, nonce: str, timestamp: str) -> str:
    """The query of a signed CreateToken call; `timestamp` like 2000-01-01T00:00:00Z."""
    fields = {
        "AccessKeyId": access_key_id,
        "Action": "CreateToken",
        "Format": "JSON",
        "RegionId": region,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureNonce": nonce,
        "SignatureVersion": "1.0",
        "Timestamp": timestamp,
        "Version": TOKEN_API_VERSION,
    }
    return f"{_canonical(fields)}&Signature={_escaped(sign_rpc('POST', fields, secret=secret))}"


def parse_token(body: bytes) -> tuple[str, float]:
    """A token, and when it expires in seconds of the epoch.

    raises    Fault
    """
    token = _object(body).get("Token")
    if not isinstance(token, dict):
        raise Fault(FaultKind.REFUSED, "it made no token")
    name, expires = token.get("Id"), number_of(token, "ExpireTime")
    if not isinstance(name, str) or not name.isascii() or not name.isprintable() or not name or expires is None:
        raise senseless("a token that is not understood")
    return name, expires


def _object(text: str | bytes) -> dict[str, Any]:  # Any: JSON
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise senseless("what is no JSON object")
    return said


def senseless(what: str) -> Fault:
    """Of what the service should not have said."""
    return Fault(FaultKind.SENSELESS, f"it sent {what}")


def _canonical(fields: Mapping[str, str]) -> str:
    return "&".join(f"{_escaped(name)}={_escaped(fields[name])}" for name in sorted(fields))


def _escaped(text: str) -> str:
    return quote(text, safe="-_.~")


def _plain(value: str | bool | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
