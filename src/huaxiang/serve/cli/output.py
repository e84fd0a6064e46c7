"""How answers look: JSON for programs; for people aligned tables (Chinese counts two columns), grouped numbers, bars."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from huaxiang.serve.cli.texts import pick, t, t_or

if TYPE_CHECKING:
    from rich.console import Console

_WIDE = 240
_EIGHTHS = " ▏▎▍▌▋▊▉"


def print_json(value: Any) -> None:
    """Print a value as JSON: dates as ISO text, decimals as numbers, keys in their documented order."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain, allow_nan=False))


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def line(text: str = "") -> None:
    """Print one line."""
    click.echo(text)


def warn(text: str) -> None:
    """Print one line that must not be overlooked: to stderr, so that it is seen wherever the answer goes."""
    click.secho(f"⚠ {text}", fg="yellow", bold=True, err=True)


def heading(text: str) -> None:
    """Print a heading, with an empty line before it."""
    click.echo()
    click.secho(text, bold=True)


def _console() -> Console:
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False, soft_wrap=False)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: frozenset[int] = frozenset()) -> None:
    """Print a table; the columns numbered in `right` are right-aligned. Cells are plain text, never markup."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for number, name in enumerate(columns):
        grid.add_column(
            Text(name), justify="right" if number in right else "left", overflow="fold", no_wrap=number == 0
        )
    for row in rows:
        grid.add_row(*(Text(cell) for cell in row))
    _print_lines(grid)


def facts(pairs: Iterable[tuple[str, str]]) -> None:
    """Print label and value pairs, aligned; pairs without a value are left out."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(overflow="fold")
    for label, value in pairs:
        if value:
            grid.add_row(Text(label, style="dim" if sys.stdout.isatty() else ""), Text(value))
    _print_lines(grid)


def _print_lines(grid: Any) -> None:
    """Print without the blanks that would fill each line up."""
    console = _console()
    with console.capture() as capture:
        console.print(grid)
    for text in capture.get().splitlines():
        click.echo(text.rstrip())


def number(value: Any, digits: int | None = None) -> str:
    """Return a number with thousands separators: whole ones without decimals, others with at most two unless told."""
    if value is None:
        return "–"
    if digits is None:
        digits = 0 if value == int(value) else 2
    return f"{value:,.{digits}f}"


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share (0…1) in percent."""
    return "–" if share is None else f"{share * 100:.{digits}f}%"


def size(count: int) -> str:
    """Return a number of bytes for people."""
    value = float(count)
    for unit in ("B", "KB", "MB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GB"


def moment(text: str | None) -> str:
    """Return an ISO time to the minute, as the user's clock shows it."""
    if not text:
        return "–"
    value = datetime.fromisoformat(text)
    return f"{value.astimezone() if value.tzinfo else value:%Y-%m-%d %H:%M}"


def seconds(value: float | None) -> str:
    """Return a duration."""
    if value is None:
        return "–"
    return f"{value:.1f} s" if value < 60 else f"{int(value // 60)} min {int(value % 60)} s"


def bar(share: float, width: int = 24) -> str:
    """Return a bar of `share` (0…1) of `width` columns, to an eighth of a column."""
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    whole, part = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[part] if part else "")


def value(item: Any, kind: str, unit: str | None = None) -> str:
    """Return a customer's value of a tag or attribute as people write it; `kind` is its value_type."""
    if item is None:
        return "–"
    if unit == "%":
        return percent(item)  # a share, 0…1
    match kind:
        case "boolean":
            return t("value.true") if item in (True, "true") else t("value.false")
        case "list" if isinstance(item, list):
            return t("ui.comma").join(str(part) for part in item) or "–"
        case "integer" | "number" | "money":
            text = number(item)
        case "datetime":
            return str(item)[:19]
        case "date":
            return str(item)[:10]
        case _:
            return str(item)
    return f"{text} {unit_text(unit)}" if unit else text


