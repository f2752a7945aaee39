"""Jobs on a server, for programs: recordings handed in, followed, and their results read.

    async with JobClient("http://127.0.0.1:8000", key="ltk_…") as client:
        job = await client.submit(Path("talk.mp3"), fields={"language": "en"}, idempotency_key="talk-1")
        job = await client.wait(job.id)
        print(await client.result(job.id, "srt"))

Promises: a server that is away, or too busy, is asked again until `patience_seconds` have passed; handing in under an
idempotency key is then safe. What the server refuses is a `ServerError` with its code.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx2

from lingting.client.errors import ServerError, ServerUnreachable

__all__ = ["JobClient", "JobView"]

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 900.0
"""As long as a server lets an upload take."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
FIRST_LOOK_SECONDS, LONGEST_LOOK_SECONDS = 0.2, 3.0
ENDED = frozenset({"succeeded", "failed", "cancelled"})
LATER = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class JobView:
    """How a job stands."""

    id: str
    state: str
    is_new: bool = True
    """False when an earlier request under the same idempotency key made it."""
    done_ratio: float | None = None
    """0..1; None while it is not known."""
    error_code: str | None = None
    error_message: str | None = None

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED


class JobClient:
    """Talks to one server; use it as an async context manager."""

    def __init__(self, url: str, *, key: str | None = None, patience_seconds: float = 300.0) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        timeout = httpx2.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
        self._http = httpx2.AsyncClient(base_url=url, headers=headers, timeout=timeout)
        self._patience_seconds = patience_seconds

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def submit(
        self,
        recording: Path | str,
        *,
        fields: Mapping[str, object] | None = None,
        name: str | None = None,
        idempotency_key: str | None = None,
    ) -> JobView:
        """Hand a recording in; a text is its URL.

        fields    as docs/jobs.md lists them
        raises    ServerError, ServerUnreachable, OSError for a file that cannot be read
        """
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        if isinstance(recording, str):
            body = {**(fields or {}), "url": recording}
            answer = await self._asked("POST", "/v1/jobs", headers=headers, json=body)
        else:
            data = {key: _as_text(value) for key, value in (fields or {}).items()}
            with await asyncio.to_thread(recording.open, "rb") as file:

                def again() -> dict[str, Any]:  # Any: as httpx takes files
                    file.seek(0)
                    return {"file": (name or recording.name, file)}

                answer = await self._asked("POST", "/v1/jobs", headers=headers, data=data, files=again)
        return _view(answer.json()["job"], is_new=answer.status_code == httpx2.codes.ACCEPTED)

    async def job(self, job_id: str) -> JobView:
        """raises    ServerError, ServerUnreachable"""
        return _view((await self._asked("GET", f"/v1/jobs/{job_id}")).json()["job"])

    async def wait(self, job_id: str, *, on_look: Callable[[JobView], None] | None = None) -> JobView:
        """Follow it to its end.

        raises    ServerError, ServerUnreachable
        """
        pause_seconds = FIRST_LOOK_SECONDS
        while True:
            found = await self.job(job_id)
            if on_look is not None:
                on_look(found)
            if found.has_ended:
                return found
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(pause_seconds * 1.5, LONGEST_LOOK_SECONDS)

    async def result(self, job_id: str, format: str = "verbose_json") -> str:  # noqa: A002 - the field's name
        """raises    ServerError, also of the job; ServerUnreachable"""
        return (await self._asked("GET", f"/v1/jobs/{job_id}/result", params={"format": format})).text

    async def _asked(
        self, method: str, path: str, *, files: Callable[[], dict[str, Any]] | None = None, **request: Any
    ) -> httpx2.Response:  # Any: as httpx takes them
        """Ask until there is an answer that asking again would not change."""
        give_up_seconds = time.monotonic() + self._patience_seconds
        pause_seconds = FIRST_PAUSE_SECONDS
        while True:
            if files:
                request["files"] = files()
            try:
                answer = await self._http.request(method, path, **request)
            except httpx2.TransportError as problem:
                if time.monotonic() + pause_seconds > give_up_seconds:
                    raise ServerUnreachable(f"the server cannot be reached: {type(problem).__name__}") from problem
                wait_seconds = pause_seconds
            else:
                if not answer.is_error:
                    return answer
                refused = _refusal(answer)
                wait_seconds = _later_seconds(answer, pause_seconds)
                if answer.status_code not in LATER or time.monotonic() + wait_seconds > give_up_seconds:
                    raise refused
            await asyncio.sleep(wait_seconds)
            pause_seconds = min(pause_seconds * 2, LONGEST_PAUSE_SECONDS)


def _later_seconds(answer: httpx2.Response, pause_seconds: float) -> float:
    told = answer.headers.get("retry-after", "")
    return max(pause_seconds, float(told)) if told.isdigit() else pause_seconds


def _refusal(answer: httpx2.Response) -> ServerError:
    try:
        body = answer.json()
        return ServerError(
            str(body["code"]), str(body["message"]), retryable=bool(body["retryable"]), param=body["param"]
        )
    except (ValueError, KeyError, TypeError):
        return ServerError("http_error", f"the server answered {answer.status_code}; is this address Lingting's?")


def _view(job: Mapping[str, Any], *, is_new: bool = False) -> JobView:  # Any: what JSON holds
    error = job.get("error") or {}
    ratio = (job.get("progress") or {}).get("ratio")
    return JobView(
        id=job["id"],
        state=job["state"],
        is_new=is_new,
        done_ratio=ratio,
        error_code=error.get("code"),
        error_message=error.get("message"),
    )


def _as_text(value: object) -> str:
    """As a form has it."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
