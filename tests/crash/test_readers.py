"""Ten readers read while builds publish and remove: each sees one consistent version, always."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.crash.conftest import make_shop, must_build
from tests.waiting import PATIENCE, until

from huaxiang.store.snapshots import SnapshotStore

pytestmark = pytest.mark.slow
READER = """
import sys, time
from pathlib import Path
import pyarrow.parquet as pq
from huaxiang.store.snapshots import SnapshotStore

folder, stop = Path(sys.argv[1]), Path(sys.argv[2])
seen, reads = [], 0
while not stop.exists():
    with SnapshotStore(folder).current() as snapshot:
        assert snapshot.manifest["id"] == snapshot.id
        customers = pq.read_table(snapshot.table("customers"), columns=["customer_id"]).num_rows
        assert customers == snapshot.manifest["customers"]
        time.sleep(0.5)
        lines = pq.read_metadata(snapshot.table("source_order_lines")).num_rows
        rows = {table["name"]: table["rows"] for table in snapshot.manifest["tables"]}
        assert (customers, lines) == (rows["customers"], rows["source_order_lines"])
        snapshot.personas()
        snapshot.verify()
        seen.append(snapshot.id)
        reads += 1
        print(snapshot.id, flush=True)
assert seen == sorted(seen), "went back in time"
"""


def test_ten_readers_during_builds(tmp_path: Path) -> None:
    shop, stop = tmp_path / "shop", tmp_path / "stop"
    make_shop(shop, keep=1)
    must_build(shop)
    said = [tmp_path / f"reader-{number}" for number in range(10)]
    readers = []
    for path in said:
        with path.open("w") as out:
            command = [sys.executable, "-c", READER, str(shop), str(stop)]
            readers.append(subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, text=True))

    def versions_seen() -> int:
        """How many versions each has seen, at least."""
        return min(len(set(path.read_text().split())) for path in said)

    try:
        assert until(lambda: versions_seen() == 1)
        for number in range(4):
            lines = (shop / "data" / "order_lines.csv").read_text("utf-8-sig").splitlines(keepends=True)
            (shop / "data" / "order_lines.csv").write_text("".join(lines[: -100 * (number + 1)]), "utf-8-sig")
            must_build(shop)
        assert until(lambda: versions_seen() >= 2)
    finally:
        stop.touch()
        results = [reader.communicate(timeout=PATIENCE) for reader in readers]
    for reader, (_, err) in zip(readers, results, strict=True):
        assert reader.returncode == 0, err
    must_build(shop)
    assert len(SnapshotStore(shop).ids()) == 1
