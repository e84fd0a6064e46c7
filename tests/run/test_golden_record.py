"""Golden record, households and accounts, from files to the snapshot and what is shown of a customer."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from huaxiang.app.account import list_accounts, show_account
from huaxiang.app.attributes import list_attributes
from huaxiang.app.build import build
from huaxiang.app.customer import Detail, search_customers, show_customer
from huaxiang.app.identity import show_identity
from huaxiang.app.wiring import open_snapshot
from huaxiang.errors import UsageError
from huaxiang.serve.cli.main import main
from huaxiang.spec.loader import load_project

PROJECT = "name: shop\nas_of: 2025-06-30\n"
DEFINITIONS = """
sources:
  - name: crm
    title: 会员系统
    purpose: tests
    legal_basis: contract
    entity: person
    trust: 0.6
    files: data/crm.csv
    columns: {customer_key: no, name: name, phone: phone, address: address, birth_date: born, gender: sex, city: city, updated_at: changed}
  - name: shop
    purpose: tests
    legal_basis: contract
    entity: person
    trust: 0.9
    files: data/shop.csv
    columns: {customer_key: no, phone: phone, city: city, updated_at: changed}
  - name: firms
    purpose: tests
    legal_basis: contract
    entity: account
    files: data/firms.csv
    columns: {account_key: firm, name: name, industry: industry, size: size, updated_at: changed}
  - name: contacts
    purpose: tests
    legal_basis: contract
    entity: person
    files: data/contacts.csv
    columns: {customer_key: no, account_key: firm, role: role, position: position}
identity:
  - {name: member, field: customer_key}
households:
  - {name: home, title: 同住家庭, address: home_address, max_members: 3}
attributes:
  - {name: city, from: [{source: crm, value: city}, {source: shop, value: city}], pick: trusted}
  - {name: phone, from: [{source: crm, value: phone}, {source: shop, value: phone}]}
  - {name: home_address, source: crm, value: address}
  - {name: birth_date, source: crm, value: birth_date}
  - {name: gender, source: crm, value: gender}
  - {name: decision_role, source: contacts, value: role, class: business}
  - {name: position, source: contacts, value: position, class: business}
  - {name: company_industry, of: account, source: firms, value: industry}
  - {name: company_size, of: account, source: firms, value: size}
  - {name: household_size_told, title: 自报人数, source: crm, value: length(name) * 9.5}
tags:
  - {name: buyer_in_retail, kind: rule, when: account_company_industry = '零售' and decision_role = '决策'}
  - {name: family, kind: rule, when: household_size >= 2}
"""
FILES = {
    "data/crm.csv": """no,name,phone,address,born,sex,city,changed
M1,张伟,13810000037,上海市世纪大道100号501室,1980-01-02,男,上海,2025-01-01
M2,李娜,13810000038,上海市世纪大道 100 号 501 室,1982-03-04,女,上海,2025-01-01
M3,张小宝,,上海市世纪大道100号501室,2015-05-06,男,上海,2025-01-01
M4,王强,13810000039,北京市建国路,1990-01-01,男,北京,2025-01-01
M5,赵敏,13810000040,北京市建国路,1991-01-01,女,北京,2025-01-01
""",
    "data/shop.csv": """no,phone,city,changed
M1,13810009999,苏州,2025-05-01
M4,13810000039,北京,2024-01-01
""",
    "data/firms.csv": """firm,name,industry,size,changed
F1,甲公司,制造,大,2024-01-01
F1,甲公司,零售,大,2025-01-01
F2,乙公司,教育,小,2025-01-01
""",
    "data/contacts.csv": """no,firm,role,position
