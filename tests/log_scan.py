"""A plugin for the whole run: reads every log line and all that went to standard error, and fails the run on a leak.

Everything that is logged here, in this process or in those it starts, goes to one file, at the level that tells most.
At the end it is searched for secrets by their form, for marks that the masks left (then something did log a secret),
and for what the scripted engine said, which no log line may repeat. Where the tests are shared out to workers
(pytest-xdist), each worker has its own file and search, and tells the run what it found.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import pytest
import structlog

from lingting.domain import Hypothesis
from lingting.engines.fake import FakeEngine
from lingting.telemetry import configure_logs

FILE_VARIABLE = "LINGTING_LOG__FILE"
"""Processes that tests start write to the same file, as long as they get this."""
SECRETS = {
    "API key": r"\bltk_[a-z0-9]{8,}_[\w-]{16,}",
    "token": r"\blts_[A-Za-z0-9_-]{16,}",
    "client secret": r"\bek_[A-Za-z0-9_-]{16,}",
    "callback secret": r"\bwhsec_[A-Za-z0-9+/=]{16,}",
    "bearer value": r"(?i)\bbearer\s+(?!\*\*\*|realm|authentication|scheme|token\b)[\w.~+/=-]{8,}",
    "login in a URL": r"://[^/\s\"'@:]+:(?!\*\*\*)[^/\s\"'@]+@",
}
MASKED = {
    "masked secret": r"(?:\b(?:ltk|lts|ek|whsec|sk)_|(?i:bearer )|[?&][\w-]+=|openai-insecure-api-key\.|://)\*\*\*"
}
"""In our own lines only: the masks worked, but what they had to mask should not have come so far."""
PERSONAL = ("seconds of speech", "patient-", "Cathy", "Livia", "Livius", "听到", *("of-a-test", "nobodys-secret"))
"""What the scripted engines say by default, the user references of the tests, and the credentials for stand-ins."""
SHORTEST_TEXT = 10
"""Of the engine's texts that are looked for; shorter ones are words that fields may hold as well."""
EXAMPLE_CHARACTERS = 160
NOTED = pytest.StashKey["LogScan"]()
TOLD = pytest.StashKey[list["Leak"]]()
LEAKS = "leaks"


@dataclass(frozen=True, slots=True)
class Leak:
    """One kind of thing that was found, and where first."""

    kind: str
    test: str
    example: str


class LogScan:
    """Collects while tests run; searches at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.file = folder / "everything.log"
        self._texts: set[str] = set(PERSONAL)
        self._processors: Sequence[object] = ()
        self.leaks: list[Leak] = []

    def begin(self) -> None:
        os.environ[FILE_VARIABLE] = str(self.file)
        self.listen()

    def listen(self) -> None:
        """Make structlog write to the file and nowhere else, unless it does."""
        if structlog.is_configured() and structlog.get_config()["processors"] is self._processors:
            return
        configure_logs("debug", "json", file=self.file)
        self._processors = [*structlog.get_config()["processors"][:-1], _drop]
        structlog.configure(processors=self._processors)

    def heard(self, hypotheses: Sequence[Hypothesis]) -> None:
        self._texts.update(text for said in hypotheses if len(text := said.text.strip()) >= SHORTEST_TEXT)

    def note(self, where: str, text: str) -> None:
        with self.file.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{where}\n{text}\n" if text else f"{where}\n")

    def end(self) -> None:
        text = self.file.read_text(encoding="utf-8", errors="replace")
        self.leaks = [*_by_form(text), *_by_text(text, self._texts)]
        os.environ.pop(FILE_VARIABLE, None)
        shutil.rmtree(self._folder, ignore_errors=True)


def _drop(_logger: object, _name: str, _event: structlog.typing.EventDict) -> str:
    raise structlog.DropEvent


def _by_form(text: str) -> Iterator[Leak]:
    for kind, form in (SECRETS | MASKED).items():
        found = re.search(form, text)
        if found:
            yield _leak(kind, text, found.start())


def _by_text(text: str, needles: set[str]) -> Iterator[Leak]:
    for needle in sorted(needles):
        place = text.find(needle)
        if place >= 0:
            yield _leak("personal text", text, place)


def _leak(kind: str, text: str, place: int) -> Leak:
    marks = re.findall(r"^### (.+)$", text[:place], re.MULTILINE)
    begin = max(text.rfind("\n", 0, place) + 1, place - EXAMPLE_CHARACTERS // 2)
    return Leak(
        kind,
        marks[-1] if marks else "before the first test",
        text[begin:][:EXAMPLE_CHARACTERS].split("\n", maxsplit=1)[0],
    )


def pytest_configure(config: pytest.Config) -> None:
    scan = LogScan(Path(tempfile.mkdtemp(prefix="lingting-log-scan-")))
    config.stash[NOTED] = scan
    scan.begin()
    finish = FakeEngine.finish

    def finish_and_tell(engine: FakeEngine, raw: list[object]) -> list[Hypothesis]:
        hypotheses = finish(engine, raw)  # type: ignore[arg-type]
        scan.heard(hypotheses)
        return hypotheses

    FakeEngine.finish = finish_and_tell  # type: ignore[method-assign, assignment]


def _name(item: pytest.Item) -> str:
    """Without the parameters, which may be secrets in a test of secrets."""
    return item.nodeid.partition("[")[0]


def pytest_runtest_setup(item: pytest.Item) -> None:
    scan = item.config.stash[NOTED]
    scan.listen()
    scan.note(f"### {_name(item)}", "")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.capstderr:
        item.config.stash[NOTED].note(f"### {_name(item)} ({report.when}, standard error)", report.capstderr)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    scan = session.config.stash[NOTED]
    scan.end()
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[LEAKS] = [astuple(leak) for leak in scan.leaks]
    scan.leaks.extend(session.config.stash.get(TOLD, []))
    if scan.leaks and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """What a worker of pytest-xdist found."""
    output: dict[str, list[tuple[str, str, str]]] = getattr(node, "workeroutput", {})
    node_config: pytest.Config = node.config  # type: ignore[attr-defined]
    node_config.stash.setdefault(TOLD, []).extend(Leak(*found) for found in output.get(LEAKS, []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    leaks = config.stash[NOTED].leaks
    if leaks:
        terminalreporter.section("secrets or personal data in the logs", red=True, bold=True)
    for leak in leaks:
        terminalreporter.line(f"{leak.kind}, in or after {leak.test}\n    {leak.example}", red=True)
