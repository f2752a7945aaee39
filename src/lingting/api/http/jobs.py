"""Jobs: handed in, followed, cancelled, their results read, forgotten; each caller sees their own."""

from __future__ import annotations

import asyncio
import json

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from lingting.api.access import call_of, needs
from lingting.api.http.asking import defaults_of
from lingting.api.http.doors import doors_of
from lingting.api.http.fields import Fields
from lingting.api.http.intents import intents_fields, read_matcher
from lingting.api.http.job_answers import batch_answer, job_answer
from lingting.api.http.job_orders import JOB_BODY, order_of_form, order_of_json
from lingting.api.http.uploads import read_form
from lingting.domain import Scope
from lingting.domain.errors import InvalidOption, LingtingError, UnsupportedFormat, WrongState
from lingting.domain.job import JobState
from lingting.jobs.desk import JobDesk, Order, Receipt
from lingting.security.call_note import audit_note
from lingting.storage.jobs.job_records import Job
from lingting.storage.transcripts.transcript_records import transcript_from
from lingting.text.commands.intent_match import Matcher
from lingting.text.subtitles import TranscriptFormat, render

__all__ = ["router"]

router = APIRouter(tags=["Jobs"], dependencies=[needs(Scope.JOBS)])

MAX_PAGE = 200
DEFAULT_PAGE = 50
MAX_ID_CHARACTERS = 40
FORMATS = {
    "json": (TranscriptFormat.JSON, "application/json"),
    "verbose_json": (TranscriptFormat.VERBOSE_JSON, "application/json"),
    "text": (TranscriptFormat.TEXT, "text/plain"),
    "srt": (TranscriptFormat.SRT, "application/x-subrip"),
    "vtt": (TranscriptFormat.VTT, "text/vtt"),
    "tsv": (TranscriptFormat.TSV, "text/tab-separated-values"),
}


@router.post("/v1/jobs", status_code=202, openapi_extra=JOB_BODY, summary="Hand in recordings, or their URLs")
async def create(request: Request) -> Response:
    doors = doors_of(request)
    services = doors.require_open()
    desk, guard, principal = services.jobs, services.outbound.guard, call_of(request).principal
    await services.limiter.require_audio(principal)
    limit = desk.settings.max_batch
    if request.headers.get("content-type", "").lower().startswith("application/json"):
        order = await order_of_json(request, defaults_of(request), guard, max_batch=limit)
        receipt = await _accept(request, order)
    else:
        async with read_form(request, max_files=limit) as form:
            order = await order_of_form(request, form, defaults_of(request), guard, max_batch=limit)
            receipt = await _accept(request, order)
    audit_note(subject=receipt.batch_id or receipt.jobs[0].id, jobs=len(receipt.jobs), is_new=receipt.is_new)
    return _receipt_answer(receipt)


async def _accept(request: Request, order: Order) -> Receipt:
    """A place is held from here on only: uploads are slow, and bounded by themselves."""
    with doors_of(request).holding_a_place() as services:
        return await services.jobs.accept(call_of(request).principal, order)


@router.get("/v1/jobs", summary="List one's own jobs, the newest first")
async def listed(request: Request) -> Response:
    asked = Fields(dict(request.query_params))
    limit = asked.whole("limit")
    limit = DEFAULT_PAGE if limit is None else limit
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidOption("limit", f"{limit} is outside 1 to {MAX_PAGE}")
    page = await _desk(request).store.page(
        _owner(request),
        state=asked.choice("state", JobState),
        batch_id=_sane(asked.text("batch")) or None,
        cursor=asked.text("cursor"),
        limit=limit,
    )
    found = [job_answer(job) for job in page.jobs]
    return JSONResponse({"status": "SUCCESS", "jobs": found, "next_cursor": page.next_cursor})