def unit_text(unit: str | None) -> str:
    """Return a unit in the current language (`days` → 天); units that the catalogue lacks stand as they are."""
    return t_or(f"unit.{unit}", unit) if unit else ""


def value_title(titles: Any, item: Any, kind: str, unit: str | None = None) -> str:
    """Return the title of a value, of a list those of its items; what has none stands as it is."""
    if isinstance(item, list):
        return t("ui.comma").join(value_title(titles, part, "text") for part in item) or "–"
    known = (titles or {}).get(item) if isinstance(item, str) else None
    return pick(known) or value(item, kind, unit)


def shown_value(item: dict[str, Any]) -> str:
    """Return the value of an attribute or tag as answers tell it: its title (of a list those of its items), else the value."""
    held, titles = item["value"], item["value_titles"]
    if titles is not None:
        return t("ui.comma").join(pick(title, str(part)) for part, title in zip(held, titles, strict=True))
    return pick(item["value_title"]) or value(held, item["value_type"], item.get("unit"))


def distribution(shape: dict[str, Any], *, kind: str, titles: Any, base: int, unit: str | None) -> None:
    """Print a manifest distribution: values or bins with counts, shares of `base` customers and bars."""
    if not shape:
        return
    if shape["kind"] == "values":
        rows = [(value_title(titles, _key(item), kind), count) for item, count in shape["values"]]
        if shape.get("other"):
            rows.append((t("tag.other"), shape["other"]))
        _bars(rows, base, t("tag.value"))
        return
    marks = ("min", "p5", "p25", "p50", "p75", "p95", "max", "mean")
    facts((t(f"mark.{mark}"), value(shape.get(mark), kind, unit)) for mark in marks if shape.get(mark) is not None)
    _bars(_ranges(shape, kind, unit if unit == "%" else None), base, t("tag.range"))


def _ranges(shape: dict[str, Any], kind: str, unit: str | None) -> list[tuple[str, int]]:
    bins = shape.get("bins", ())
    return list(zip(ranges(bins, (shape["min"], shape["max"]), kind, unit), (one[2] for one in bins), strict=True))


def ranges(bins: Sequence[Sequence[Any]], ends: tuple[Any, Any], kind: str, unit: str | None) -> list[str]:
    """What bins (low, high, …) hold of values between `ends`: the first and the last hold all that lies beyond them too."""
    rows = []
    for low, high, *_ in bins:
        shown = [value(end, kind, unit) for end in (low, _last(low, high, kind))]
        rows.append(shown[0] if shown[0] == shown[1] else " – ".join(shown))
    if len(bins) > 1 and _place(ends[0]) < _place(bins[0][0]):
        rows[0] = f"< {value(bins[0][1], kind, unit)}"
    if len(bins) > 1 and _place(ends[1]) > _place(_last(bins[-1][0], bins[-1][1], kind)):
        rows[-1] = f"≥ {value(bins[-1][0], kind, unit)}"
    return rows


def _last(low: Any, high: Any, kind: str) -> Any:
    """The last of a bin that ends before `high`: of whole numbers and days it is known."""
    if kind == "integer" and low == int(low) and high == int(high):
        return high - 1
    if kind == "date":
        return max(low, (datetime.fromisoformat(high) - timedelta(days=1)).isoformat())
    return high


def _place(end: Any) -> Any:
    return datetime.fromisoformat(end) if isinstance(end, str) else end


def _key(item: Any) -> Any:
    """Boolean values are keyed like JSON does."""
    return {True: "true", False: "false"}.get(item, item) if isinstance(item, bool) else item


def _bars(rows: Sequence[tuple[str, int]], base: int, label: str) -> None:
    top = max((count for _, count in rows), default=0) or 1
    table(
        (label, t("ui.customers"), t("ui.share"), ""),
        [(name, number(count), percent(count / base if base else None), bar(count / top)) for name, count in rows],
        right=frozenset({1, 2}),
    )
