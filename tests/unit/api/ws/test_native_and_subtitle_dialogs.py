"""Recorded dialogs of the native protocol and of plain subtitles, replayed without sockets."""

import pytest

from dialogs import dialogs_of, replay
from lingting.api.ws.dialect import Handshake
from lingting.api.ws.native import NativeDialect
from lingting.api.ws.subtitle import SubtitleDialect

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("path", dialogs_of("native"), ids=lambda path: path.stem)
def test_the_native_dialog_goes_as_recorded(path) -> None:
    replay(path, NativeDialect(Handshake()))


@pytest.mark.parametrize("path", dialogs_of("subtitle"), ids=lambda path: path.stem)
def test_the_subtitle_dialog_goes_as_recorded(path) -> None:
    replay(path, SubtitleDialect(Handshake()))