@router.get("/v1/jobs/{job}", summary="How a job stands")
async def describe(request: Request, job: str) -> Response:
    found = await _desk(request).store.get(_sane(job), owner=_owner(request))
    return JSONResponse({"status": "SUCCESS", "job": job_answer(found)})


@router.get("/v1/jobs/{job}/result", summary="What came of a job, in any format")
async def result(request: Request, job: str) -> Response:
    name = (request.query_params.get("format") or "verbose_json").lower()
    if name not in FORMATS:
        raise UnsupportedFormat("format", f"{name[:40]!r} is not offered; use one of {', '.join(FORMATS)}")
    desk, owner = _desk(request), _owner(request)
    found = await desk.store.get(_sane(job), owner=owner)
    if found.state is JobState.FAILED:
        raise _JobFailed(found.error_message or "the job failed", found.error_code or LingtingError.code)
    if found.state is not JobState.SUCCEEDED:
        raise WrongState(f"the job is {found.state}; its result is there once it has succeeded")
    matcher = _matcher(request, found, name)
    form, media_type = FORMATS[name]
    sealed = await desk.store.result(found.id, owner=owner)
    transcript = await asyncio.to_thread(transcript_from, sealed)
    text = await asyncio.to_thread(render, transcript, form)
    if matcher is not None:
        text = json.dumps(json.loads(text) | await intents_fields(matcher, transcript), ensure_ascii=False)
    audit_note(subject=found.id)
    return Response(text, media_type=f"{media_type}; charset=utf-8")


@router.post("/v1/jobs/{job}/cancel", summary="Take a job back")
async def cancel(request: Request, job: str) -> Response:
    found = await _desk(request).cancel(_sane(job), owner=_owner(request))
    audit_note(subject=found.id)
    return JSONResponse({"status": "SUCCESS", "job": job_answer(found)})


@router.delete("/v1/jobs/{job}", summary="Forget a job that has ended, and its result")
async def delete(request: Request, job: str) -> Response:
    await _desk(request).store.remove(_sane(job), owner=_owner(request))
    audit_note(subject=job)
    return JSONResponse({"status": "SUCCESS", "id": job})


@router.get("/v1/batches/{batch}", summary="How the jobs of one request stand")
async def batch(request: Request, batch: str) -> Response:
    counts = await _desk(request).store.batch(_sane(batch), owner=_owner(request))
    return JSONResponse({"status": "SUCCESS", "batch": batch_answer(batch, counts)})


class _JobFailed(WrongState):
    """There will be no result: told under the code of what the job failed of."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def _receipt_answer(receipt: Receipt) -> Response:
    status = 202 if receipt.is_new else 200
    found = [job_answer(job) for job in receipt.jobs]
    if receipt.batch_id is None:
        where = f"/v1/jobs/{receipt.jobs[0].id}"
        return JSONResponse({"status": "SUCCESS", "job": found[0]}, status, headers={"Location": where})
    where = f"/v1/batches/{receipt.batch_id}"
    answer = {"status": "SUCCESS", "batch": {"id": receipt.batch_id, "jobs": len(found)}, "jobs": found}
    return JSONResponse(answer, status, headers={"Location": where})


def _desk(request: Request) -> JobDesk:
    return doors_of(request).services.jobs


def _matcher(request: Request, found: Job, form: str) -> Matcher | None:
    """Of the pack that is asked for, or else the one that was when the job was handed in and is still there."""
    asked = read_matcher(request, Fields(dict(request.query_params)))
    if asked is not None and form != "verbose_json":
        raise UnsupportedFormat("intents", f"commands come with verbose_json, not with {form}")
    intents = doors_of(request).services.intents
    if asked is None and form == "verbose_json" and found.spec.intents in intents.names:
        return intents.matcher(found.spec.intents)
    return asked


def _owner(request: Request) -> str:
    return call_of(request).principal.owner


def _sane(name: str | None) -> str:
    """As short as ids are; a longer one finds nothing."""
    return (name or "")[: MAX_ID_CHARACTERS + 1]
