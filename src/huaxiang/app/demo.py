"""The demo: the whole job on the real Complete Journey data, and what it found, for a marketing manager to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from huaxiang.app.demo_data import DemoDataMissing, export_data, find_data
from huaxiang.app.init import PROJECT_FILE, fill_project
from huaxiang.errors import UsageError

if TYPE_CHECKING:
    from huaxiang.run.context import Progress
    from huaxiang.store.snapshots import Snapshot

__all__ = ["DEMO_PROJECT", "DemoDataMissing", "DemoResult", "prepare_demo", "run_demo", "summarise"]

DEMO_PROJECT = "complete_journey"
REPORT = "report.html"
Lang = Literal["zh-CN", "en"]


@dataclass(frozen=True)
class Money:
    """What a group of customers spent: exact sum in the project's currency, and its share of all spend (0…1)."""

    amount: Decimal
    share: float


@dataclass(frozen=True)
class GroupFound:
    """One audience or lifecycle stage: title in both languages, members, share of all customers (0…1)."""

    name: str
    title: Mapping[str, str]
    size: int
    share: float


@dataclass(frozen=True)
class PersonaFound:
    """One persona: name and telling statements in both languages, size, and what it is worth (`index` 100 = all customers)."""

    segment: str
    name: Mapping[str, str]
    highlights: tuple[Mapping[str, str], ...]
    size: int
    share: float
    worth_mean: float
    worth_share: float | None
    worth_index: float | None


@dataclass(frozen=True)
class Findings:
    """Notable figures; None where the project no longer has the tag it needs."""

    top_fifth: Money | None = None
    falling: tuple[int, Money] | None = None
    churning: tuple[int, Money] | None = None
    never_contacted: int | None = None
    contacted: int | None = None
    responded: int | None = None


@dataclass(frozen=True)
class DemoResult:
    """What the demo found, and where its project and report are."""

    folder: Path
    report: Path
    snapshot: str
    as_of: str
    title: Mapping[str, str]
    currency: str
    customers: int
    spend: Decimal
    orders: int
    rows: Mapping[str, int]
    tags: int
    lifecycle: tuple[GroupFound, ...]
    audiences: tuple[GroupFound, ...]
    clusters: int
    personas: tuple[PersonaFound, ...]
    findings: Findings
    seconds: float
    truth: Path | None = None
    """Folder of the truth about generated data; None for real data."""

    def text(self, lang: Lang = "zh-CN") -> str:
        """Return the summary as plain text for a terminal, without the next steps."""
        from huaxiang.app.demo_text import summary_text

        return summary_text(self, lang)

    def as_json(self) -> dict[str, Any]:
        """Return all of it with stable keys; amounts as text, so that no cent is lost."""
        return {key: _plain(value) for key, value in asdict(self).items()}


def prepare_demo(folder: Path) -> Path:
    """Write the Complete Journey project into `folder` (created when missing) and return it.

    A demo project that is there already keeps its files, edited or not; only what lacks is added. UsageError when the
    folder holds another project, DemoDataMissing when the package with the data is not installed.
    """
    folder = Path(folder)
    find_data()
    if (folder / PROJECT_FILE).exists():
        refuse_other(folder, DEMO_PROJECT)
        export_data(folder / "data")
    else:
        fill_project(folder, "completejourney")
    return folder


def run_demo(
    folder: Path, *, serve: bool = False, lang: Lang = "zh-CN", progress: Progress | None = None
) -> DemoResult:
    """Prepare, build, write the report `report.html` into the folder, and return what was found.

    With `serve`, the report is shown in the user's browser where there is a graphical one. Raises what `prepare_demo` and
    `app.build.build` raise.
    """
    from huaxiang.app.build import build
    from huaxiang.app.report import write_report
    from huaxiang.app.wiring import open_snapshot

    prepare_demo(folder)
    built = build(folder, progress=progress)
    with open_snapshot(folder, built.snapshot) as snapshot:
        report = write_report(snapshot, folder / REPORT, lang)
        result = summarise(snapshot, folder=folder, report=report, seconds=built.seconds)
    if serve:
        show_in_browser(report)
    return result


def show_in_browser(what: Path | str) -> bool:
    """Open a file or an address in the graphical browser; False when there is none (a text browser would take over the terminal)."""
    import webbrowser

    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if type(browser) is webbrowser.GenericBrowser:
        return False
    return browser.open(what if isinstance(what, str) else what.resolve().as_uri())


