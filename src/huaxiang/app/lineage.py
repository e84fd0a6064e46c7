"""What tags are computed from, as the manifest tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def roots_of(info: Mapping[str, Any]) -> set[str]:
    """Return the tag or attribute itself and those of its lineage: two that share one say related things by definition."""
    lines = info.get("lineage") or ()
    return {info["name"], *(line.partition(":")[2] for line in lines if not line.startswith("source:"))}


def sources_of(info: Mapping[str, Any]) -> set[str]:
    """Return the sources that a tag or attribute is computed from."""
    lines = [*(info.get("lineage") or ()), *([f"source:{info['source']}"] if info.get("source") else ())]
    return {line.partition(":")[2].partition(".")[0] for line in lines if line.startswith("source:")}
