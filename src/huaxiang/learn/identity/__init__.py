"""Identity resolution: records → customers with stable IDs, on evidence that is kept (docs/identity.md).

`resolve` joins records by strong keys, contact keys, matched pairs and decisions; `stitch_devices` gives a device's rows to people in time.
"""

from __future__ import annotations

from huaxiang.learn.identity.decisions import Decision, Decisions
from huaxiang.learn.identity.ledger import Ledger, new_records
from huaxiang.learn.identity.resolve import resolve
from huaxiang.learn.identity.stitch import SPANS, stitch_devices
from huaxiang.learn.identity.types import Context, Resolution, Scored

__all__ = [
    "SPANS",
    "Context",
    "Decision",
    "Decisions",
    "Ledger",
    "Resolution",
    "Scored",
    "new_records",
    "resolve",
    "stitch_devices",
]
