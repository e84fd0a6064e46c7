"""Who of the snapshot's customers meets a condition, as a mask in the order of the customers table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from huaxiang.app.audience import customer_ids

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from huaxiang.store.snapshots import Snapshot


def customer_mask(snapshot: Snapshot, expression: str | None) -> NDArray[np.bool_]:
    """Return a mask over the rows of customers.parquet: who meets the condition (a name or an expression; None: everyone).

    Raises as `customer_ids` does.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import parquet

    path = snapshot.table("customers")
    if expression is None:
        return np.ones(parquet.ParquetFile(path).metadata.num_rows, np.bool_)
    ids = parquet.read_table(path, columns=["customer_id"])["customer_id"].combine_chunks()
    found = pa.array(customer_ids(snapshot, expression), ids.type)
    return np.asarray(pc.is_in(ids, found).to_numpy(zero_copy_only=False), dtype=np.bool_)


def decided_against(snapshot: Snapshot, expression: str) -> NDArray[np.bool_]:
    """Return who is known not to meet the condition: for whom it is false, rather than unknown because a value is missing."""
    from huaxiang.app.audience import column_types
    from huaxiang.app.conditions import condition_text, sources_in

    manifest = snapshot.manifest
    definitions = {item["name"]: item["definition"] for item in manifest.get("audiences", ())}
    when = definitions.get(expression.strip(), expression)
    return customer_mask(snapshot, f"not ({condition_text(when, column_types(manifest), sources_in(manifest))})")
