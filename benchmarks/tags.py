"""The tag set of the benchmark: 48 statistics of the kinds that a retailer keeps, as measures and as hand-written SQL facts."""

from __future__ import annotations

from datetime import timedelta

from data import AS_OF, COLUMNS, END

from huaxiang.plan.expr import check_expression
from huaxiang.plan.nodes import AggregateNode, Measure, TimeRange

WINDOWS = {"all": None, "365": 365, "90": 90, "30": 30}


def _measure(name: str, function: str, days: int | None = None, **parts: str | int) -> Measure:
    columns = dict(COLUMNS)
    window = TimeRange(END - timedelta(days=days) if days else None, END)
    trees: dict[str, object] = {}
    for part in ("of", "by", "where", "share_of"):
        if part in parts:
            checked = check_expression(str(parts[part]), columns, boolean=part in ("where", "share_of"))
            trees[part] = checked.ast
            if part in ("of", "by"):
                trees[f"{part}_type"] = checked.type
    empty = 0 if function in ("count", "distinct", "active_days") else None
    return Measure(name, function, window, empty=empty, n=int(parts.get("n", 3)), origin=f"tag {name}", **trees)  # type: ignore[arg-type]


def measures() -> tuple[Measure, ...]:
    """All measures, in order."""
    m = _measure
    found = [m(f"orders_{w}", "count", d) for w, d in WINDOWS.items()]
    found += [m(f"amount_{w}", "sum", d, of="amount") for w, d in WINDOWS.items()]
    found += [m(f"days_{w}", "active_days", d) for w, d in WINDOWS.items()]
    found += [m(f"categories_{w}", "distinct", d, of="category") for w, d in WINDOWS.items()]
    found += [m(f"brands_{w}", "distinct", d, of="brand") for w, d in list(WINDOWS.items())[:3]]
    found += [m(f"top_category_{w}", "top", d, of="category") for w, d in WINDOWS.items()]
    found += [m(f"top_brand_{w}", "top", d, of="brand") for w, d in list(WINDOWS.items())[:2]]
    found += [m(f"top_hour_{w}", "top", d, of="hour(ordered_at)") for w, d in list(WINDOWS.items())[:2]]
    found += [
        m("top_weekday", "top", 365, of="isodow(ordered_at)"), m("top_channel", "top", 365, of="channel"),
        m("top_store", "top", 365, of="store"), m("stores", "distinct", 365, of="store"), m("channels", "distinct", 365, of="channel"),
        m("category_by_amount", "top", 365, of="category", by="amount"), m("three_categories", "top_n", 365, of="category", n=3),
        m("category_loyalty", "top_share", 365, of="category"), m("brand_loyalty", "top_share", 365, of="brand"),
        m("recency", "days_since_last"), m("tenure", "days_since_first"), m("mean_amount", "mean", 365, of="amount"),
        m("largest", "max", 365, of="amount"), m("smallest", "min", 365, of="amount"), m("spread", "stddev", 365, of="amount"),
        m("coupon_orders", "count", 365, where="coupon"), m("coupon_share", "share", 365, of="amount", share_of="coupon"),
        m("discount", "sum", 365, of="discount"), m("online_share", "share", 365, share_of="channel = 'channel-00000'"),
        m("big_orders", "count", 365, where="amount >= 500"), m("cycle", "cycle", 365),
    ]  # fmt: skip
    return tuple(found)


def node() -> AggregateNode:
    """The whole tag set as one node."""
    return AggregateNode("events", "tags", "customer_id", "ordered_at", AS_OF, COLUMNS, measures())
