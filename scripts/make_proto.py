"""Writes the Python messages and stubs of speech.proto to src/lingting/api/grpc/_generated.

usage: python scripts/make_proto.py [--check]

`--check` writes nothing and ends with 1 when the files are not what the compiler makes of the proto.
"""

from __future__ import annotations

import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

ROOM = Path(__file__).parents[1] / "src" / "lingting" / "api" / "grpc"
PROTO = "lingting/v1/speech.proto"
GENERATED = ROOM / "_generated"
HOME = "lingting.api.grpc._generated"
INIT = '"""Made of speech.proto by `make proto`; not to be changed by hand."""\n'


def made() -> dict[str, str]:
    """The text of each file."""
    with tempfile.TemporaryDirectory() as folder:
        includes = [f"-I{ROOM / 'proto'}", f"-I{files('grpc_tools') / '_proto'}"]
        outputs = [f"--{kind}_out={folder}" for kind in ("python", "pyi", "grpc_python")]
        if protoc.main(["protoc", *includes, *outputs, PROTO]):
            raise SystemExit(f"{PROTO} cannot be compiled")
        texts = {path.name: path.read_text() for path in sorted(Path(folder).rglob("*.py*"))}
    # The compiler imports by the proto's own path, which is a package of this project already.
    rehomed = {name: text.replace("from lingting.v1 import", f"from {HOME} import") for name, text in texts.items()}
    return {"__init__.py": INIT, **rehomed}


def main() -> int:
    wanted = made()
    found = {path.name: path.read_text() for path in GENERATED.glob("*.py*")}
    if "--check" in sys.argv[1:]:
        return int(found != wanted)
    GENERATED.mkdir(exist_ok=True)
    for name, text in wanted.items():
        (GENERATED / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
