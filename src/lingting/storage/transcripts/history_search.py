"""Finds transcripts by what was said: SQL narrows down by keyed hashes, and what is left is opened and read.

Promises: what is found holds every phrase; one call opens a bounded number of records and says where to go on, so that
a page may be short, or empty, though there are more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, false, or_, select

from lingting.crypto import Vault
from lingting.domain import Segment, Transcript
from lingting.storage.tables import transcript_terms, transcripts
from lingting.storage.transcripts.history import History
from lingting.storage.transcripts.history_records import HistoryFilter, HistoryPage, KeptTranscript, cursor_of
from lingting.storage.transcripts.history_terms import Query, fold, hash_terms

__all__ = ["hits_of", "search"]

MAX_OPENED = 500
"""Records opened by one call."""
MAX_HITS = 3


async def search(
    history: History, asked: HistoryFilter, query: Query, *, cursor: str | None = None, limit: int = 50
) -> HistoryPage:
    """Records whose text holds the query, newest first, opened.

    raises    InvalidOption, StorageUnavailable
    """
    owners = [asked.owner] if asked.owner is not None else await history.owners()
    holding = await asyncio.to_thread(_holding, history.vault, owners, query)
    found: list[KeptTranscript] = []
    examined = 0
    while True:
        page = await history.opened(asked, cursor=cursor, limit=min(limit, MAX_OPENED - examined), only=holding)
        matching = await asyncio.to_thread(_matching, query, list(page.opened.values()))
        found += matching[: limit - len(found)]
        examined += len(page.records)
        cursor = page.next_cursor
        if len(found) == limit and (cursor or found[-1].record.id != page.records[-1].id):
            cursor = cursor_of(found[-1].record)
        if cursor is None or len(found) == limit or examined >= MAX_OPENED:
            return HistoryPage([kept.record for kept in found], cursor, {kept.record.id: kept for kept in found})


def hits_of(query: Query, transcript: Transcript) -> Sequence[Segment]:
    """The first segments that hold one of the phrases; none where each goes over the end of one."""
    folded = ((segment, fold(segment.text)) for segment in transcript.segments)
    hits = (segment for segment, text in folded if any(phrase in text for phrase in query.phrases))
    return [segment for segment, _ in zip(hits, range(MAX_HITS), strict=False)]


def _matching(query: Query, opened: Sequence[KeptTranscript]) -> list[KeptTranscript]:
    return [kept for kept in opened if query.matches(fold(kept.transcript.text))]


def _holding(vault: Vault, owners: Sequence[str], query: Query) -> ColumnElement[bool]:
    """Has every term, as its owner's terms are hashed."""
    choices = []
    for owner in owners:
        numbers = hash_terms(vault, owner, list(query.terms))
        with_term = (
            select(transcript_terms.c.transcript_id).where(transcript_terms.c.term == each) for each in numbers
        )
        choices.append(and_(transcripts.c.owner == owner, *(transcripts.c.id.in_(ids) for ids in with_term)))
    return or_(false(), *choices)
