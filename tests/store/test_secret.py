"""The secret of a project: made once, kept whole, given by the environment, and never guessed at when it is damaged."""

from __future__ import annotations

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from huaxiang.app.audience import customer_ids
from huaxiang.app.build import build
from huaxiang.app.wiring import open_snapshot
from huaxiang.errors import StorageError
from huaxiang.store.secret import FILE, VARIABLE, keep_secret, project_secret


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE)


def test_it_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: project_secret(tmp_path), range(32)))
    assert len(found) == 1
    assert len(found.pop()) == 32
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / FILE).parent.iterdir()] == ["secret"]
    assert project_secret(tmp_path / "other") != project_secret(tmp_path)


def test_one_that_is_there_stays(tmp_path: Path) -> None:
    first = project_secret(tmp_path)
    keep_secret(tmp_path, "0" * 64)
    assert project_secret(tmp_path) == first
    keep_secret(tmp_path / "new", "0" * 64)
    assert project_secret(tmp_path / "new") == bytes(32)


@pytest.mark.parametrize("text", ["", "abc", "0" * 63, "0" * 65, "Z" * 64])
def test_a_damaged_one_is_told_and_left(tmp_path: Path, text: str) -> None:
    project_secret(tmp_path)
    (tmp_path / FILE).write_text(text, "ascii")
    with pytest.raises(StorageError, match="is damaged") as told:
        project_secret(tmp_path)
    assert text not in str(told.value) or not text
    assert (tmp_path / FILE).read_text("ascii") == text


def test_the_environment_gives_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "one for several machines")
    assert project_secret(tmp_path) == b"one for several machines"
    assert not (tmp_path / FILE).exists()
    monkeypatch.setenv(VARIABLE, "short")
    with pytest.raises(StorageError, match="shorter than 16"):
        project_secret(tmp_path)


PROJECT = {
    "huaxiang.yaml": "name: shop\nas_of: 2024-06-01\n",
    "sources/orders.yaml": """
sources:
  - {name: orders, purpose: orders, legal_basis: contract, entity: order, files: orders.csv,
     columns: {order_id: order_id, phone: phone, ordered_at: day, amount: amount}}
identity:
  - {name: phone, field: phone, priority: 1, personal: true}
""",
    "orders.csv": "order_id,phone,day,amount\no1,13810000001,2024-05-01,10\no2,13810000002,2024-05-02,20\n",
}


def write_project(folder: Path) -> Path:
    for name, text in PROJECT.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def ids(folder: Path) -> list[str]:
    """Build, and return the customers' IDs."""
    build(folder)
    with open_snapshot(folder) as snapshot:
        return customer_ids(snapshot, "customer_id is not null")


def test_ids_differ_from_project_to_project_and_stay_without_the_secret(tmp_path: Path) -> None:
    one, other = write_project(tmp_path / "one"), write_project(tmp_path / "other")
    first = ids(one)
    assert all(re.fullmatch(r"phone-[0-9a-f]{16}", found) for found in first)
    assert not set(first) & set(ids(other))
    keep_secret(tmp_path / "third", (one / FILE).read_text("ascii").strip())
    assert ids(write_project(tmp_path / "third")) == first
    (one / FILE).unlink()
    (one / "orders.csv").write_text(PROJECT["orders.csv"] + "o3,13810000003,2024-05-03,30\n", "utf-8")
    assert set(first) < set(ids(one))
