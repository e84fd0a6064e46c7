"""The truth about the generated company: in a folder of its own that no build can read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pacsv

from huaxiang.app.mumian import described as d
from huaxiang.app.mumian.archetypes import ARCHETYPES
from huaxiang.app.mumian.departments import Company
from huaxiang.app.mumian.sales import Sales
from huaxiang.app.mumian.written import coded
from huaxiang.store.files.find import NOT_FOR_BUILDS

FIELDS = {
    "crm_members": "member_no",
    "shop_customers": "user_id",
    "followers": "openid",
    "b2b_contacts": "contact_id",
    "survey": "answer_id",
}
"""Source → field of the project that identifies a row of it."""


def truth_folder(folder: Path) -> Path:
    """Where the truth about the company in `folder` lies."""
    return folder.resolve().with_name(f"{folder.resolve().name}-truth")


def mark(folder: Path) -> None:
    """Make the folder one that sources can't read."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NOT_FOR_BUILDS).write_text(
        "真值，仅供评估；来源不能读取这个文件夹。 Truth, for evaluation only: sources can't read this folder.\n",
        "utf-8",
    )


def write_people(company: Company, folder: Path, spend: npt.NDArray[np.float64]) -> None:
    """`people.csv`: person, household, archetype, whether and when they left, what they paid in two years."""
    people, traits = company.people, company.traits
    quit_ = traits.quit_day.astype("datetime64[D]").astype(str)
    table = pa.table(
        {
            "person_id": person_ids(np.arange(people.size)),
            "household_id": coded("H", people.household, 7),
            "archetype": pc.take(pa.array([a.name for a in ARCHETYPES]), pa.array(people.archetype)),
            "churned": pa.array(traits.churned),
            "churned_on": pc.if_else(pa.array(traits.churned), pa.array(quit_), ""),
            "phone_owner": person_ids(people.owner),
            "female": pa.array(people.female),
            "birth_date": pa.array(people.birth),
            "spend": pa.array(np.round(spend, 2)),
        }
    )
    pacsv.write_csv(table, folder / "people.csv")


def record_rows(company: Company, *, surveyed: bool) -> pa.Table:
    """Rows of `records.csv` for the sources that describe people, with or without the survey: source, field, value, person_id."""
    r = company.records
    source = pa.array(d.SOURCES)
    field = pa.array([FIELDS[s] for s in d.SOURCES])
    slot = pa.array(r.slot)
    table = pa.table(
        {
            "source": pc.take(source, slot),
            "field": pc.take(field, slot),
            "value": r.key,
            "person_id": person_ids(r.person),
        }
    )
    return table if surveyed else table.filter(pa.array(r.slot != d.SURVEY))


def order_rows(sales: Sales) -> pa.Table:
    """Rows of `rows.csv` for the orders that name anybody: a login, a member card, or a phone."""
    keyed = pa.array((sales.login >= 0) | (sales.member >= 0) | sales.by_phone)
    count = int(pc.sum(keyed).as_py() or 0)
    return pa.table(
        {
            "source": pa.array(["orders"] * count),
            "field": pa.array(["order_id"] * count),
            "value": sales.order_id.filter(keyed),
            "person_id": person_ids(sales.person).filter(keyed),
        }
    )


def person_ids(numbers: npt.NDArray[np.int64]) -> pa.Array:
    """Person numbers as they stand in the truth files."""
    return coded("P", numbers, 7)
