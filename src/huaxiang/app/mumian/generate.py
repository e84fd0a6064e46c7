"""Write the company: exports into `<folder>/data`, codebooks into `<folder>/forms`, the truth beside the folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv as pacsv

from huaxiang.app.mumian import departments, events, events_more, forms, texts, things, truth
from huaxiang.app.mumian.business import make_business
from huaxiang.app.mumian.departments import Company
from huaxiang.app.mumian.devices import device_spans, make_visits, rates
from huaxiang.app.mumian.goods import Goods, make_goods
from huaxiang.app.mumian.records import SEED, make_records
from huaxiang.app.mumian.sales import Sales, make_sales, spend_of, write_sales
from huaxiang.app.mumian.traits import make_traits


def make_company(customers: int, seed: int = SEED) -> Company:
    """Draw people, their records, traits and companies; nothing is written."""
    people, records = make_records(customers, seed)
    rng = np.random.default_rng([seed, customers, 1])
    return Company(seed, people, make_traits(people, rng), records, make_business(people, records, rng))


def generate(folder: Path, customers: int = 10_000, seed: int = SEED, *, people_only: bool = False) -> Path:
    """Write the exports of all departments into `folder`/data and the truth into `folder`-truth; return the folder of the truth.

    Deterministic: the same numbers give the same rows. With `people_only`, only the sources that describe people (but not the
    questionnaire's answers).
    """
    folder = Path(folder)
    data, known = folder / "data", truth.truth_folder(folder)
    data.mkdir(parents=True, exist_ok=True)
    truth.mark(known)
    company = make_company(customers, seed)
    departments.write_crm(company, data)
    departments.write_followers(company, data)
    departments.write_contacts(company, data)
    shop = data / "shop.db"
    shop.unlink(missing_ok=True)
    whose = [truth.record_rows(company, surveyed=not people_only)]
    with closing(sqlite3.connect(shop)) as db, db:
        departments.write_shop_customers(company, db)
        if people_only:
            truth.write_people(company, known, np.zeros(customers))
        else:
            whose += _write_doings(company, folder, known, db)
    pacsv.write_csv(pa.concat_tables(whose), known / "records.csv")
    return known


def _write_doings(company: Company, folder: Path, known: Path, db: sqlite3.Connection) -> list[pa.Table]:
    """Everything that people did and said; returns further rows of the truth about records."""
    data = folder / "data"
    goods = make_goods(company.rng("goods"))
    sales = make_sales(company, goods)
    write_sales(company, goods, sales, db)
    truth.write_people(company, known, spend_of(company, sales))
    things.write_products(goods, data)
    things.write_consents(company, data)
    things.write_cities(company, data)
    _write_events(company, goods, data, known)
    said, tickets, visits = _write_words(company, goods, sales, folder)
    departments.write_csv(known / "texts.csv", ("source", "record_id", "sentiment", "topic"), said)
    pacsv.write_csv(pa.concat_tables([truth.order_rows(sales), tickets]), known / "rows.csv")
    return [visits]


def _write_words(
    company: Company, goods: Goods, sales: Sales, folder: Path
) -> tuple[Sequence[tuple[object, ...]], pa.Table, pa.Table]:
    data = folder / "data"
    said = texts.write_reviews(company, goods, sales, data)
    about_tickets, tickets = texts.write_tickets(company, data)
    texts.write_social(company, data)
    survey = forms.copy_codebook(folder / "forms", forms.SURVEY, forms.KEYS)
    said += about_tickets + forms.write_survey(company, survey, data)
    visit = forms.copy_codebook(folder / "forms", forms.VISIT, forms.VISIT_KEYS)
    about_visits, visits = forms.write_visits(company, visit, data)
    return said + about_visits, tickets, visits


def _write_events(company: Company, goods: Goods, data: Path, known: Path) -> None:
    """Logs of app, web, H5 shop, community and things, and who had which device when."""
    app = make_visits(company, "app", rates(company, "online", level=5.0), 180)
    web = make_visits(company, "web", rates(company, "pc", level=2.4), 180)
    mini = make_visits(company, "h5", rates(company, "online", level=0.9), 45)
    community = make_visits(company, "community", rates(company, "social", level=1.6), 120)
    iot = make_visits(company, "iot", rates(company, "devices", level=16.0), 90)
    events.write_lines(data / "app_sensors.jsonl", events.sensors_events(company, goods, app))
    events.write_lines(data / "web_segment.jsonl", events.segment_events(company, goods, web))
    events_more.write_ga4(data / "ga4", events_more.ga4_events(company, goods, mini))
    events.write_lines(data / "community_mixpanel.jsonl", events_more.mixpanel_events(company, goods, community))
    events_more.write_tongji(company, data)
    things.write_iot(company, iot, data)
    spans = [
        device_spans(app, "app_events", "anonymous_id"),
        device_spans(web, "web_events", "anonymous_id"),
        device_spans(mini, "ga4_events", "user_pseudo_id"),
        device_spans(community, "community_events", "device_id"),
        device_spans(iot, "iot_log", "device_id"),
    ]
    pacsv.write_csv(pa.concat_tables(spans), known / "devices.csv")
