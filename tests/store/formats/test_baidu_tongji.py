"""Baidu Tongji reports: title lines, totals, missing values, percentages and lengths, in CSV and Excel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.store.formats.reading import Loaded, source_of

from huaxiang.run.headers import read_header
from huaxiang.store.formats.baidu_tongji import header_row, plain_value

LINES = [
    ["百度统计-趋势分析"],
    ["站点：www.mumian.example", "2024/05/01-2024/05/03"],
    [],
    ["日期", "来源类型", "浏览量(PV)", "跳出率", "平均访问时长", "转化次数"],
    ["2024/05/01", "搜索引擎", "1,234", "45.50%", "00:03:25", "12"],
    ["2024/05/02", "直接访问", "99", "--", "--", "--"],
    ["2024/05/03", "外部链接", "7", "0%", "01:00:00", "x"],
    ["合计", "", "1,340", "40%", "00:03:20", "12"],
    ["当页汇总"],
]
COLUMNS: dict[str, Any] = {
    "day": {"from": "日期", "type": "date"},
    "channel": "来源类型",
    "views": {"from": "浏览量(PV)", "type": "integer"},
    "bounce": {"from": "跳出率", "type": "number"},
    "seconds": {"from": "平均访问时长", "type": "number"},
    "goals": {"from": "转化次数", "type": "integer"},
}


def report(file: str, **columns: Any) -> Any:
    return source_of("baidu_tongji", file, columns=columns or COLUMNS, entity="reference")


def write(folder: Path, file: str, encoding: str = "gb18030") -> None:
    if file.endswith(".csv"):
        text = "".join(",".join(f'"{cell}"' if "," in cell else cell for cell in line) + "\n" for line in LINES)
        (folder / file).write_text(text, encoding)
        return
    import openpyxl

    book = openpyxl.Workbook()
    for line in LINES:
        book.active.append(line)
    book.save(folder / file)


@pytest.mark.parametrize("file", ["a.csv", "a.xlsx"])
def test_a_report(tmp_path: Path, file: str) -> None:
    write(tmp_path, file)
    loaded = Loaded(tmp_path, report(file))
    rows = [[str(value) for name, value in row.items() if name != "_file"] for row in loaded.rows]
    assert rows == [
        ["2024-05-01", "搜索引擎", "1234", "0.455", "205.0", "12", "5"],
        ["2024-05-02", "直接访问", "99", "None", "None", "None", "6"],
    ]
    assert dict(loaded.report.left_out_reasons) == {"totals": 2}
    assert [(row["row"], row["column"], row["code"]) for row in loaded.rejected] == [(7, "goals", "number")]
    assert loaded.report.files[0].format == "baidu_tongji"
    header = read_header(report(file), tmp_path)
    assert header is not None
    assert header[:3] == ("日期", "来源类型", "浏览量(PV)")


def test_totals_are_found_without_mapping_the_first_column(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "utf-8")
    loaded = Loaded(tmp_path, report("a.csv", views=COLUMNS["views"]))
    assert loaded.column("views") == [1234, 99, 7]


def test_header_row_and_values() -> None:
    assert header_row(LINES, ("跳出率",)) == 4
    assert header_row(LINES, ()) == 4
    assert [plain_value(text) for text in ("-3.5%", "00:00:07", " -- ", "合计额", None, "1:2:3")] == [
        "-0.035",
        "7",
        None,
        "合计额",
        None,
        "1:2:3",
    ]