M1,F1,决策,总经理
M4,F1,使用,店长
M5,F3,采购,主管
""",
}


def write(folder: Path, **changes: str) -> Path:
    files = {"huaxiang.yaml": PROJECT, "sources/all.yaml": DEFINITIONS, **FILES, **changes}
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def table(folder: Path, name: str) -> list[dict[str, Any]]:
    with open_snapshot(folder) as snapshot:
        found: list[dict[str, Any]] = pq.read_table(snapshot.table(name)).to_pylist()
        return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write(tmp_path_factory.mktemp("shop"))
    build(folder)
    return folder


def test_the_most_trusted_and_the_newest_win(shop: Path) -> None:
    customers = {r["customer_id"]: r for r in table(shop, "customers")}
    assert (customers["M1"]["city"], customers["M1"]["phone"]) == ("苏州", "13810009999")
    assert customers["M2"]["city"] == "上海"
    told = {r["customer_id"]: r for r in table(shop, "provenance")}
    assert [told[m]["city__source"] for m in ("M1", "M2", "M3", "M4")] == ["shop", "crm", "crm", "shop"]
    assert [told[m]["city__agree"] for m in ("M1", "M2", "M4")] == [0.5, 1.0, 1.0]
    assert told["M4"]["city__confidence"] > told["M2"]["city__confidence"] > told["M1"]["city__confidence"]
    assert (told["M1"]["gender__source"], str(told["M1"]["gender__at"])) == ("crm", "2025-01-01")


def test_households_are_those_of_a_numbered_address(shop: Path) -> None:
    homes = table(shop, "households")
    assert [(h["members"], h["head"], h["children"], h["city"]) for h in homes] == [
        (["M1", "M2", "M3"], "M1", 1, "上海")
    ]
    customers = {r["customer_id"]: r for r in table(shop, "customers")}
    assert [customers[m]["household_size"] for m in ("M1", "M2", "M3", "M4", "M5")] == [3, 3, 3, None, None]
    assert customers["M1"]["family_members"] == ["child", "woman"]
    assert [customers[m]["family"] for m in ("M1", "M4")] == [True, False]


def test_accounts_with_their_people(shop: Path) -> None:
    assert table(shop, "accounts") == [
        {"account_id": "F1", "company_industry": "零售", "company_size": "大", "contacts": 2, "decision_roles": ["使用", "决策"]},
        {"account_id": "F2", "company_industry": "教育", "company_size": "小", "contacts": 0, "decision_roles": None},
        {"account_id": "F3", "company_industry": None, "company_size": None, "contacts": 1, "decision_roles": ["采购"]},
    ]  # fmt: skip
    customers = {r["customer_id"]: r for r in table(shop, "customers")}
    assert [customers[m]["account_id"] for m in ("M1", "M2", "M5")] == ["F1", None, "F3"]
    assert [customers[m]["account_company_industry"] for m in ("M1", "M2", "M5")] == ["零售", None, None]
    assert [customers[m]["buyer_in_retail"] for m in ("M1", "M2", "M4")] == [True, False, False]


def test_the_manifest_tells_of_accounts_and_households(shop: Path) -> None:
    with open_snapshot(shop) as snapshot:
        manifest = json.loads(json.dumps(snapshot.manifest))
    accounts = manifest["accounts"]
    assert (accounts["count"], accounts["contacts"]) == (3, 3)
    assert {a["name"]: (a["coverage"], a["class"]) for a in accounts["attributes"]} == {
        "company_industry": (0.666667, "business"), "company_size": (0.666667, "business"),
    }  # fmt: skip
    assert (manifest["households"]["count"], manifest["households"]["customers"]) == (1, 3)
    titles = {a["name"]: a["title"] for a in (*manifest["attributes"], *accounts["attributes"])}
    assert titles["gender"] == {"zh": "性别", "en": "Gender"}, "the catalogue's"
    assert titles["company_industry"]["en"] == "Industry"
    assert titles["account_company_industry"]["zh"].startswith("所属企业：")
    assert titles["household_size_told"]["zh"] == "自报人数"
    names = [a["name"] for a in manifest["attributes"]]
    assert names[-6:] == [
        "account_id", "account_company_industry", "account_company_size", "household_id", "household_size", "family_members",
    ]  # fmt: skip
    personal = {a["name"]: a["personal"] for a in manifest["attributes"] if a["personal"]}
    assert personal == {"phone": "phone", "home_address": "address"}
    lineage = {t["name"]: t["lineage"] for t in manifest["tags"]}
    assert "source:firms.industry" in lineage["buyer_in_retail"]
    assert "source:crm.address" in lineage["family"]


def test_a_household_keeps_its_id_while_most_of_it_stays(tmp_path: Path) -> None:
    folder = write(tmp_path)
    build(folder)
    first = table(folder, "households")[0]["household_id"]
    build(folder)
    assert table(folder, "households")[0]["household_id"] == first
    moved = FILES["data/crm.csv"].replace(
        "M1,张伟,13810000037,上海市世纪大道100号501室", "M1,张伟,13810000037,北京市建国路9号"
    )
    write(
        folder,
        **{"data/crm.csv": moved.replace("M4,王强,13810000039,北京市建国路", "M4,王强,13810000039,北京市建国路9号")},
    )
    build(folder)
    homes = {tuple(h["members"]): h["household_id"] for h in table(folder, "households")}
    assert homes[("M2", "M3")] == first
    assert homes[("M1", "M4")] != first


def test_an_address_of_too_many_is_no_household(tmp_path: Path) -> None:
    folder = write(tmp_path, **{"sources/all.yaml": DEFINITIONS.replace("max_members: 3", "max_members: 2")})
    manifest = build(folder).manifest
    assert table(folder, "households") == []
    rule = manifest["households"]["rules"][0]
    assert (rule["crowded_addresses"], rule["customers_left"]) == (1, 3)


def test_a_customer_is_shown_masked_with_household_account_and_sources(shop: Path) -> None:
    with open_snapshot(shop) as snapshot:
        found = show_customer(snapshot, "M1", Detail(provenance=True))
        assert show_customer(snapshot, "M1", Detail(unmask=True))["attributes"][1]["value"] == "13810009999"
        assert show_customer(snapshot, "M2")["provenance"] is None
    values = {a["name"]: (a["value"], a["provenance"] and a["provenance"]["source"]) for a in found["attributes"]}
    assert values["phone"] == ("138****9999", "shop")
    assert values["home_address"] == ("上海市****", "crm")
    assert values["city"] == ("苏州", "shop")
    assert found["household"]["members"] == ["M1", "M2", "M3"]
    assert found["account"]["company_industry"] == "零售"
    said = {p["name"]: [(s["value"], s["source"], s["wins"]) for s in p["said"]] for p in found["provenance"]}
    assert said["phone"] == [("138****9999", "shop", True), ("138****0037", "crm", False)]
    assert said["city"] == [("苏州", "shop", True), ("上海", "crm", False)]
    assert [value for value, *_ in said["household_size_told"]] == [19.0]


def test_what_is_no_id_is_answered_with_the_customers_that_have_it(shop: Path) -> None:
    with open_snapshot(shop) as snapshot:
        with pytest.raises(UsageError, match=r"a search for it finds: M1$") as told:
            show_customer(snapshot, "138 1000 9999")
        assert str(told.value.zh).endswith("找到：M1")
        assert "9999" not in str(told.value) + str(told.value.zh)
        with pytest.raises(UsageError, match="customer search"):
            show_customer(snapshot, "nobody at all")


@pytest.mark.parametrize(
    "text", ["138 1000 9999", "138-1000-9999", "+86 138 1000 9999", "１３８１０００９９９９", "13810009999"]
)
def test_a_phone_is_found_however_it_is_written(shop: Path, text: str) -> None:
    with open_snapshot(shop) as snapshot:
        found = search_customers(snapshot, text)["found"]
    assert found == [{"customer_id": "M1", "matched": ["phone"]}]


def test_an_account_with_its_people(shop: Path) -> None:
    with open_snapshot(shop) as snapshot:
        found = show_account(snapshot, "F1")
        assert [a["account_id"] for a in list_accounts(snapshot, "教育")["accounts"]] == ["F2"]
        assert list_accounts(snapshot)["total"] == 3
        with pytest.raises(UsageError, match="account list"):
            show_account(snapshot, "nobody")
    assert {a["name"]: a["value"] for a in found["attributes"]} == {"company_industry": "零售", "company_size": "大"}
    assert found["attributes"][0]["provenance"]["source"] == "firms"
    assert [(p["customer_id"], p["decision_role"], p["phone"]) for p in found["people"]] == [
        ("M4", "使用", "138****0039"), ("M1", "决策", "138****9999"),
    ]  # fmt: skip


def test_accounts_and_households_count_in_the_attribute_list(shop: Path) -> None:
    with open_snapshot(shop) as snapshot:
        rows = {r.code: r.as_json() for r in list_attributes(snapshot, load_project(shop))}
    assert rows["company_industry"]["coverage"] == 0.666667
    assert [f["base"] for f in rows["company_industry"]["filled_by"]] == ["accounts"]  # type: ignore[index,union-attr]
    assert (rows["household_size"]["filled"], rows["household_size"]["coverage"]) == (True, 0.6)
    assert rows["family_members"]["filled"] is True


def test_the_commands_show_it(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["customer", "M1", "--provenance", "--project", str(shop), "--lang", "en"]) == 0
    shown = capsys.readouterr().out
    assert "138****9999" in shown
    assert "13810009999" not in shown
    assert "Household H" in shown
    assert "19.0" not in shown
    assert "自报人数" in shown
    assert main(["account", "F1", "--project", str(shop), "--lang", "zh-CN"]) == 0
    assert "联系人（2 人）" in capsys.readouterr().out
    assert main(["account", "list", "--project", str(shop), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"] == 3


def test_the_blocks_hold_the_rows_of_the_wide_tables(shop: Path) -> None:
    from huaxiang.engines.blocks import FOLDER, Blocks

    with open_snapshot(shop) as snapshot:
        assert {f["path"] for f in snapshot.manifest["files"]} >= {"rows/customers.arrow", "rows/provenance.arrow"}
        for name in ("customers", "provenance"):
            blocks = Blocks.open(snapshot.folder / FOLDER / f"{name}.arrow")
            assert blocks is not None
            assert [blocks.row(row["customer_id"]) for row in table(shop, name)] == table(shop, name)


def test_a_snapshot_without_blocks_and_links_tells_the_same(shop: Path, tmp_path: Path) -> None:
    older = tmp_path / "older"
    shutil.copytree(shop, older)
    path = next((older / ".huaxiang" / "snapshots").glob("*/manifest.json"))
    manifest = json.loads(path.read_text("utf-8"))
    for part in ("rows", "links"):
        shutil.rmtree(path.parent / part)
        manifest["files"] = [f for f in manifest["files"] if not f["path"].startswith(f"{part}/")]
    path.write_text(json.dumps(manifest), "utf-8")
    with open_snapshot(shop) as new, open_snapshot(older) as old:
        for customer_id in ("M1", "M3", "M5"):
            assert show_customer(old, customer_id, Detail(provenance=True)) == show_customer(
                new, customer_id, Detail(provenance=True)
            )
            found = show_identity(new, customer_id)
            assert found == show_identity(old, customer_id)
            assert found["records"]
