"""Places where a build can be made to die, as by a power cut: what the crash tests stand on.

`HUAXIANG_FAILPOINTS="tag"` (comma-separated) kills the process with SIGKILL when it reaches `failpoint("tag")`. This
module is the only reader of that variable; without it a failpoint is one dictionary look-up.
"""

from __future__ import annotations

import os
import signal

VARIABLE = "HUAXIANG_FAILPOINTS"
FAILPOINTS: tuple[str, ...] = (
    "collect", "clean.part", "clean", "unify", "profile", "tag", "segment", "persona",
    "publish.before_move", "publish.after_move", "publish.after_pointer",
)  # fmt: skip
"""Every failpoint, in the order in which a build reaches them."""


def failpoint(name: str) -> None:
    """Kill this process if `name` is switched on. Raises ValueError for a name that isn't registered."""
    if name not in FAILPOINTS:
        raise ValueError(f'unknown failpoint "{name}"; known: {", ".join(FAILPOINTS)}')
    switched_on = os.environ.get(VARIABLE)
    if switched_on and name in switched_on.split(","):
        os.kill(os.getpid(), signal.SIGKILL)
