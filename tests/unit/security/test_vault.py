"""Where master keys come from."""

import stat

import pytest

from lingting.crypto import new_master_key
from lingting.domain.errors import SettingsInvalid
from lingting.security.vault import VaultSettings, add_key, keys_again, load_keyring

pytestmark = pytest.mark.unit
DEFAULTS = VaultSettings()


def test_one_machine_makes_a_key_file_that_only_its_owner_reads(tmp_path) -> None:
    first = load_keyring(DEFAULTS, tmp_path, may_make=True)
    assert load_keyring(DEFAULTS, tmp_path, may_make=True).current == first.current
    assert stat.S_IMODE((tmp_path / "master.keys").stat().st_mode) == 0o600


def test_with_a_database_server_a_key_file_must_be_given(tmp_path) -> None:
    with pytest.raises(SettingsInvalid, match="lingting vault new-key"):
        load_keyring(DEFAULTS, tmp_path, may_make=False)


def test_a_key_file_that_was_named_is_never_made(tmp_path) -> None:
    with pytest.raises(SettingsInvalid):
        load_keyring(VaultSettings(key_file=tmp_path / "none"), tmp_path, may_make=True)


def test_keys_in_the_environment_are_parted_by_commas(tmp_path) -> None:
    one, other = new_master_key(), new_master_key()
    ring = load_keyring(VaultSettings(keys=f"{one},{other}"), tmp_path, may_make=False)
    assert list(ring.keys) == [one.partition(":")[0], other.partition(":")[0]]


def test_an_added_key_is_the_current_one_and_the_earlier_one_stays(tmp_path) -> None:
    earlier = load_keyring(DEFAULTS, tmp_path, may_make=True).current
    path, name = add_key(DEFAULTS, tmp_path)
    ring = load_keyring(DEFAULTS, tmp_path, may_make=False)
    assert (ring.current, set(ring.keys)) == (name, {name, earlier})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["master.keys"]


def test_a_key_is_added_where_there_is_no_file(tmp_path) -> None:
    _, name = add_key(DEFAULTS, tmp_path)
    assert load_keyring(DEFAULTS, tmp_path, may_make=False).current == name


def test_a_damaged_key_file_is_not_added_to(tmp_path) -> None:
    (tmp_path / "master.keys").write_text("nonsense")
    with pytest.raises(SettingsInvalid):
        add_key(DEFAULTS, tmp_path)
    assert (tmp_path / "master.keys").read_text() == "nonsense"


def test_a_key_is_not_added_to_the_environment(tmp_path) -> None:
    with pytest.raises(SettingsInvalid):
        add_key(VaultSettings(keys=new_master_key()), tmp_path)


def test_a_running_server_reads_the_file_again(tmp_path) -> None:
    ring = load_keyring(DEFAULTS, tmp_path, may_make=True)
    again = keys_again(DEFAULTS, tmp_path, ring)
    _, name = add_key(DEFAULTS, tmp_path)
    assert again().current == name


def test_a_file_that_cannot_be_read_leaves_the_keys(tmp_path) -> None:
    ring = load_keyring(DEFAULTS, tmp_path, may_make=True)
    (tmp_path / "master.keys").write_text("nonsense")
    assert keys_again(DEFAULTS, tmp_path, ring)() is ring
