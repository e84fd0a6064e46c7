"""Real servers: `huaxiang serve` in processes of their own, on free ports of this machine."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path
from random import SystemRandom

from tests.waiting import PATIENCE, until

_START = "import sys; from huaxiang.serve.cli.main import main; sys.exit(main(sys.argv[1:]))"


class serving:  # noqa: N801 - reads as what it does
    """Run `huaxiang serve`; gives its address once it answers. `first`: Python that the process runs before anything else.

    One that has ended, or was killed, may be entered again: it comes back on the same port.
    """

    def __init__(self, folder: Path, *more: str, first: str = "") -> None:
        self._port = free_port()
        self._command = [sys.executable, "-c", f"{first}\n{_START}", "serve", "--port", str(self._port)]
        self._command += ["--rate", "0", "--project", str(folder), *more]
        (folder / ".huaxiang").mkdir(exist_ok=True)
        self._log = folder / ".huaxiang" / f"serve-{self._port}.log"

    def __enter__(self) -> str:
        self._said = self._log.open("w+")
        self._process = subprocess.Popen(self._command, stderr=self._said)
        address = f"http://127.0.0.1:{self._port}"
        until(lambda: self._process.poll() is not None or answers(f"{address}/api/v1/health"))
        if self._process.poll() is None:
            return address
        self.__exit__()
        raise AssertionError(f"the server did not start:\n{self._log.read_text('utf-8')[-2000:]}")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)
        self.kill()

    def kill(self) -> None:
        """End the process at once (SIGKILL), in the middle of whatever it does."""
        self._process.kill()
        self._process.wait()
        self._said.close()


def free_port() -> int:
    """A port below those that systems give to connections, so that none of them takes it while its server is away."""
    while True:
        port = SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def answers(url: str) -> bool:
    """Whether a server answers a URL with 2xx."""
    with suppress(OSError), urllib.request.urlopen(url, timeout=PATIENCE):
        return True
    return False
