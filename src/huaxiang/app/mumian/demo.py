"""The demo on the generated company: write it, build it, report, and say what came out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from huaxiang.app.demo import REPORT, DemoResult, Lang, refuse_other, show_in_browser, summarise
from huaxiang.app.init import PROJECT_FILE, write_definitions
from huaxiang.app.mumian.generate import generate
from huaxiang.app.mumian.records import SEED
from huaxiang.app.mumian.shop import is_there, move_shop, point_to, refuse_other_shop
from huaxiang.app.mumian.truth import truth_folder
from huaxiang.errors import UsageError
from huaxiang.store.secret import keep_secret

if TYPE_CHECKING:
    from huaxiang.run.context import Progress
    from huaxiang.store.tables import Place

PROJECT = "mumian"
LEAST = 200
"""Fewer people than this leave some sources and clusters without anybody."""
_WRITTEN = "generated.json"


@dataclass(frozen=True)
class Size:
    """How many people to generate, and from which seed."""

    customers: int = 10_000
    seed: int = SEED


def prepare_mumian(folder: Path, size: Size, shop: Place | None = None) -> Path:
    """Write the company and its project into `folder`; return the folder of the truth, which lies beside. With `shop`, the tables of the
    shop are written there, instead of to an SQLite file.

    Definitions that are there already are kept, edited or not; data are written anew only when `size` differs from that of
    those that are there. UsageError when the folder holds another project, or one that reads its shop from elsewhere, for fewer than 200
    customers, and when the database of the shop can't be written.
    """
    folder = Path(folder)
    if size.customers < LEAST:
        raise UsageError(
            f"--customers {size.customers}: at least {LEAST} are needed, or some sources stay empty",
            f"--customers {size.customers}：至少需要 {LEAST} 位客户，否则有的数据源会是空的",
        )
    asked = asdict(size) | ({"shop": f"env:{shop.variable}"} if shop else {})
    known = truth_folder(folder)
    if (folder / PROJECT_FILE).exists():
        refuse_other(folder, PROJECT)
        refuse_other_shop(folder, shop)
    else:
        write_definitions(folder, PROJECT)
        if shop:
            point_to(folder, shop)
    keep_secret(
        folder, hashlib.sha256(f"{PROJECT}:{size.seed}".encode()).hexdigest()
    )  # no secret: equal sizes give equal customers
    written = known / _WRITTEN
    there = written.is_file() and json.loads(written.read_text("utf-8")) == asked and (folder / "data").is_dir()
    if not there or (shop and not is_there(shop, asked)):
        written.unlink(missing_ok=True)
        generate(folder, size.customers, size.seed)
        if shop:
            move_shop(folder / "data" / "shop.db", shop, asked)
        written.write_text(json.dumps(asked), encoding="utf-8")
    return known


def run_mumian(  # noqa: PLR0913 (what the command lets people choose)
    folder: Path,
    size: Size,
    *,
    lang: Lang = "zh-CN",
    progress: Progress | None = None,
    show: bool = False,
    shop: Place | None = None,
) -> DemoResult:
    """Prepare, build, write the report into the folder, and return what was found. With `show`, open the report in a browser."""
    from huaxiang.app.build import build
    from huaxiang.app.report import write_report
    from huaxiang.app.wiring import open_snapshot

    known = prepare_mumian(folder, size, shop)
    built = build(folder, progress=progress)
    with open_snapshot(folder, built.snapshot) as snapshot:
        report = write_report(snapshot, folder / REPORT, lang)
        result = replace(summarise(snapshot, folder=folder, report=report, seconds=built.seconds), truth=known)
    if show:
        show_in_browser(report)
    return result


def summary_text(result: DemoResult, customers: int, lang: Lang) -> str:
    """What came out, in a few lines for a terminal; `customers`: people that were generated."""
    rows, words = result.rows, _WORDS["en" if lang == "en" else "zh"]
    told = {
        "people": f"{customers:,}",
        "found": f"{result.customers:,}",
        "spend": f"{result.spend:,.0f} {result.currency}",
        "orders": f"{result.orders:,}",
        "read": f"{rows['rows_in']:,}",
        "loaded": f"{rows['loaded']:,}",
        "aside": f"{rows['set_aside']:,}",
        "out": f"{rows['left_out']:,}",
        "tags": result.tags,
        "audiences": len(result.audiences),
        "clusters": result.clusters,
        "report": result.report,
        "truth": result.truth,
        "folder": result.folder,
        "seconds": f"{result.seconds:,.0f}",
    }
    return "\n".join(line.format(**told) for line in words)


_WORDS = {
    "zh": (
        "木棉（虚构公司，数据由程序生成）",
        "真实人数 {people}，打通后得到 {found} 位客户 · {orders} 笔订单 · 消费 {spend}",
        "读入 {read} 行：载入 {loaded}，排除 {out}，搁置 {aside}",
        "{tags} 个标签，{audiences} 个人群，{clusters} 类画像，用时 {seconds} 秒",
        "报告：{report}",
        "真值（构建读不到）：{truth}",
        "  huaxiang identity evaluate {truth}/records.csv --project {folder}",
    ),
    "en": (
        "Mumian (an invented company; all data are generated)",
        "{people} people; unified into {found} customers · {orders} orders · spend {spend}",
        "{read} rows read: {loaded} loaded, {out} left out, {aside} set aside",
        "{tags} tags, {audiences} audiences, {clusters} clusters, in {seconds} s",
        "Report: {report}",
        "The truth (builds can't read it): {truth}",
        "  huaxiang identity evaluate {truth}/records.csv --project {folder}",
    ),
}
