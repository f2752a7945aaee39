"""The server where an image puts it: on a file system that is read-only, but for its data and its temporary files."""

import os
import shutil
import subprocess
import sys
import threading

import httpx
import pytest

from front_door import free_port

pytestmark = pytest.mark.integration
WAIT_SECONDS = 100.0
SCRIPT = """
set -e
mount -t tmpfs tmpfs "$DATA"
mount -t tmpfs tmpfs "$SPOOL"
mount -o remount,bind,ro /
! touch "$DATA/../written" 2>/dev/null
cd "$DATA"
exec "$PYTHON" -m lingting serve --engine fake
"""


def test_a_server_works_on_a_read_only_file_system(tmp_path, speech) -> None:
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-m", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system lets the test make no mount namespace; run it as root to have it run")
    port, data, spool = free_port(), tmp_path / "data", tmp_path / "spool"
    data.mkdir()
    spool.mkdir()
    folders = {"DATA": str(data), "SPOOL": str(spool), "TMPDIR": str(spool), "LINGTING_DATA_DIR": str(data)}
    settings = {"PYTHON": sys.executable, "PYTHONDONTWRITEBYTECODE": "1", "LINGTING_SERVER__PORT": str(port)}
    settings["LINGTING_LOG__FILE"] = str(spool / "log")
    process = subprocess.Popen(
        [unshare, "-m", "sh", "-c", SCRIPT], env=os.environ | folders | settings, stderr=subprocess.PIPE, text=True
    )
    timer = threading.Timer(WAIT_SECONDS, process.kill)
    timer.start()
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            if "services.ready" in line:
                break
        assert "services.ready" in said[-1], "".join(said)
        answer = httpx.post(f"http://127.0.0.1:{port}/recognize", files={"file": ("a", speech)}, timeout=WAIT_SECONDS)
        assert answer.status_code == 200
    finally:
        timer.cancel()
        process.kill()
        process.communicate()
