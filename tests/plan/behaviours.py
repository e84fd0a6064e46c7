"""A small world of sources for the tests of behaviour, and conditions drawn at random over it."""

from __future__ import annotations

from hypothesis import strategies as st

from huaxiang.plan.conditions import (
    And,
    Behaviour,
    Comparison,
    InAudience,
    InList,
    Node,
    Not,
    Or,
    Sample,
    Sequence,
    Step,
    Top,
    Window,
)
from huaxiang.plan.predicate import SourceFields

COLUMNS = {"spend": "DECIMAL(18,4)", "orders": "BIGINT", "city": "VARCHAR", "joined_on": "DATE", "member": "BOOLEAN"}
SOURCES = {
    "orders": SourceFields(
        {"customer_id": "VARCHAR", "ordered_at": "TIMESTAMP", "amount": "DECIMAL(18,4)", "rate": "DOUBLE", "pieces": "BIGINT",
         "channel": "VARCHAR", "paid": "BOOLEAN", "due": "DATE", "items": "VARCHAR[]"}, "ordered_at",
    ),
    "views": SourceFields({"customer_id": "VARCHAR", "occurred_at": "TIMESTAMP", "page": "VARCHAR"}, "occurred_at"),
    "cards": SourceFields({"customer_id": "VARCHAR", "level": "VARCHAR", "points": "BIGINT"}),
}  # fmt: skip

OPS = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
DAYS = st.dates().map(str).filter(lambda d: d > "1900")
WINDOWS = st.one_of(
    st.just(Window()),
    st.builds(Window, st.integers(1, 400)),
    st.builds(Window, st.none(), DAYS),
    st.tuples(DAYS, DAYS).map(lambda ab: Window(None, *sorted(ab))),
)
WHERES = st.sampled_from(
    [
        None,
        "amount > 100",
        "channel = '线上' AND paid",
        "NOT (channel IN ('a', 'b') OR pieces BETWEEN 1 AND 3)",
        "rate / pieces > 0.5",
    ]
)
ORDERS = st.builds(Step, st.just("orders"), WHERES)
VIEWS = st.builds(Step, st.just("views"), st.sampled_from([None, "page = 'home''s'"]))
NUMBERS = st.integers(-10, 10_000) | st.floats(-1e6, 1e6).map(lambda f: round(f, 3))
MEASURES = st.one_of(
    st.builds(Behaviour, ORDERS, st.sampled_from(["count", "days"]), OPS, st.integers(0, 9), st.none(), WINDOWS),
    st.builds(Behaviour, ORDERS, st.just("distinct"), OPS, st.integers(0, 9), st.sampled_from(["channel", "due"]), WINDOWS),
    st.builds(Behaviour, ORDERS, st.sampled_from(["sum", "mean", "min", "max", "first", "last"]), OPS, NUMBERS,
              st.sampled_from(["amount", "rate", "pieces"]), WINDOWS),
    st.builds(Behaviour, ORDERS, st.sampled_from(["first", "last"]), OPS, st.text(max_size=4), st.just("channel"), WINDOWS),
    st.builds(Behaviour, ORDERS, st.sampled_from(["min", "max", "last"]), OPS, DAYS, st.just("due"), WINDOWS),
    st.builds(Behaviour, ORDERS, st.just("last"), st.sampled_from(["=", "!="]), st.booleans(), st.just("paid"), WINDOWS),
    st.builds(Behaviour, st.just(Step("cards", "level = 'gold'")), st.just("sum"), OPS, NUMBERS, st.just("points")),
)  # fmt: skip
SEQUENCES = st.builds(
    Sequence,
    st.lists(ORDERS | VIEWS, min_size=2, max_size=4).map(tuple),
    st.none() | st.integers(1, 90),
    st.none() | ORDERS | VIEWS,
    WINDOWS,
)
SHARES = st.integers(1, 1000).map(lambda n: n / 1000)
PLAIN: st.SearchStrategy[Node] = st.one_of(
    st.builds(Comparison, st.just("spend"), OPS, NUMBERS), st.builds(InAudience, st.text(min_size=1, max_size=4))
)
LEAVES: st.SearchStrategy[Node] = st.one_of(
    MEASURES,
    SEQUENCES,
    st.builds(InList, st.sampled_from(["vip_2024", "会员.1", "a-b"])),
    st.builds(Sample, SHARES, st.text(max_size=4)),
    PLAIN,
)
TREES: st.SearchStrategy[Node] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.tuples(inner, inner)),
        st.builds(Or, st.tuples(inner, inner)),
        st.builds(
            Top, st.integers(1, 10**6), st.sampled_from(["spend", "joined_on"]), st.none() | inner, st.booleans()
        ),
    ),
    max_leaves=6,
)
