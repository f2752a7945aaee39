"""The wheel holds everything that runs, and runs in an environment of its own."""

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "lingting"
BUILD_SECONDS = 120
NOT_SHIPPED = {".pyc"}


def run(*command: str, folder: Path) -> str:
    """What the command prints; nothing of this environment's own paths is handed on."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"}
    answer = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=BUILD_SECONDS,
    )
    return next(folder.glob("lingting-*.whl"))


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory) -> Path:
    """A fresh environment with the wheel; what the wheel needs is looked up where the tests have it."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=BUILD_SECONDS)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python), "install"]
    subprocess.run(
        [*pip, "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True, timeout=BUILD_SECONDS
    )
    own = next((folder / "lib").glob("python*")) / "site-packages"
    (own / "tests.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder


def test_every_file_of_the_package_is_in_the_wheel(wheel) -> None:
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if name.startswith("lingting/")}
    there = {
        file.relative_to(PACKAGE.parent).as_posix()
        for file in PACKAGE.rglob("*")
        if file.is_file() and file.suffix not in NOT_SHIPPED
    }
    assert shipped == there
    assert {
        "lingting/py.typed",
        "lingting/engines/catalog.toml",
        "lingting/console/web/index.html",
        "lingting/console/overlay/overlay.html",
        "lingting/api/grpc/proto/lingting/v1/speech.proto",
    } <= shipped
    for folder in ("storage/migrations/", "text/hotwords/packs/", "text/commands/packs/"):
        assert any(name.startswith(f"lingting/{folder}") for name in shipped)


def test_the_wheel_says_what_it_is_and_under_which_licence(wheel) -> None:
    with zipfile.ZipFile(wheel) as archive:
        about = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        text = archive.read(about).decode()
        assert any(name.endswith("/licenses/LICENSE") for name in archive.namelist())
    assert "\nLicense-Expression: Apache-2.0\n" in text
    assert "\nRequires-Python: >=3.11\n" in text


def test_its_commands_run(environment) -> None:
    program = str(environment / "bin" / "lingting")
    assert "transcribe" in run(program, "--help", folder=environment)
    assert run(program, "--version", folder=environment).strip() == wheel_version(environment)
    assert "medical" in run(program, "hotwords", "list", folder=environment)


def test_what_is_imported_is_the_wheels_own(environment) -> None:
    said = run(
        str(environment / "bin" / "python"), "-c", "import lingting; print(lingting.__file__)", folder=environment
    )
    assert Path(said.strip()).is_relative_to(environment.resolve())


def wheel_version(environment: Path) -> str:
    found = next((environment / "lib").glob("python*/site-packages/lingting-*.dist-info"))
    return found.name.removeprefix("lingting-").removesuffix(".dist-info")
