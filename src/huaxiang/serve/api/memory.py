"""How the server's process keeps memory that it will need again at the next question."""

from __future__ import annotations

import ctypes
import sys

_TRIM, _MAP = -1, -3
"""`M_TRIM_THRESHOLD` and `M_MMAP_THRESHOLD` of malloc.h."""
KEPT = 128 << 20
_LARGEST = 32 << 20
"""The most that glibc takes for `M_MMAP_THRESHOLD`."""


def keep_freed() -> bool:
    """Let the process keep up to KEPT bytes of freed memory, and return whether it does (glibc alone can be asked to).

    Left alone, glibc gives arrays of some megabytes back as soon as they are freed, and the kernel has to make every page of the next
    ones anew: half the time of an analysis.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # another C library
        return False
    return bool(mallopt(_MAP, _LARGEST)) and bool(mallopt(_TRIM, KEPT))
