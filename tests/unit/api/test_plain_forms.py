"""The quick reading of plain forms agrees with the library's in every case, or leaves it to the library."""

import asyncio

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException

from lingting.api.http.plain_forms import plain_boundary, read_plain_form
from lingting.api.http.uploads import MAX_FIELD_BYTES, MAX_FIELDS, _WholeForm

pytestmark = pytest.mark.unit

BOUNDARY = b"b0undary"
FORM = "multipart/form-data"
CONTENT_TYPE = f"{FORM}; boundary={BOUNDARY.decode()}"
texts = st.text(st.characters(codec="utf-8"), max_size=12)
names = st.sampled_from(["model", "file", "x[]", "", "a b", 'q"', "näme", "name*", "a;b=c", " a "])
filenames = st.sampled_from([None, "speech.wav", "a b.mp3", " a", "a ", "ü.wav", 'x"y', "a\\b", "", "%22.wav", "a;b"])
kinds = st.sampled_from(
    ["", "\r\nContent-Type: audio/wav", "\r\ncontent-type: text/plain; charset=latin-1", "\r\nX-More: 1"]
)
data = st.one_of(
    texts.map(str.encode),
    st.binary(max_size=30),
    st.sampled_from([b"\r\n", b"\r\n--", b"--b0undary", b"\r\n--b0undar", b"\r\n--b0undaryX", b"\n--b0undary\n"]),
)
forms = st.tuples(
    st.lists(st.tuples(names, filenames, kinds, data), max_size=4),
    st.sampled_from(["--\r\n", "--", "", "--\r\nepilogue", "-", "\r\n", "--\r\n\r\n"]),
    st.sampled_from([b"", b"\r\n", b"preamble\r\n"]),
)


def written(parts, end: str, preamble: bytes) -> bytes:
    body = preamble
    for name, filename, kind, value in parts:
        named = f'; filename="{filename}"' if filename is not None else ""
        head = f'Content-Disposition: form-data; name="{name}"{named}{kind}\r\n\r\n'
        body += b"--" + BOUNDARY + b"\r\n" + head.encode() + value + b"\r\n"
    return body + b"--" + BOUNDARY + end.encode()


async def _library(body: bytes) -> FormData | None:
    async def stream():
        yield body

    bounds = {"max_files": 1, "max_fields": MAX_FIELDS, "max_part_size": MAX_FIELD_BYTES}
    try:
        return await _WholeForm(Headers({"content-type": CONTENT_TYPE}), stream(), **bounds).parse()
    except MultiPartException:
        return None


async def contents(form: FormData | None) -> object:
    if form is None:
        return None
    told = [
        (name, await _file(value) if isinstance(value, UploadFile) else value) for name, value in form.multi_items()
    ]
    await form.close()
    return told


async def _file(upload: UploadFile) -> object:
    return upload.filename, upload.size, upload.headers.raw, await upload.read()


def both(body: bytes) -> tuple[object, object]:
    async def read() -> tuple[object, object]:
        plain = read_plain_form(body, BOUNDARY, max_field_bytes=MAX_FIELD_BYTES)
        return await contents(plain), await contents(await _library(body))

    return asyncio.run(read())


@given(forms)
@example(([("model", None, "", b"whisper-1"), ("file", "a.wav", "", b"\r\n\r\n--x")], "--\r\n", b""))
def test_what_is_read_quickly_is_what_the_library_reads(form) -> None:
    plain, whole = both(written(*form))
    assert plain is None or plain == whole


@given(forms, st.integers(0, 400), st.binary(max_size=3))
def test_so_it_is_with_forms_that_were_damaged(form, place, noise) -> None:
    body = written(*form)
    plain, whole = both(body[:place] + noise + body[place + len(noise) :])
    assert plain is None or plain == whole


@given(forms, st.integers(1, 30))
def test_so_it_is_with_forms_that_were_cut(form, missing) -> None:
    plain, whole = both(written(*form)[:-missing])
    assert plain is None or plain == whole


def test_what_clients_send_is_read_quickly() -> None:
    request = httpx.Request(
        "POST",
        "http://x",
        files={"file": ("speech.wav", b"\0\r\n--" * 50)},
        data={"model": "whisper-1", "prompt": "你好"},
    )
    boundary = plain_boundary(request.headers["content-type"])
    form = read_plain_form(request.read(), boundary, max_field_bytes=MAX_FIELD_BYTES)
    assert (form["model"], form["prompt"], form["file"].size) == ("whisper-1", "你好", 250)
    form["file"].file.close()


@pytest.mark.parametrize(
    "content_type",
    [
        'multipart/form-data; boundary="quoted"',
        "multipart/form-data; charset=latin-1; boundary=x",
        "multipart/form-data",
    ],
)
def test_other_declarations_are_left_to_the_library(content_type) -> None:
    assert plain_boundary(content_type) is None


@pytest.mark.parametrize(
    "parts",
    [[("file", "a.wav", "", b"1"), ("file2", "b.wav", "", b"2")], [("a", None, "", b"x" * (MAX_FIELD_BYTES + 1))]],
    ids=["two files", "a long field"],
)
def test_what_goes_over_a_bound_is_left_to_the_library(parts) -> None:
    assert read_plain_form(written(parts, "--\r\n", b""), BOUNDARY, max_field_bytes=MAX_FIELD_BYTES) is None
