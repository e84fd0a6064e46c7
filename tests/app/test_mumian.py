"""The generated company: people and records as in life, the same from the same seed, and a truth that builds can't read."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections import Counter
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from huaxiang.app.mumian import generate, person_records
from huaxiang.app.mumian.generate import make_company
from huaxiang.app.mumian.population import phone_numbers
from huaxiang.app.mumian.records import make_records
from huaxiang.errors import SourceError
from huaxiang.spec.models import SourceSpec
from huaxiang.store.cleaning.ids import check_character
from huaxiang.store.files.find import NOT_FOR_BUILDS, find_files

KEYS = ("member_no", "user_id", "unionid", "openid", "id_number", "phone", "email")
PEOPLE = 6_000
SMALL = 400


@pytest.fixture(scope="module")
def records() -> tuple[pa.Table, np.ndarray]:
    """Records of 6,000 people and whose they are."""
    table, person = person_records(PEOPLE, 7)
    return table, person.to_numpy()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a small company with all its files; the truth lies beside it."""
    folder = tmp_path_factory.mktemp("company") / "mumian"
    generate(folder, SMALL, 7)
    return folder


def truth_of(folder: Path, name: str) -> list[dict[str, str]]:
    """Rows of a file of the truth."""
    with (folder.with_name(f"{folder.name}-truth") / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def components(table: pa.Table, keys: tuple[str, ...]) -> np.ndarray:
    """Cluster of each record when records that share a value of a key belong together."""
    size, rows, columns = table.num_rows, [], []
    total = size
    for key in keys:
        coded = table[key].combine_chunks().dictionary_encode()
        index = coded.indices.to_numpy(zero_copy_only=False)
        known = ~np.isnan(index) if index.dtype.kind == "f" else np.ones(size, dtype=bool)
        rows.append(np.flatnonzero(known))
        columns.append(index[known].astype(int) + total)
        total += len(coded.dictionary)
    row, column = np.concatenate(rows), np.concatenate(columns)
    graph = coo_matrix((np.ones(len(row)), (row, column)), shape=(total, total))
    return np.asarray(connected_components(graph, directed=False)[1][:size])


def test_the_records_table_has_the_fields_that_resolution_reads(records: tuple[pa.Table, np.ndarray]) -> None:
    """The fields of a Records table, sorted by digest, each digest once."""
    table, person = records
    wanted = {
        "digest",
        "source",
        "rows",
        "first_at",
        "last_at",
        "describes",
        *KEYS,
        "name",
        "gender",
        "birth_date",
        "city",
        "address",
    }
    assert wanted <= set(table.column_names)
    digests = table["digest"].to_pylist()
    assert digests == sorted(set(digests))
    assert table.schema.field("birth_date").type == pa.date32()
    assert len(person) == table.num_rows
    assert set(table["gender"].drop_null().to_pylist()) == {"male", "female"}
    assert len(set(person.tolist())) == PEOPLE, "everybody is known somewhere"


def test_people_have_two_to_three_records(records: tuple[pa.Table, np.ndarray]) -> None:
    """Over all sources; a good part has more than one, a few have many."""
    table, person = records
    counts = np.bincount(person)
    assert 2.1 <= table.num_rows / PEOPLE <= 2.8
    assert counts.max() >= 5
    assert 0.10 <= (counts == 1).mean() <= 0.30


def test_exact_keys_find_most_but_not_all(records: tuple[pa.Table, np.ndarray]) -> None:
    """3–6 % of people have a record that no key links; family phones and recycled numbers join some strangers."""
    table, person = records
    cluster = components(table, KEYS)
    pairs = {(int(c), int(p)) for c, p in zip(cluster, person, strict=True)}
    split = np.array(list(Counter(p for _, p in pairs).values())) > 1
    mixed = np.array(list(Counter(c for c, _ in pairs).values())) > 1
    assert 0.03 <= split.mean() <= 0.06
    assert 0.02 <= mixed.mean() <= 0.07


def test_what_keys_miss_can_mostly_be_found_by_name(records: tuple[pa.Table, np.ndarray]) -> None:
    """At most 2 % of the records have nothing in common with the others of their person: no key, no birthday, no address, no name."""
    table, person = records
    cluster = components(table, KEYS)
    size_of = np.bincount(person)
    main = {
        int(p): Counter(cluster[person == p].tolist()).most_common(1)[0][0]
        for p in np.unique(person[size_of[person] > 1])
    }
    alone = [n for n in range(table.num_rows) if int(person[n]) in main and cluster[n] != main[int(person[n])]]
    bare = table.select(["birth_date", "address"]).take(alone).to_pylist()
    hopeless = [row for row in bare if row["birth_date"] is None and row["address"] is None]
    assert len(hopeless) / table.num_rows <= 0.02
    assert len(hopeless) < 0.6 * len(alone), "most of them can be found by birthday or address"


def test_numbers_are_shared_in_families_and_pass_to_strangers() -> None:
    """About 4 % of people use a relative's phone, 1 % have a number that a stranger gave up before."""
    people, _ = make_records(PEOPLE, 7)
    sharing = people.owner != np.arange(people.size)
    assert 0.025 <= sharing.mean() <= 0.041
    assert np.all(people.household[sharing] == people.household[people.owner[sharing]])
    taken = people.recycled_from >= 0
    assert 0.008 <= taken.mean() <= 0.0101
    givers = people.recycled_from[taken]
    assert np.array_equal(people.phone[taken], people.old_phone[givers])
    assert np.all(people.household[taken] != people.household[givers])


def test_people_are_born_related_and_named_alike() -> None:
    """Twins share birthday and household; children often bear the head's surname; the commonest name is borne by several."""
    people, _ = make_records(PEOPLE, 7)
    key = list(zip(people.household.tolist(), people.birth.tolist(), strict=True))
    twins = [k for k, n in Counter(key).items() if n > 1]
    assert twins
    names = Counter(pc.binary_join_element_wise(people.surname, people.given, "").to_pylist())
    assert names.most_common(1)[0][1] >= 3
    surnames = Counter(people.surname.to_pylist())
    assert {s for s, _ in surnames.most_common(4)} == {"王", "李", "张", "刘"}


def test_phone_numbers_are_different_and_well_formed() -> None:
    """11 digits that start with 1, each once, whatever part of the walk is taken."""
    some, more = phone_numbers(123, 0, 50_000), phone_numbers(123, 50_000, 50_000)
    numbers = np.concatenate([some, more])
    assert len(np.unique(numbers)) == 100_000
    assert numbers.min() >= 13_000_000_000
    assert numbers.max() <= 19_999_999_999


def test_id_numbers_agree_with_their_person(records: tuple[pa.Table, np.ndarray]) -> None:
    """Their check character is right, and they tell birthday and sex."""
    people, _ = make_records(PEOPLE, 7)
    table, person = records
    shown = [(n, int(p)) for n, p in zip(table["id_number"].to_pylist(), person, strict=True) if n]
    assert len(shown) > 100
    for number, who in shown:
        assert number[17] == check_character(number[:17])
        assert number[6:14] == str(people.birth[who]).replace("-", "")
        assert (int(number[16]) % 2 == 0) == bool(people.female[who])


def test_the_same_seed_gives_the_same_company(company: Path, tmp_path: Path) -> None:
    """Byte for byte in text files, row for row in the workbooks and the database; another seed gives another one."""
    again, other = tmp_path / "again", tmp_path / "other"
    generate(again, SMALL, 7)
    generate(other, SMALL, 8)
    texts = sorted(p.relative_to(company) for p in company.rglob("*") if p.suffix in (".csv", ".jsonl", ".yaml"))
    assert len(texts) > 40
    for name in texts:
        assert (company / name).read_bytes() == (again / name).read_bytes(), name
    for name in ("data/miniapp_followers.xlsx", "data/survey_2026.xlsx", "data/visits_2026.xlsx"):
        assert sheet(company / name) == sheet(again / name)
    for table in ("customers", "orders", "order_lines"):
        assert rows(company, table) == rows(again, table)
    assert truth_of(company, "records.csv") == truth_of(again, "records.csv")
    assert (company / "data/crm_members.csv").read_bytes() != (other / "data/crm_members.csv").read_bytes()


def sheet(path: Path) -> list[tuple[object, ...]]:
    """All cells of a workbook's first sheet."""
    book = openpyxl.load_workbook(path, read_only=True)
    try:
        return list(book.worksheets[0].iter_rows(values_only=True))
    finally:
        book.close()


def rows(folder: Path, table: str) -> list[tuple[object, ...]]:
    """All rows of a table of the shop."""
    db = sqlite3.connect(folder / "data" / "shop.db")
    try:
        return db.execute(f"select * from {table} order by rowid").fetchall()
    finally:
        db.close()


def test_the_member_file_is_as_offices_export_it(company: Path) -> None:
    """GB18030, with full-width digits, several date formats, impossible values, and rows that stand twice."""
    raw = (company / "data" / "crm_members.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")
    lines = list(csv.reader(raw.decode("gb18030").splitlines()))
    header, body = lines[0], lines[1:]
    torn = [row for row in body if len(row) != len(header)]
    assert torn, "a few rows are torn"
    good = [dict(zip(header, row, strict=True)) for row in body if len(row) == len(header)]
    numbers = Counter(row["会员号"] for row in good)
    assert max(numbers.values()) == 2, "some rows were exported twice"
    dates = {d for row in good if (d := row["出生日期"])}
    for mark in ("-", "/", "年", "1900"):
        assert any(mark in d for d in dates), mark
    assert any("０" <= c <= "９" for row in good for c in row["手机号码"])
    assert {"男", "M", "先生"} <= {row["性别"] for row in good}


def test_the_truth_covers_every_row(company: Path) -> None:
    """Every member, account, follower, contact, answer, order, ticket and visit has its person, once."""
    known: dict[str, set[str]] = {}
    for row in (*truth_of(company, "records.csv"), *truth_of(company, "rows.csv")):
        assert row["value"] not in known.setdefault(row["source"], set())
        known[row["source"]].add(row["value"])
    raw = (company / "data" / "crm_members.csv").read_bytes().decode("gb18030").splitlines()
    assert known["crm_members"] == {line.split(",")[0] for line in raw[1:]}
    assert known["shop_customers"] == {str(r[0]) for r in rows(company, "customers")}
    assert known["orders"] == {str(r[0]) for r in rows(company, "orders") if any(r[1:4])}
    assert known["followers"] == {str(r[1]) for r in sheet(company / "data/miniapp_followers.xlsx")[1:]}
    assert known["survey"] == {str(r[0]) for r in sheet(company / "data/survey_2026.xlsx")[1:]}
    assert known["visits"] == {str(r[0]) for r in sheet(company / "data/visits_2026.xlsx")[1:]}
    people = truth_of(company, "people.csv")
    assert len(people) == SMALL
    assert {row["person_id"] for row in truth_of(company, "records.csv")} <= {p["person_id"] for p in people}


def test_truth_about_texts_names_what_was_written(company: Path) -> None:
    """Every review and ticket has a sentiment and a topic."""
    told = {(row["source"], row["record_id"]): row for row in truth_of(company, "texts.csv")}
    with (company / "data" / "reviews.csv").open(encoding="utf-8-sig") as file:
        reviews = list(csv.DictReader(file))
    assert all(told["reviews", row["评价编号"]]["sentiment"] in ("positive", "neutral", "negative") for row in reviews)
    stars: dict[str, list[int]] = {}
    for row in reviews:
        stars.setdefault(told["reviews", row["评价编号"]]["sentiment"], []).append(int(row["评分"]))
    assert np.mean(stars["positive"]) > np.mean(stars["neutral"]) > np.mean(stars["negative"])
    assert {"survey_texts", "visit_texts", "tickets"} <= {source for source, _ in told}


def test_devices_pass_from_hand_to_hand(company: Path) -> None:
    """The truth says who had a device when; the spans of a device don't overlap, and some devices had several people."""
    owners: dict[str, set[str]] = {}
    last: dict[str, str] = {}
    for row in truth_of(company, "devices.csv"):
        owners.setdefault(row["value"], set()).add(row["person_id"])
        assert last.get(row["value"], "") <= row["since"] <= row["until"]
        last[row["value"]] = row["until"]
    several = sum(len(people) > 1 for people in owners.values())
    assert 0 < several < 0.2 * len(owners)


def test_event_logs_are_in_the_formats_of_their_tools(company: Path) -> None:
    """Every line is one record of its tool; sign-ins link devices with accounts."""
    data = company / "data"
    app = [json.loads(line) for line in (data / "app_sensors.jsonl").read_text("utf-8").splitlines()]
    assert {"track", "track_signup", "profile_set"} == {e["type"] for e in app}
    assert all(e["distinct_id"] == e.get("login_id", e.get("anonymous_id")) for e in app)
    web = [json.loads(line) for line in (data / "web_segment.jsonl").read_text("utf-8").splitlines()]
    assert {"identify", "page", "track"} == {e["type"] for e in web}
    files = sorted((data / "ga4").glob("events_*.jsonl"))
    assert len(files) > 20
    first = [json.loads(line) for line in files[0].read_text("utf-8").splitlines()]
    assert {e["event_date"] for e in first} == {files[0].stem.removeprefix("events_")}
    community = [json.loads(line) for line in (data / "community_mixpanel.jsonl").read_text("utf-8").splitlines()]
    assert all({"time", "distinct_id", "$insert_id"} <= set(e["properties"]) for e in community)


def test_orders_follow_the_seasons() -> None:
    """11.11 is the best day, Spring Festival quiet, the second year larger; few customers bring much of the turnover."""
    from huaxiang.app.mumian.goods import make_goods
    from huaxiang.app.mumian.sales import make_sales, spend_of

    company = make_company(PEOPLE, 7)
    sales = make_sales(company, make_goods(company.rng("goods")))
    days = Counter(sales.at.astype("datetime64[D]").astype(str).tolist())
    assert days.most_common(1)[0][0] in ("2024-11-11", "2025-11-11")
    assert days["2026-02-17"] < 0.6 * days["2026-03-17"]
    assert days["2026-06-18"] > 1.8 * days["2026-05-21"]
    first = sum(n for d, n in days.items() if d < "2025-11-01")
    assert sum(days.values()) - first > 1.1 * first
    spend = np.sort(spend_of(company, sales))[::-1]
    assert spend[: PEOPLE // 5].sum() > 0.5 * spend.sum()
    products = np.sort(np.bincount(sales.line_product))[::-1]
    assert products[:60].sum() > 0.25 * products.sum()


def test_builds_can_not_read_the_truth(company: Path, tmp_path: Path) -> None:
    """By its path, by a glob, or by a link: a clear refusal that names the source and the marker."""
    truth = company.with_name("mumian-truth")
    assert (truth / NOT_FOR_BUILDS).is_file()
    (tmp_path / "linked").symlink_to(truth)
    for folder, files in (
        (company, "../mumian-truth/people.csv"),
        (company, str(truth / "*.csv")),
        (tmp_path, "linked/people.csv"),
    ):
        source = SourceSpec(
            name="leak", purpose="x", legal_basis="research", entity="person", files=files, columns={"a": "b"}
        )
        with pytest.raises(SourceError, match=r"leak.*not for builds"):
            find_files(source, folder)


def test_only_people_can_be_written(tmp_path: Path) -> None:
    """With `people_only` the sources that describe people and their truth, nothing else."""
    known = generate(tmp_path / "only", SMALL, 7, people_only=True)
    assert sorted(p.name for p in (tmp_path / "only" / "data").iterdir()) == [
        "b2b_accounts.csv", "b2b_contacts.csv", "crm_members.csv", "miniapp_followers.xlsx", "shop.db",
    ]  # fmt: skip
    assert sorted(p.name for p in known.iterdir()) == [NOT_FOR_BUILDS, "people.csv", "records.csv"]
    told = {row["source"] for row in truth_of(tmp_path / "only", "records.csv")}
    assert told == {"crm_members", "shop_customers", "followers", "b2b_contacts"}
