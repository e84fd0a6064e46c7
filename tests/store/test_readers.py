"""Excel, JSON, NDJSON and Parquet readers, and the finding of files."""

from __future__ import annotations

import errno
import json
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.told import same_names

from huaxiang.errors import SourceError
from huaxiang.spec.models import SourceSpec
from huaxiang.store.cleaning.codes import FAULTS
from huaxiang.store.files import jsons
from huaxiang.store.files.batch import FileFault, Limits, ReadRequest, cause_zh, looks_like_data
from huaxiang.store.files.find import NOT_FOR_BUILDS, find_files
from huaxiang.store.files.open import open_file
from huaxiang.store.files.sniff import sniff_format


def read(path: Path, columns: tuple[str, ...], **options: Any) -> tuple[Any, dict[str, list[Any]], list[int]]:
    """Form, columns by name and row numbers of a whole file."""
    form, batches = open_file(ReadRequest(path, options.pop("format", "auto"), columns, **options))
    values: dict[str, list[Any]] = {name: [] for name in columns}
    rows: list[int] = []
    for batch in batches:
        rows += batch.rows.tolist()
        for name, column in zip(columns, batch.columns, strict=True):
            values[name] += column.to_pylist()
    return form, values, rows


def workbook(path: Path, rows: list[list[Any]], title: str = "Sheet") -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    book.create_sheet(title + "2").append(["z"])
    book.save(path)
    return path


def test_excel_cells_as_text(tmp_path: Path) -> None:
    rows = [
        ["id", "v"],
        ["007", 1.5],
        [13800138000, date(2024, 1, 2)],
        [None, None],
        [True, datetime(2024, 1, 2, 3, 4, 5)],
        ["x", time(1, 2)],
    ]
    form, values, numbers = read(workbook(tmp_path / "a.xlsx", rows), ("id", "v"))
    assert values == {
        "id": ["007", "13800138000", "true", "x"],
        "v": ["1.5", "2024-01-02", "2024-01-02 03:04:05", "01:02:00"],
    }
    assert numbers == [2, 3, 5, 6]
    assert (form.format, form.header) == ("excel", ("id", "v"))


def test_excel_sheets_by_name_and_number(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["id"]], "Sheet")
    assert read(path, (), sheet=1)[0].header == ("z",)
    assert read(path, (), sheet="Sheet2")[0].header == ("z",)


def test_excel_row_with_error_keeps_its_place(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [["a", "b"], ["1", "#N/A"], ["2", "#REF!"], ["3", 4]])
    _, batches = open_file(ReadRequest(path, "auto", ("b",)))
    (batch,) = batches
    assert batch.faults is not None
    assert [FAULTS[fault] for fault in batch.faults] == ["excel_error", "excel_error", ""]
    _, batches = open_file(ReadRequest(path, "auto", ("a",)))
    assert not next(batches).faults.any()  # type: ignore[union-attr]


def test_json_shapes_say_the_same(tmp_path: Path) -> None:
    records = [{"id": "1", "a": {"b": 1.10}, "tags": ["x", "y"]}, {"id": 2, "a": {"b": None}, "ok": True}]
    files = {
        "a.json": json.dumps(records),
        "b.json": json.dumps(records, indent=2),
        "c.json": json.dumps({"total": 2, "data": records}, indent=1),
        "d.ndjson": "\n".join(map(json.dumps, records)),
        "e.jsonl": "\r\n".join(map(json.dumps, records)) + "\r\n",
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
        form, values, rows = read(
            tmp_path / name, ("id", "a.b", "tags", "ok"), format="json" if name == "c.json" else "auto"
        )
        assert values == {"id": ["1", "2"], "a.b": ["1.1", None], "tags": ['["x", "y"]', None], "ok": [None, "true"]}, (
            name
        )
        assert rows == [1, 2]
        assert {"id", "a", "a.b", "tags", "ok"} == set(form.header)


def test_json_is_read_in_pieces_of_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsons, "_CHUNK", 7)
    records = [{"id": i, "name": "张三" * (i % 3), "x": [{"y": "]},{"}]} for i in range(50)]
    (tmp_path / "a.json").write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
    (tmp_path / "b.ndjson").write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in records), encoding="utf-8")
    for name in ("a.json", "b.ndjson"):
        _, values, rows = read(tmp_path / name, ("id", "name"))
        assert values == {"id": [str(i) for i in range(50)], "name": ["张三" * (i % 3) for i in range(50)]}
        assert rows == list(range(1, 51))


