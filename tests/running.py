"""Real servers: `huaxiang serve` in processes of their own, on free ports of this machine."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

_START = "import sys; from huaxiang.serve.cli.main import main; sys.exit(main(sys.argv[1:]))"


class serving:  # noqa: N801 - reads as what it does
    """Run `huaxiang serve`; gives its address once it answers. `first`: Python that the process runs before anything else.

    One that has ended, or was killed, may be entered again: it comes back on the same port.
    """

    def __init__(self, folder: Path, *more: str, first: str = "") -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._command = [sys.executable, "-c", f"{first}\n{_START}", "serve", "--port", str(self._port)]
        self._command += ["--rate", "0", "--project", str(folder), *more]
        (folder / ".huaxiang").mkdir(exist_ok=True)
        self._log = folder / ".huaxiang" / f"serve-{self._port}.log"

    def __enter__(self) -> str:
        self._said = self._log.open("w+")
        self._process = subprocess.Popen(self._command, stderr=self._said)
        address, begin = f"http://127.0.0.1:{self._port}", time.monotonic()
        while self._process.poll() is None and time.monotonic() - begin < 60:
            try:
                with urllib.request.urlopen(f"{address}/api/v1/health", timeout=2):
                    return address
            except OSError:
                time.sleep(0.1)
        self.__exit__()
        raise AssertionError(f"the server did not start:\n{self._log.read_text('utf-8')[-2000:]}")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self.kill()

    def kill(self) -> None:
        """End the process at once (SIGKILL), in the middle of whatever it does."""
        self._process.kill()
        self._process.wait()
        self._said.close()
