"""What finding transcripts by their words relies on, on each database."""

import pytest

from databases import KINDS, fresh_database
from kept import House, call_by, open_house, said
from lingting.storage.transcripts import history_search
from lingting.storage.transcripts.history_records import HistoryFilter
from lingting.storage.transcripts.history_search import search
from lingting.storage.transcripts.history_terms import parse_query

pytestmark = pytest.mark.contract


@pytest.fixture(params=KINDS)
async def house(request, tmp_path):
    with fresh_database(request.param, tmp_path) as url:
        async with open_house(url, tmp_path) as made:
            yield made


async def save(house: House, *texts: str, key: str = "key1") -> str:
    saved = await house.history.save(call_by(key), said(*texts), kind="file")
    house.clock.advance(1.0)
    assert saved
    return saved


async def find(house: House, words: str, *, owner: str | None = "key1", limit: int = 50) -> list[str]:
    seen, cursor = [], None
    while True:
        page = await search(house.history, HistoryFilter(owner), parse_query(words), cursor=cursor, limit=limit)
        seen += [record.id for record in page.records]
        if (cursor := page.next_cursor) is None:
            return seen


async def test_words_phrases_and_pairs_are_found(house) -> None:
    english = await save(house, "Please call the café, Mr. Müller.", "Thank you!")
    chinese = await save(house, "请拨打客服电话，", "然后按一。")
    for words, wanted in {
        "cafe": english,
        "MÜLLER thank": english,
        '"mr muller"': english,
        '"muller thank"': english,
        "客服": chinese,
        "电话然后": chinese,
        "拨": chinese,
        "ＣＡＬＬ": english,
    }.items():
        assert await find(house, words) == [wanted], words
    for words in ("caf", '"thank mr"', "服客", "拨电", "call 客服"):
        assert await find(house, words) == [], words


async def test_nobody_elses_are_found(house) -> None:
    await save(house, "the same words", key="key2")
    mine = await save(house, "the same words")
    assert await find(house, "same words") == [mine]
    assert len(await find(house, "same words", owner=None)) == 2


async def test_all_are_found_page_by_page_newest_first(house, monkeypatch) -> None:
    monkeypatch.setattr(history_search, "MAX_OPENED", 4)
    wanted = []
    for i in range(12):
        saved = await save(house, f"number {i}", "one after other" if i % 2 else "other after one")
        wanted += [saved] if i % 2 else []
    assert await find(house, '"one after"', limit=3) == wanted[::-1]
