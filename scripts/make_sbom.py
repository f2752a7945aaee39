"""Writes a bill of materials (CycloneDX, JSON) of what one lock file installs, with the models of the catalog.

usage: python scripts/make_sbom.py [LOCK] [-o FILE]        LOCK is base (the default), dev or image

The same lock file and the same installed metadata give the same bytes: the serial number is made of the content, and
the time is that of SOURCE_DATE_EPOCH, or the beginning of time.
"""

from __future__ import annotations

import argparse
import os
import sys
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.dependency import Dependency
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from lingting.engines.catalog_entries import ModelEntry, read_entries
from locked import PROJECT, ROOT, Locked, licence_of, read_lock

SERIAL_SPACE = uuid.UUID("5f0c7a2e-6f44-4c2e-9d0b-6b1f6f3f9a11")
PROPERTY = "lingting"
MAIN = f"pkg:pypi/{PROJECT['name']}@{PROJECT['version']}"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lock", nargs="?", default="base", choices=("base", "dev", "image"))
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "out" / "sbom.cdx.json")
    wish = parser.parse_args(arguments)
    wish.output.parent.mkdir(parents=True, exist_ok=True)
    wish.output.write_text(render(wish.lock), encoding="utf-8")
    print(wish.output)
    return 0


def render(lock: str) -> str:
    """The whole document."""
    rows = read_lock(lock)
    packages = {name: _package(row) for name, row in rows.items()}
    whole = Component(
        name=PROJECT["name"],
        version=PROJECT["version"],
        type=ComponentType.APPLICATION,
        bom_ref=MAIN,
        purl=PackageURL.from_string(MAIN),
        licenses=[LicenseFactory().make_from_string(PROJECT["license"])],
    )
    taken = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), UTC)
    bom = Bom(
        components=[*packages.values(), *map(_model, read_entries().values())],
        dependencies=_dependencies(whole, packages, rows),
        metadata=BomMetaData(component=whole, timestamp=taken),
        serial_number=SERIAL_SPACE,
    )
    drawn = JsonV1Dot6(bom).output_as_string(indent=2)
    return drawn.replace(str(SERIAL_SPACE), str(uuid.uuid5(SERIAL_SPACE, drawn))) + "\n"


def _package(row: Locked) -> Component:
    reference = f"pkg:pypi/{row.name}@{row.version}"
    notes = {f"{PROPERTY}:marker": row.marker} if row.marker else {}
    digests = [Property(name=f"{PROPERTY}:sha256", value=digest) for digest in row.sha256]
    return Component(
        name=row.name,
        version=row.version,
        bom_ref=reference,
        purl=PackageURL.from_string(reference),
        licenses=[LicenseFactory().make_from_string(licence_of(row.name))],
        properties=[*digests, *(Property(name=name, value=value) for name, value in notes.items())],
    )


def _model(entry: ModelEntry) -> Component:
    """A model, with each of its files that has a digest."""
    files = [
        Component(
            name=file.name,
            type=ComponentType.FILE,
            bom_ref=f"model:{entry.name}/{file.name}",
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=file.sha256)],
        )
        for file in entry.files
        if file.sha256 is not None
    ]
    return Component(
        name=entry.name,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=f"model:{entry.name}",
        description=entry.note or None,
        licenses=[LicenseFactory().make_from_string(entry.licence)],
        components=files,
    )


def _dependencies(
    whole: Component, packages: Mapping[str, Component], rows: Mapping[str, Locked]
) -> Iterable[Dependency]:
    parents: dict[str, set[str]] = {name: set() for name in (PROJECT["name"], *packages)}
    for row in rows.values():
        for parent in row.needed_by & parents.keys():
            parents[parent].add(row.name)
    for parent, children in parents.items():
        component = packages.get(parent, whole)
        yield Dependency(component.bom_ref, [Dependency(packages[child].bom_ref) for child in sorted(children)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
