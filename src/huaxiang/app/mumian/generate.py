"""Write the company: exports into `<folder>/data`, the truth beside the folder."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv as pacsv

from huaxiang.app.mumian import truth
from huaxiang.app.mumian.business import make_business
from huaxiang.app.mumian.departments import Company, write_contacts, write_crm, write_followers, write_shop_customers
from huaxiang.app.mumian.records import SEED, make_records
from huaxiang.app.mumian.traits import make_traits


def make_company(customers: int, seed: int = SEED) -> Company:
    """Draw people, their records, traits and companies; nothing is written."""
    people, records = make_records(customers, seed)
    rng = np.random.default_rng([seed, customers, 1])
    return Company(seed, people, make_traits(people, rng), records, make_business(people, records, rng))


def generate(folder: Path, customers: int = 10_000, seed: int = SEED, *, people_only: bool = False) -> Path:
    """Write the exports of all departments into `folder`/data and the truth into `folder`-truth; return the folder of the truth.

    Deterministic: the same numbers give the same files. With `people_only`, only the sources that describe people.
    """
    folder = Path(folder)
    data, known = folder / "data", truth.truth_folder(folder)
    data.mkdir(parents=True, exist_ok=True)
    truth.mark(known)
    company = make_company(customers, seed)
    write_crm(company, data)
    write_followers(company, data)
    write_contacts(company, data)
    shop = data / "shop.db"
    shop.unlink(missing_ok=True)
    with sqlite3.connect(shop) as db:
        write_shop_customers(company, db)
    db.close()
    truth.write_people(company, known)
    rows: list[pa.Table] = [truth.record_rows(company)]
    pacsv.write_csv(pa.concat_tables(rows), known / "records.csv")
    return known