def test_numbers_in_json_keep_their_digits(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text('{"x": 1.10}\n{"x": 12345678901234567890}\n{"x": NaN}\n')
    assert read(tmp_path / "a.ndjson", ("x",))[1] == {"x": ["1.10", "12345678901234567890", None]}


def test_json_in_gbk_and_utf16(tmp_path: Path) -> None:
    for encoding in ("gbk", "utf-16"):
        (tmp_path / "a.json").write_text('[{"姓名": "张三"}]', encoding=encoding)
        assert read(tmp_path / "a.json", ("姓名",))[1] == {"姓名": ["张三"]}


def test_parquet_types(tmp_path: Path) -> None:
    table = pa.table(
        {
            "i": [1, 2],
            "s": pa.array(["a", None]).dictionary_encode(),
            "l": [["x"], []],
            "b": [b"x", b"\xe4\xbd\xa0"],
            "v": pa.array(["p", "q"], pa.large_string()),
            "t": pa.array([1, 2], pa.timestamp("ns")),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    form, values, rows = read(tmp_path / "a.parquet", ("s", "b", "v", "i", "l"))
    assert values == {"s": ["a", None], "b": ["x", "你"], "v": ["p", "q"], "i": [1, 2], "l": [["x"], []]}
    assert rows == [1, 2]
    assert form.header == tuple(table.column_names)


def test_long_parquet_texts_come_in_small_slices(tmp_path: Path) -> None:
    pq.write_table(pa.table({"s": ["x" * 1000] * 100 + ["y" * 5000]}), tmp_path / "a.parquet")
    request = ReadRequest(tmp_path / "a.parquet", "auto", ("s",), limits=Limits(batch_bytes=10_000, cell_chars=1_000))
    _, batches = open_file(request)
    parts = [batch for batch in batches if len(batch.rows)]
    assert max(len(batch.rows) for batch in parts) == 10
    assert [row for batch in parts for row in batch.rows] == list(range(1, 102))
    assert FAULTS[parts[-1].faults[-1]] == "too_long"  # type: ignore[index]
    assert json.loads(parts[-1].raw(len(parts[-1].rows) - 1)) == {"s": "y" * 5000}


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"a,b\n", "csv"),
        (b"[1] a,b\n", "csv"),
        (b'[{"a":1}]', "json"),
        (b'{"a":1}\n{"a":2}\n', "ndjson"),
        (b'{\n "a": 1}', "json"),
        (b'\xef\xbb\xbf [ {"a":1}]', "json"),
        ('[{"a":1}]'.encode("utf-16"), "json"),
        (b"{weird},b\n1,2\n", "csv"),
    ],
)
def test_formats_by_content(tmp_path: Path, content: bytes, found: str) -> None:
    (tmp_path / "x").write_bytes(content)
    assert sniff_format(tmp_path / "x", "auto") == found


def test_unreadable_path_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(FileFault, match="can't be read") as caught:
        open_file(ReadRequest(tmp_path, "csv", ()))
    assert caught.value.zh == "无法读取文件（这是文件夹）"


def test_what_the_system_reports_is_told_in_chinese() -> None:
    assert cause_zh(PermissionError(errno.EACCES, "Permission denied")) == "没有访问权限"
    assert cause_zh(OSError(errno.ELOOP, "Too many levels of symbolic links")) == "Too many levels of symbolic links"
    assert cause_zh(OSError("cut off")) == "输入/输出错误"


def test_values_are_not_taken_for_column_names() -> None:
    assert not looks_like_data(["id", "ordered_at", "金额", "q1", "2023年"])
    assert looks_like_data(["张三", "13800138000", "2024-01-02"])
    assert looks_like_data(["a@b.com", "name"])


def spec(files: Any) -> SourceSpec:
    return SourceSpec.model_validate(
        {
            "name": "s",
            "purpose": "t",
            "legal_basis": "consent",
            "entity": "order",
            "files": files,
            "columns": {"order_id": "id"},
        }
    )


def test_files_of_patterns_folders_and_paths(tmp_path: Path) -> None:
    for name in (
        "in/b.csv",
        "in/a.csv",
        "in/.hidden.csv",
        "in/~$a.xlsx",
        "in/note.md",
        "in/2024/c.parquet",
        "x.csv",
        "[1].csv",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("id\n")

    def names(files: Any) -> list[str]:
        return [path.relative_to(tmp_path).as_posix() for path in find_files(spec(files), tmp_path)]

    assert names("in") == ["in/2024/c.parquet", "in/a.csv", "in/b.csv"]
    assert names("in/*.csv") == ["in/a.csv", "in/b.csv"]
    assert names("**/*.csv") == ["[1].csv", "in/a.csv", "in/b.csv", "x.csv"]
    assert names(["x.csv", "*.csv", "in/a.csv"]) == ["x.csv", "[1].csv", "in/a.csv"]
    assert names("[1].csv") == ["[1].csv"]
    assert names(str(tmp_path / "in" / "*.csv")) == ["in/a.csv", "in/b.csv"]
    with pytest.raises(SourceError, match=r"files: y\*\.csv: no such file") as caught:
        names(["x.csv", "y*.csv"])
    assert caught.value.zh == "数据源“s” files: y*.csv：没有这个文件；路径相对于项目文件夹"
    with pytest.raises(SourceError, match="no pattern given") as caught:
        names([])
    assert not same_names(caught.value)


def test_a_folder_that_is_not_for_builds_is_named(tmp_path: Path) -> None:
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "a.csv").write_text("id\n")
    (tmp_path / "truth" / NOT_FOR_BUILDS).touch()
    with pytest.raises(SourceError, match="not for builds") as caught:
        find_files(spec("truth"), tmp_path)
    assert not same_names(caught.value)


def test_parquet_slices_are_bounded_by_all_columns_together(tmp_path: Path) -> None:
    pq.write_table(pa.table({name: ["x" * 1000] * 100 for name in "abcd"}), tmp_path / "a.parquet")
    request = ReadRequest(tmp_path / "a.parquet", "auto", tuple("abcd"), limits=Limits(batch_bytes=20_000))
    _, batches = open_file(request)
    assert max(len(batch.rows) for batch in batches) == 5
