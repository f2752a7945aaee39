"""What the `config` of a native live session may not ask for."""

import pytest

from lingting.api.ws.native.native_config import Config, read_config
from lingting.domain.errors import InvalidOption

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("asked", [{"speakers": "auto"}, {"speakers": 2}, {"diarize": True}])
def test_speakers_are_refused_in_a_live_session(asked, is_first) -> None:
    with pytest.raises(InvalidOption, match="recordings only") as refused:
        read_config(asked, Config(), is_first=is_first)
    assert refused.value.param == "speakers"


def test_a_client_may_say_that_it_wants_no_speakers() -> None:
    config = read_config({"diarize": False}, Config(), is_first=True)
    assert config.ignored == ()
    assert config.options.recognize.speakers is None
