"""Who of the snapshot's customers meets a condition, as a mask in the order of the customers table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from huaxiang.index import Bits
    from huaxiang.store.snapshots import Snapshot


def customer_bits(snapshot: Snapshot, expression: str | None) -> Bits:
    """Return who meets the condition (a name or an expression; None: everyone). Raises as `OpenIndex.select` does."""
    from huaxiang.app.audience_index import open_index

    index = open_index(snapshot)
    return index.index.all if expression is None else index.select(expression)


def customer_mask(snapshot: Snapshot, expression: str | None) -> NDArray[np.bool_]:
    """Return `customer_bits` as a boolean for each row of customers.parquet."""
    return customer_bits(snapshot, expression).mask()


def decided_against(snapshot: Snapshot, expression: str) -> NDArray[np.bool_]:
    """Return who is known not to meet the condition: for whom it is false, rather than unknown because a value is missing."""
    from huaxiang.app.audience import column_types
    from huaxiang.app.conditions import condition_text, sources_in

    manifest = snapshot.manifest
    definitions = {item["name"]: item["definition"] for item in manifest.get("audiences", ())}
    when = definitions.get(expression.strip(), expression)
    return customer_mask(snapshot, f"not ({condition_text(when, column_types(manifest), sources_in(manifest))})")
