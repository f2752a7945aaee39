"""What the README and the pages point at is there."""

import re
from pathlib import Path

import pytest

from doc_blocks import PAGES

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
LINKS = [
    (page, target)
    for page in PAGES
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    if not re.match(r"[a-z]+:", target)
]
TARGETS = re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def _slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def test_the_readme_opens_with_its_two_commands() -> None:
    first_block = (ROOT / "README.md").read_text(encoding="utf-8").split("```")[1]
    assert re.findall(r"^make (\w+)", first_block, re.MULTILINE) == ["demo", "test"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_make_command_on_a_page_is_a_target(page: Path) -> None:
    named = re.findall(r"(?:^|`)make ([a-z][\w-]*)", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(named) <= set(TARGETS)


def test_links_are_found() -> None:
    assert {page.name for page, _ in LINKS} >= {"README.md", "http.md", "quickstart.md"}


@pytest.mark.parametrize(("page", "target"), LINKS, ids=lambda value: getattr(value, "stem", value))
def test_every_link_leads_somewhere(page: Path, target: str) -> None:
    path, _, anchor = target.partition("#")
    linked = (page.parent / path) if path else page
    assert linked.exists()
    if anchor:
        headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in map(_slug, headings)


def _doors(page: str) -> list[tuple[str, str]]:
    """The first and the last cell of each row of its table: the door, and where to read on."""
    rows = re.findall(r"^\| (.+?) \| .+ \| (\[.+?) \|$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE)
    return [(door, pages) for door, pages in rows]


def _commands(page: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"^(?:\$ )?(?:make|lingting) [^#\n]+?(?= *#|$)", text, re.MULTILINE)


def test_both_languages_of_the_readme_have_the_same_doors_commands_and_pages() -> None:
    english, chinese = _doors("README.md"), _doors("README.zh.md")
    assert len(english) > 20
    assert chinese == english
    assert _commands("README.zh.md") == _commands("README.md")
    shown = [(ROOT / name).read_text(encoding="utf-8").split("```")[3] for name in ("README.md", "README.zh.md")]
    assert shown[0] == shown[1]
    linked = [
        {target for page, target in LINKS if page.name == name and target.startswith(("docs/", "examples/"))}
        for name in ("README.md", "README.zh.md")
    ]
    assert linked[0] - linked[1] <= {"docs/images/console-transcribe.png"}
    assert linked[1] <= linked[0]


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent == ROOT / "docs"], ids=lambda page: page.stem)
def test_every_page_is_on_the_map(page: Path) -> None:
    mapped = {target.partition("#")[0] for other, target in LINKS if other.name == "index.md"}
    assert page.name in mapped | {"index.md"}
