"""What recordings that are kept rely on, on each database."""

import asyncio
import os

import pytest

from databases import KINDS, fresh_database
from kept import House, open_house
from lingting.crypto import PIECE_BYTES, SEALED_PIECE_BYTES
from lingting.domain.errors import RecordNotFound, SealBroken, StorageUnavailable
from lingting.storage.blobs import STEP_BYTES, BlobKind

pytestmark = pytest.mark.contract
SIZES = (0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, STEP_BYTES, STEP_BYTES + 17, 3 * STEP_BYTES)


@pytest.fixture(params=KINDS)
async def house(request, tmp_path):
    with fresh_database(request.param, tmp_path) as url:
        async with open_house(url, tmp_path) as made:
            yield made


@pytest.fixture
async def local(tmp_path):
    with fresh_database("sqlite", tmp_path) as url:
        async with open_house(url, tmp_path) as made:
            yield made


async def put(house: House, source) -> str:
    return await house.blobs.put(source, kind=BlobKind.JOB_INPUT, owner="a")


async def read(house: House, blob: str) -> bytes:
    return b"".join([data async for data in house.blobs.read(blob)])


def file_of(house: House):
    (file,) = [path for path in (house.folder / "blobs").rglob("*") if path.is_file()]
    return file


async def test_what_is_kept_comes_back(house) -> None:
    data = os.urandom(STEP_BYTES + 17)
    blob = await put(house, data)
    assert await house.blobs.copy_to(blob, house.folder / "copy") == len(data)
    assert (house.folder / "copy").read_bytes() == data


async def test_what_is_deleted_is_gone(house) -> None:
    blob = await put(house, b"sound")
    assert await house.blobs.delete(blob)
    assert not await house.blobs.delete(blob)
    with pytest.raises(RecordNotFound):
        await read(house, blob)
    assert not [path for path in (house.folder / "blobs").rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", SIZES)
async def test_any_length_comes_back_whatever_it_comes_from(local, size) -> None:
    data, path = os.urandom(size), local.folder / "input"
    path.write_bytes(data)

    async def odd_pieces():
        for i in range(0, size, 50_001):
            yield data[i : i + 50_001]

    for source in (data, path, odd_pieces()):
        assert await read(local, await put(local, source)) == data


async def test_nothing_on_disk_is_readable(local) -> None:
    await put(local, b"a known sentence " * 10_000)
    assert b"known sentence" not in file_of(local).read_bytes()


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: data[:-1],
        lambda data: data[:SEALED_PIECE_BYTES],
        lambda data: data[SEALED_PIECE_BYTES:],
        lambda data: (
            data[SEALED_PIECE_BYTES : 2 * SEALED_PIECE_BYTES]
            + data[:SEALED_PIECE_BYTES]
            + data[2 * SEALED_PIECE_BYTES :]
        ),
        lambda data: data[:SEALED_PIECE_BYTES] + data,
        lambda data: data + b"x",
        lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:],
        lambda _: b"",
    ],
    ids=["cut", "cut between pieces", "beginning cut", "reordered", "doubled", "longer", "changed", "emptied"],
)
async def test_harm_is_found_and_leaves_no_copy(local, harm) -> None:
    blob = await put(local, os.urandom(2 * PIECE_BYTES + 100))
    file = file_of(local)
    file.write_bytes(harm(file.read_bytes()))
    with pytest.raises(SealBroken):
        await local.blobs.copy_to(blob, local.folder / "copy")
    assert not (local.folder / "copy").exists()


async def test_another_recordings_file_is_found(local) -> None:
    one = await put(local, b"one")
    file = file_of(local)
    held = file.read_bytes()
    file.unlink()
    await put(local, b"two")
    file_of(local).write_bytes(held)
    with pytest.raises(RecordNotFound):
        await read(local, one)


async def test_a_source_that_fails_leaves_nothing(local) -> None:
    async def failing():
        yield os.urandom(2 * STEP_BYTES)
        raise KeyError("the caller hung up")

    with pytest.raises(KeyError):
        await put(local, failing())
    assert not [path for path in (local.folder / "blobs").rglob("*") if path.is_file()]


async def test_a_caller_that_leaves_leaves_nothing(local) -> None:
    began = asyncio.Event()

    async def endless():
        while True:
            yield os.urandom(STEP_BYTES)
            began.set()

    task = asyncio.create_task(put(local, endless()))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not [path for path in (local.folder / "blobs").rglob("*") if path.is_file()]


async def test_a_folder_that_cannot_be_written_is_an_error_with_a_code(local) -> None:
    (local.folder / "blobs").write_bytes(b"a file where the folder should be")
    with pytest.raises(StorageUnavailable):
        await put(local, b"sound")
