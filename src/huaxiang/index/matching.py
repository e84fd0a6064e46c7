"""Which of a column's different texts match a pattern, decided by DuckDB, so that the index answers exactly what a scan would."""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from huaxiang.plan.conditions import TextOp

if TYPE_CHECKING:
    import duckdb

_SQL = {
    "contains": "SELECT contains(value, ?) AS met FROM texts",
    "starts_with": "SELECT starts_with(value, ?) AS met FROM texts",
    "ends_with": "SELECT ends_with(value, ?) AS met FROM texts",
    "like": "SELECT value LIKE ? AS met FROM texts",
    "ilike": "SELECT value ILIKE ? AS met FROM texts",
    "matches": "SELECT regexp_matches(value, ?) AS met FROM texts",
}
_lock = threading.Lock()


def texts_like(texts: pa.Array, op: TextOp, pattern: str) -> npt.NDArray[np.bool_]:
    """A truth per text."""
    with _lock:
        connection = _connection()
        connection.register("texts", pa.table({"value": texts.cast(pa.string())}))
        found = connection.execute(_SQL[op], [pattern]).fetchall()
        connection.unregister("texts")
    return np.fromiter((met for (met,) in found), np.bool_, len(found))


@cache
def _connection() -> duckdb.DuckDBPyConnection:
    import duckdb

    return duckdb.connect(config={"autoinstall_known_extensions": False, "threads": 1})
