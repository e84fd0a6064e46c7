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
