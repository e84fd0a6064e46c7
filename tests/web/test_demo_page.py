"""`huaxiang demo` at a terminal ends with the web page of the demo; without one it ends."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from tests.running import answers
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.browser
START = "import sys; from huaxiang.serve.cli.main import main; sys.exit(main(sys.argv[1:]))"


def test_the_demo_ends_with_its_page(tmp_path: Path) -> None:
    mine, theirs = pty.openpty()
    words = [
        sys.executable,
        "-c",
        START,
        "demo",
        "--dataset",
        "mumian",
        "--customers",
        "200",
        "--dir",
        str(tmp_path / "demo"),
    ]
    environment = os.environ | {"HUAXIANG_LANG": "en", "BROWSER": "true %s"}
    process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=subprocess.DEVNULL, env=environment)
    try:
        os.close(theirs)
        said = b""
        while (found := re.search(rb"http://127\.0\.0\.1:\d+/", said)) is None:
            said += os.read(mine, 4096)
        assert b'<div id="root">' in _read(found[0].decode())
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
    finally:
        process.kill()
        process.wait()
        os.close(mine)


def _read(url: str) -> bytes:
    assert until(lambda: answers(url)), "the page does not answer"
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        return bytes(answer.read())
