"""Memory that is freed stays with the server's process."""

from __future__ import annotations

import platform
import subprocess
import sys

COUNT = """
import resource, sys
import numpy as np
from huaxiang.serve.api.memory import keep_freed
print(keep_freed() if sys.argv[1:] else None)
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        several = [np.ones(2 << 20, dtype=np.uint8) for _ in range(16)]
        del several
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""


def test_pages_of_freed_arrays_are_used_again() -> None:
    """With glibc; another C library can't be asked, and the server is told so."""

    def faults(*asked: str) -> tuple[str, int]:
        done = subprocess.run([sys.executable, "-c", COUNT, *asked], capture_output=True, text=True, check=True)
        kept, count = done.stdout.split()
        return kept, int(count)

    kept, count = faults("kept")
    if platform.libc_ver()[0] == "glibc":
        assert kept == "True"
        assert count * 5 < faults()[1]
    else:
        assert kept == "False"
