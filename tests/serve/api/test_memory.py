"""Memory that is freed stays with the server's process."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

COUNT = """
import resource, sys
import numpy as np
from huaxiang.serve.api.memory import keep_freed
assert not sys.argv[1:] or keep_freed()
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        several = [np.ones(2 << 20, dtype=np.uint8) for _ in range(16)]
        del several
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be asked to keep memory")
def test_pages_of_freed_arrays_are_used_again() -> None:
    def faults(*asked: str) -> int:
        done = subprocess.run([sys.executable, "-c", COUNT, *asked], capture_output=True, text=True, check=True)
        return int(done.stdout)

    assert faults("kept") * 5 < faults()
