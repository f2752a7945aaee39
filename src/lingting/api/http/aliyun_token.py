"""Aliyun's CreateToken: a request signed with a key's secret, answered with a token that stands for the key for a day.

Source: Alibaba Cloud, RPC-style requests, signature version 1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from fastapi import APIRouter, Request
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

from lingting.api.access import address_of, admit
from lingting.api.admission import pairs_of
from lingting.api.errors import http_status, retry_headers
from lingting.api.http.answers import note_refusal
from lingting.api.http.doors import doors_of
from lingting.domain import Principal
from lingting.domain.errors import Busy, InvalidKey, InvalidOption, LingtingError, NotAllowed, RateLimited
from lingting.security.key_pairs import SignedRequest
from lingting.security.key_text import is_key_id
from lingting.services import Services
from lingting.telemetry import request_id

__all__ = ["router"]

router = APIRouter(tags=["Aliyun"])

TOKEN_SECONDS = 86_400.0
MAX_SKEW_SECONDS = 900.0
"""Between the clocks of client and server; `doors` remembers nonces for as long as that matters."""
MAX_NONCE_CHARACTERS = 64
FIXED = {"Version": "2019-02-28", "SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0"}
NOT_FOUND = 404
MISMATCH = "SignatureDoesNotMatch"
UNSIGNED = "this was signed with the secret of no key that is good here"


@dataclass(frozen=True, slots=True)
class _Wording:
    """How the cloud calls a mistake."""

    code: str
    status: int = 400


WORDS: dict[str, _Wording] = {
    "Action": _Wording("InvalidAction.NotFound", NOT_FOUND),
    "Version": _Wording("InvalidVersion"),
    "SignatureMethod": _Wording("InvalidSignatureMethod"),
    "SignatureVersion": _Wording("InvalidSignatureVersion"),
    "Timestamp": _Wording("InvalidTimeStamp.Expired"),
    "SignatureNonce": _Wording("SignatureNonceUsed"),
    "AccessKeyId": _Wording("InvalidAccessKeyId.NotFound", NOT_FOUND),
}
"""By the parameter at fault."""
KINDS: tuple[tuple[type[LingtingError], str], ...] = (
    (InvalidKey, MISMATCH),
    (InvalidOption, "MissingParameter"),
    (NotAllowed, "Forbidden"),
    (RateLimited, "Throttling.User"),
    (Busy, "ServiceUnavailable"),
    (LingtingError, "InternalError"),
)
"""By what it is, where no parameter says more; the first that fits counts."""


@router.get("/", include_in_schema=False)
@router.post("/", include_in_schema=False)
async def create_token(request: Request) -> Response:
    try:
        return await _created(request)
    except LingtingError as error:
        note_refusal(request, error)
        return _refusal(error)


async def _created(request: Request) -> Response:
    parameters = dict(request.query_params)
    if parameters.get("Action") != "CreateToken":
        raise InvalidOption("Action", "only CreateToken is served here; recognition is at /ws/v1 and /stream/v1/asr")
    call = await admit(request, None, identify=partial(_signer, parameters))
    token = await pairs_of(doors_of(request).services).issue(call.principal, seconds=TOKEN_SECONDS)
    answer = {"Id": token.text, "ExpireTime": token.expires_at, "UserId": call.principal.key_id}
    return JSONResponse({"ErrMsg": "", "RequestId": request_id.get(), "Token": answer})


async def _signer(parameters: Mapping[str, str], connection: HTTPConnection, services: Services) -> Principal:
    """Who signed the request.

    raises    InvalidOption, InvalidKey, RateLimited, AddressNotAllowed, StorageUnavailable
    """
    for name, only in FIXED.items():
        if _given(parameters, name) != only:
            raise InvalidOption(name, f"is not {only}")
    _require_fresh(_given(parameters, "Timestamp"), services.clock.now())
    identity, nonce = _given(parameters, "AccessKeyId"), _given(parameters, "SignatureNonce")
    if not is_key_id(identity):
        raise InvalidKey("AccessKeyId: is none of this server; `lingting keys pair` shows them", param="AccessKeyId")
    signed = SignedRequest(str(connection.scope["method"]), parameters, _given(parameters, "Signature"))
    principal = await pairs_of(services).vouch(identity, signed, address=address_of(connection))
    if len(nonce) > MAX_NONCE_CHARACTERS or not doors_of(connection).nonces.use(f"{identity} {nonce}"):
        raise InvalidOption("SignatureNonce", "was used before, or is too long; make one for each request")
    return principal


def _given(parameters: Mapping[str, str], name: str) -> str:
    value = parameters.get(name)
    if not value:
        missing = InvalidOption(name, "is missing")
        missing.param = None
        raise missing
    return value


def _require_fresh(text: str, now: datetime) -> None:
    try:
        at = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise InvalidOption("Timestamp", "is no time like 2030-01-31T12:00:00Z") from error
    if abs((now - at).total_seconds()) > MAX_SKEW_SECONDS:
        raise InvalidOption("Timestamp", "is not of this quarter of an hour; set the clock, and sign anew")


def _refusal(error: LingtingError) -> Response:
    usual = _Wording(next(code for kind, code in KINDS if isinstance(error, kind)), _status(error))
    wording = WORDS.get(error.param or "", usual)
    # The official client looks for what was signed behind a colon, and breaks where there is none.
    message = f"{UNSIGNED}: {error.message}" if wording.code == MISMATCH else error.message
    answer = {"RequestId": request_id.get(), "HostId": "lingting", "Code": wording.code, "Message": message}
    return JSONResponse(answer, wording.status, headers=retry_headers(error))


def _status(error: LingtingError) -> int:
    """A signature that does not fit is a bad request to these clients."""
    return 400 if isinstance(error, InvalidKey) else http_status(error)