def refuse_other(folder: Path, project: str) -> None:
    """Raise UsageError when the folder holds a project of another name."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        found = YAML(typ="safe", pure=True).load((folder / PROJECT_FILE).read_text("utf-8"))
    except (YAMLError, UnicodeDecodeError):
        return  # the check of the build will say what is wrong with it
    if isinstance(found, dict) and found.get("name") != project:
        raise UsageError(
            f"{folder} holds another project than the demo; choose another folder, e.g. `huaxiang demo --dir demo2`",
            f"{folder} 里是另一个项目，不是这个演示；请换个文件夹，例如 huaxiang demo --dir demo2",
        )


def summarise(snapshot: Snapshot, *, folder: Path, report: Path, seconds: float) -> DemoResult:
    """Read the findings off a published snapshot of the demo project."""
    manifest, quality = snapshot.manifest, snapshot.manifest["quality"]
    rows = _customer_rows(snapshot)
    personas = _personas(snapshot.personas()["sets"])
    return DemoResult(
        folder=folder, report=report, snapshot=snapshot.id, as_of=manifest["as_of"], title=manifest["project"]["title"],
        currency=manifest["project"]["currency"], customers=manifest["customers"],
        spend=sum((Decimal(r["spend"] or 0) for r in rows), Decimal(0)), orders=sum(int(r["orders"] or 0) for r in rows),
        rows={key: int(quality[key]) for key in ("rows_in", "loaded", "set_aside", "left_out")},
        tags=len(manifest["tags"]), lifecycle=_lifecycle(manifest), audiences=_audiences(manifest),
        clusters=int(manifest["clusterings"][0]["k"]) if manifest["clusterings"] else 0,
        personas=personas, findings=_findings(rows), seconds=seconds,
    )  # fmt: skip


_COLUMNS = (
    "spend",
    "orders",
    "high_spender",
    "spend_trend",
    "likely_churner",
    "campaigns_received",
    "coupons_redeemed",
    "orders_90d",
)


def _customer_rows(snapshot: Snapshot) -> list[dict[str, Any]]:
    """The columns the summary needs, one dict a customer; a column that the project no longer has is None."""
    from huaxiang.app.wiring import table_reader

    known = {entry["name"] for entry in snapshot.manifest["tags"]}
    present = [c for c in _COLUMNS if c in known]
    if not present:
        return []
    with table_reader(snapshot.table("customers")) as reader:
        return [dict.fromkeys(_COLUMNS) | dict(zip(present, row, strict=True)) for row in reader.rows(present)]


def _findings(rows: Sequence[Mapping[str, Any]]) -> Findings:
    total = sum((Decimal(r["spend"] or 0) for r in rows), Decimal(0))
    if not total:
        return Findings()

    def money(group: Sequence[Mapping[str, Any]]) -> Money:
        amount = sum((Decimal(r["spend"] or 0) for r in group), Decimal(0))
        return Money(amount, float(amount / total))

    by_spend = sorted(rows, key=lambda r: Decimal(r["spend"] or 0), reverse=True)
    falling = [r for r in rows if r["high_spender"] and r["spend_trend"] in ("falling", "stopped")]
    churning = [r for r in rows if r["likely_churner"]]
    contacted = [r for r in rows if (r["campaigns_received"] or 0) > 0]
    regulars = [r for r in rows if r["campaigns_received"] == 0 and (r["orders_90d"] or 0) >= 6]
    return Findings(
        top_fifth=money(by_spend[: round(len(rows) / 5)]), falling=(len(falling), money(falling)),
        churning=(len(churning), money(churning)), never_contacted=len(regulars), contacted=len(contacted),
        responded=sum((r["coupons_redeemed"] or 0) > 0 for r in contacted),
    )  # fmt: skip


def _lifecycle(manifest: Mapping[str, Any]) -> tuple[GroupFound, ...]:
    tag = next((t for t in manifest["tags"] if t["name"] == "lifecycle"), None)
    if tag is None:
        return ()
    counts = {str(value): int(count) for value, count in tag["distribution"]["values"]}
    titles: Mapping[str, Mapping[str, str]] = tag.get("values") or {}
    order = list(titles) + [v for v in counts if v not in titles]
    return tuple(
        GroupFound(v, titles.get(v) or {"zh": v, "en": v}, counts[v], counts[v] / manifest["customers"])
        for v in order if counts.get(v)
    )  # fmt: skip


def _audiences(manifest: Mapping[str, Any]) -> tuple[GroupFound, ...]:
    return tuple(GroupFound(a["name"], a["title"], int(a["size"]), float(a["share"])) for a in manifest["audiences"])


def _personas(sets: Sequence[Mapping[str, Any]]) -> tuple[PersonaFound, ...]:
    """Cards of the first clustering set, the largest share of worth first."""
    cards: Sequence[Mapping[str, Any]] = next((s["cards"] for s in sets if s["kind"] == "clustering"), [])
    found = [
        PersonaFound(
            c["segment"], c["name"], _highlights(c["sections"]), int(c["size"]), float(c["share"]), float(c["worth"]["mean"] or 0),
            c["worth"]["share_of_total"], c["worth"]["index"],
        )
        for c in cards
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda p: (-(p.worth_share or 0), p.segment)))


_TOLD = (("consumption", 2), ("psychographic", 1), ("demographic", 1))
"""How many statements of which section of a card the summary takes; the strongest stand first."""


def _highlights(sections: Sequence[Mapping[str, Any]]) -> tuple[Mapping[str, str], ...]:
    stated = {s["id"]: s["statements"] for s in sections}
    return tuple(st["text"] for section, most in _TOLD for st in stated.get(section, ())[:most])


def _plain(value: Any) -> Any:
    """Decimals and paths as text, tuples as lists, all the way down."""
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return str(value) if isinstance(value, Decimal | Path) else value
