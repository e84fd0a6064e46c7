"""The generated shop in PostgreSQL: the same company, with the database's URL in no file, table or message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from huaxiang.app.build import build
from huaxiang.app.mumian.demo import Size, prepare_mumian
from huaxiang.app.mumian.shop import shop_place
from huaxiang.errors import UsageError
from huaxiang.serve.cli.main import main
from huaxiang.store.tables import Place

SECRET = "hidden123"
SHOP = ("shop_customers", "orders", "order_lines")
SIZE = Size(300, 5)


@pytest.fixture
def place(postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """The server by an environment variable; without the demo's schema at first."""
    execute(postgres, "drop schema if exists mumian cascade")
    monkeypatch.setenv("HX_SHOP_URL", postgres)
    yield shop_place("env:HX_SHOP_URL")
    execute(postgres, "drop schema if exists mumian cascade")


def execute(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement; its rows, if it gives any."""
    import psycopg2

    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def counts(manifest: Any) -> dict[str, Any]:
    """What became of the rows of the shop's sources; how many customers there are."""
    keys = ("rows_in", "loaded", "set_aside", "left_out", "repaired", "first_at", "last_at")
    found = {s["name"]: {key: s[key] for key in keys} for s in manifest["sources"] if s["name"] in SHOP}
    return found | {"customers": manifest["customers"]}


@pytest.mark.slow
@pytest.mark.postgres
def test_the_same_company_comes_out_of_postgresql(postgres: str, place: Place, tmp_path: Path) -> None:
    prepare_mumian(tmp_path / "here", SIZE)
    prepare_mumian(tmp_path / "there", SIZE, place)
    assert not (tmp_path / "there" / "data" / "shop.db").exists()
    one, other = build(tmp_path / "here").manifest, build(tmp_path / "there").manifest
    assert counts(one) == counts(other)
    tags = [[t["distribution"] for t in m["tags"] if t["name"] in ("spend", "orders")] for m in (one, other)]
    assert tags[0] == tags[1]
    kept = [path for path in (tmp_path / "there").rglob("*") if path.is_file()]
    assert [path for path in kept if SECRET.encode() in path.read_bytes()] == []
    assert "url: env:HX_SHOP_URL" in (tmp_path / "there" / "sources" / "shop.yaml").read_text("utf-8")
    execute(postgres, "update mumian.orders set paid = paid + 1, ordered_at = now() where order_id = 'DD240000001'")
    orders = next(s for s in build(tmp_path / "there").manifest["sources"] if s["name"] == "orders")
    assert (orders["fetch"]["incremental"], orders["fetch"]["replaced"], orders["fetch"]["new"]) == (True, 1, 0)


@pytest.mark.postgres
def test_tables_are_written_when_they_are_not_there(postgres: str, place: Place, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    prepare_mumian(folder, SIZE, place)
    execute(postgres, "delete from mumian.orders")
    prepare_mumian(folder, SIZE, place)  # they are there: what somebody changed stays
    assert execute(postgres, "select count(*) from mumian.orders") == [(0,)]
    execute(postgres, "drop schema mumian cascade")
    prepare_mumian(folder, SIZE, place)
    assert execute(postgres, "select count(*) > 500 from mumian.orders") == [(True,)]
    with pytest.raises(UsageError, match="reads its shop from env:HX_SHOP_URL; give --shop-url env:HX_SHOP_URL"):
        prepare_mumian(folder, SIZE)
    prepare_mumian(tmp_path / "file", SIZE)
    with pytest.raises(UsageError, match=r"reads its shop from data/shop\.db"):
        prepare_mumian(tmp_path / "file", SIZE, place)


@pytest.mark.postgres
def test_a_schema_of_others_is_left_alone(postgres: str, place: Place, tmp_path: Path) -> None:
    execute(postgres, "create schema mumian create table orders (n int)")
    with pytest.raises(
        UsageError, match="has a schema mumian already, which this program did not make; nothing was changed"
    ):
        prepare_mumian(tmp_path / "shop", SIZE, place)
    assert execute(postgres, "select count(*) from mumian.orders") == [(0,)]


def run(folder: Path, *more: str) -> int:
    """`huaxiang demo` in English; its exit code."""
    return main(["demo", "--customers", "300", "--dir", str(folder / "d"), "--no-serve", "--lang", "en", *more])


@pytest.mark.parametrize(
    ("written", "held", "message"),
    [
        ("postgresql://me:pass1234@db/shop", None, "takes the name of an environment variable"),
        ("env:HX_SHOP_NONE", None, "HX_SHOP_NONE is not set"),
        ("env:HX_SHOP_BAD", "mysql://me:pass1234@db/shop", "it holds no URL of PostgreSQL"),
        ("env:HX_SHOP_BAD", "pass1234", "it holds no URL of PostgreSQL"),
        ("env:HX_SHOP_BAD", "postgresql://me:pass1234@127.0.0.1:1/shop", "the database can't be reached"),
    ],
)
def test_what_is_wrong_is_told_without_the_password(
    written: str,
    held: str | None,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if held:
        monkeypatch.setenv("HX_SHOP_BAD", held)
    assert run(tmp_path, "--dataset", "mumian", "--shop-url", written) == 2
    told = "".join(capsys.readouterr())
    assert message in told
    assert "pass1234" not in told
    assert [path for path in tmp_path.rglob("*") if path.is_file() and b"pass1234" in path.read_bytes()] == []


def test_only_the_generated_company_has_a_shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "--shop-url", "env:X") == 2
    assert "--shop-url is only for --dataset mumian" in capsys.readouterr().err
