"""The demo's numbers against a recomputation in plain pandas and NumPy, for every household, to the last unit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.slow

AS_OF = pd.Timestamp("2017-12-31")


def aligned(customers: pd.DataFrame, values: pd.Series) -> pd.Series:
    return values.reindex(customers.index)


def cents(column: pd.Series) -> pd.Series:
    return column.map(lambda v: None if v is None else int(v * 100)).astype("Int64")


def test_the_day_is_the_last_of_the_data_and_everybody_is_there(manifest: dict[str, Any], lines: pd.DataFrame) -> None:
    assert manifest["as_of"] == str(lines["day"].max().date()) == "2017-12-31"
    assert manifest["customers"] == lines["household"].nunique() == 2469
    rows = {s["name"]: s for s in manifest["sources"]}
    assert rows["transactions"]["rows_in"] == rows["transactions"]["loaded"] == len(lines) == 1_469_307


def test_recency_frequency_and_money(customers: pd.DataFrame, lines: pd.DataFrame) -> None:
    by = lines.groupby("household")
    recency = (AS_OF - by["day"].max()).dt.days
    assert (customers["days_since_last_order"] == aligned(customers, recency)).all()
    assert (customers["days_since_first_order"] == aligned(customers, (AS_OF - by["day"].min()).dt.days)).all()
    assert (customers["orders"] == aligned(customers, by["basket_id"].nunique())).all()
    assert (cents(customers["spend"]) == aligned(customers, by["cents"].sum())).all()
    assert (customers["lines"] == aligned(customers, by.size())).all()


@pytest.mark.parametrize(("tag", "first", "last"), [
    ("spend_30d", 29, 0), ("spend_90d", 89, 0), ("spend_180d", 179, 0), ("spend_365d", 364, 0), ("spend_previous_90d", 179, 90),
])  # fmt: skip
def test_spend_in_windows(customers: pd.DataFrame, lines: pd.DataFrame, tag: str, first: int, last: int) -> None:
    inside = lines[
        (lines["day"] >= AS_OF - pd.Timedelta(days=first)) & (lines["day"] <= AS_OF - pd.Timedelta(days=last))
    ]
    expected = aligned(customers, inside.groupby("household")["cents"].sum()).fillna(0).astype("int64")
    assert (cents(customers[tag]) == expected).all()


def test_cycle_days_and_distinct_counts(customers: pd.DataFrame, lines: pd.DataFrame) -> None:
    by = lines.groupby("household")
    days = by["day"].nunique()
    span = (by["day"].max() - by["day"].min()).dt.days
    cycle = aligned(customers, (span / (days - 1)).where(days > 1))
    assert (customers["purchase_days"] == aligned(customers, days)).all()
    assert np.allclose(customers["purchase_cycle"].astype(float), cycle, rtol=0, atol=1e-9, equal_nan=True)
    assert (customers["departments"] == aligned(customers, by["department"].nunique())).all()
    assert (customers["stores"] == aligned(customers, by["store_id"].nunique())).all()
    assert np.allclose(
        customers["average_line_amount"].astype(float), aligned(customers, by["cents"].mean()) / 100, rtol=1e-12
    )


def score(values: pd.Series, *, lower_is_better: bool) -> pd.Series:
    ordered = np.sort(values.to_numpy())
    edges = [ordered[math.ceil(i * len(ordered) / 5) - 1] for i in range(1, 5)]
    reached = [(values <= e) if lower_is_better else (values > e) for e in edges]
    return 1 + sum(r.astype(int) for r in reached)


def test_rfm_scores_bands_and_eight_classes(customers: pd.DataFrame, lines: pd.DataFrame) -> None:
    by = lines.groupby("household")
    recency = aligned(customers, (AS_OF - by["day"].max()).dt.days)
    scores = {
        "r": score(recency, lower_is_better=True),
        "f": score(aligned(customers, by["basket_id"].nunique()), lower_is_better=False),
        "m": score(aligned(customers, by["cents"].sum()), lower_is_better=False),
    }
    for part, expected in scores.items():
        assert (customers[f"rfm_{part}"] == expected).all()
    bands = pd.cut(recency, [-1, 90, 180, 360, 10**6], labels=["active", "sleeping", "at_risk", "lost"]).astype(str)
    assert (customers["rfm_band"] == bands).all()
    names = {
        "111": "key_value", "101": "key_develop", "011": "key_retain", "001": "key_win_back",
        "110": "general_value", "100": "general_develop", "010": "general_retain", "000": "general_win_back",
    }  # fmt: skip
    high = {p: (s > s.mean()).astype(int).astype(str) for p, s in scores.items()}
    assert (customers["rfm_class"] == (high["r"] + high["f"] + high["m"]).map(names)).all()


def test_lifecycle_and_age_bands(customers: pd.DataFrame, lines: pd.DataFrame, demographics: pd.DataFrame) -> None:
    by = lines.groupby("household")
    recency = aligned(customers, (AS_OF - by["day"].max()).dt.days)
    orders = aligned(customers, by["basket_id"].nunique())
    stage = np.select([recency > 360, recency > 90, orders >= 2], ["churned", "sleeping", "active"], "first_purchase")
    assert (customers["lifecycle"] == stage).all()
    ages = aligned(customers, demographics["age"])
    assert (customers["age_band"].isna() == ages.isna()).all()
    assert (customers["age_band"].dropna() == ages.dropna()).all()


def top(lines: pd.DataFrame, what: str) -> pd.Series:
    sums = lines.dropna(subset=[what]).groupby(["household", what], as_index=False)["cents"].sum()
    sums = sums[sums["cents"] > 0].sort_values(["household", "cents", what], ascending=[True, False, True])
    return sums.drop_duplicates("household").set_index("household")[what]


def test_top_category_and_departments(customers: pd.DataFrame, lines: pd.DataFrame) -> None:
    unwanted = ["DRUG GM", "FUEL", "MISCELLANEOUS", "COUPON"]
    coupons = ["COUPON/MISC ITEMS", "COUPONS/STORE & MFG"]
    kept = lines[~lines["department"].isin(unwanted) & ~lines["product_category"].isin(coupons)]
    kept = kept[kept["department"].notna() & kept["product_category"].notna()]
    pairs = [
        ("top_category", top(kept, "product_category")),
        ("top_department", top(lines, "department")),
        ("favourite_department", top(lines[~lines["department"].isin(["GROCERY", *unwanted[1:]])], "department")),
        ("top_store", top(lines.assign(store=lines["store_id"].astype(str)), "store")),
    ]
    for tag, expected in pairs:
        wanted = aligned(customers, expected)
        assert (customers[tag].fillna("") == wanted.fillna("")).all(), tag


def test_shares(customers: pd.DataFrame, lines: pd.DataFrame) -> None:
    total = lines.groupby("household")["cents"].sum()
    conditions = {
        "private_label_share": lines["brand"] == "Private",
        "discounted_share": lines["retail_disc"].round(4) > 0,  # some hold 1e-14 of float noise; money has four digits
        "weekend_share": lines["at"].dt.day_of_week >= 5,
        "fresh_share": lines["department"].isin(["PRODUCE", "MEAT", "SEAFOOD", "DELI", "PASTRY", "SALAD BAR"]),
    }
    for tag, condition in conditions.items():
        part = lines[condition].groupby("household")["cents"].sum().reindex(total.index).fillna(0)
        expected = aligned(customers, (part / total).where(total > 0))
        assert np.allclose(customers[tag].astype(float), expected, rtol=0, atol=1e-12, equal_nan=True), tag


def test_statements_of_the_cards_equal_shares_counted_by_hand(
    customers: pd.DataFrame, personas: dict[str, Any]
) -> None:
    cards = [c for s in personas["sets"] if s["kind"] == "clustering" for c in s["cards"]]
    assert len(cards) >= 3
    checked = 0
    for card in cards:
        inside = customers["shopping_style"] == card["segment"]
        assert card["size"] == inside.sum()
        assert card["share"] == pytest.approx(inside.sum() / len(customers))
        for statement in (s for section in card["sections"] for s in section["statements"]):
            if statement["kind"] != "share" or statement["tag"] not in customers or statement["value"] is None:
                continue
            column = customers[statement["tag"]]
            known = column.notna()
            if isinstance(column[known].iloc[0], (list, np.ndarray)):
                holds = column.map(lambda v, w=statement["value"]: v is not None and w in list(v))
                known = column.map(lambda v: v is not None and len(v) > 0)
            else:
                holds = column.astype(str).str.lower() == str(statement["value"]).lower()
            segment, base = holds[known & inside].mean(), holds[known].mean()
            assert statement["share_segment"] == pytest.approx(segment, abs=1e-6)
            assert statement["share_base"] == pytest.approx(base, abs=1e-6)
            assert statement["tgi"] == pytest.approx(100 * segment / base, abs=0.01)
            assert (statement["n_segment"], statement["n_base"]) == (int((known & inside).sum()), int(known.sum()))
            assert statement["tgi_low"] < statement["tgi"] < statement["tgi_high"]
            assert not statement["tgi_low"] <= 100 <= statement["tgi_high"]
            checked += 1
    assert checked >= 20
