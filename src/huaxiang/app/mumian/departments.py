"""Person records as departments export them: CRM (CSV, GB18030), shop accounts (SQLite), followers (Excel), business contacts."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.app.mumian import described as d
from huaxiang.app.mumian import dirt
from huaxiang.app.mumian.archetypes import ARCHETYPES
from huaxiang.app.mumian.business import Business
from huaxiang.app.mumian.population import Ints, People
from huaxiang.app.mumian.traits import EDUCATION, JOBS, LEVELS, Traits
from huaxiang.app.mumian.written import NICKS, Records, coded

APP_ID = "wx4d756d69616e0001"
SHEET_ROWS = 400_000
CRM_COLUMNS = (
    "会员号",
    "姓名",
    "性别",
    "出生日期",
    "手机号码",
    "电子邮箱",
    "身份证号",
    "国家",
    "省份",
    "城市",
    "区县",
    "详细地址",
    "学历",
    "婚姻状况",
    "职业",
    "月收入",
    "家庭人数",
    "子女数",
    "住房",
    "有无车",
    "会员等级",
    "注册时间",
    "一级渠道",
    "二级渠道",
    "三级渠道",
    "微信UnionID",
    "更新时间",
)


@dataclass(frozen=True)
class Company:
    """Everything that the writers of files draw on."""

    seed: int
    people: People
    traits: Traits
    records: Records
    business: Business

    def rng(self, purpose: str) -> np.random.Generator:
        """A generator of its own for each file, so that one file can change without the others."""
        return np.random.default_rng([self.seed, self.people.size, *purpose.encode()])


def rows_of(columns: Sequence[pa.Array]) -> Iterable[tuple[object, ...]]:
    """Rows of equally long columns."""
    return zip(*(c.to_pylist() for c in columns), strict=True)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]], encoding: str = "utf-8") -> None:
    """Write a CSV file; missing values are empty."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def write_sheets(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]], sheet: str) -> None:
    """Write an Excel workbook; above 400,000 rows further files `name_2.xlsx` … follow."""
    from datetime import datetime

    import xlsxwriter

    for part in range(max(1, -(-len(rows) // SHEET_ROWS))):
        name = path if not part else path.with_name(f"{path.stem}_{part + 1}{path.suffix}")
        book = xlsxwriter.Workbook(
            str(name), {"constant_memory": True, "strings_to_urls": False, "strings_to_formulas": False}
        )
        book.set_properties({"created": datetime(2026, 10, 31)})
        page = book.add_worksheet(sheet)
        page.write_row(0, 0, header)
        for number, row in enumerate(rows[part * SHEET_ROWS : (part + 1) * SHEET_ROWS], 1):
            page.write_row(number, 0, row)
        book.close()


def some(values: pa.Array, share: float, rng: np.random.Generator) -> pa.Array:
    """Keep a share of the values, the rest are null."""
    return pc.if_else(pa.array(rng.random(len(values)) < share), values, pa.scalar(None, values.type))


def chosen(words: Sequence[str], codes: Ints) -> pa.Array:
    """Words by their numbers."""
    return pc.take(pa.array(list(words)), pa.array(codes))


def times(at: pa.Array) -> pa.Array:
    """Times as YYYY-MM-DD HH:MM:SS."""
    return pc.strftime(pc.cast(at, pa.timestamp("s")), "%Y-%m-%d %H:%M:%S")


def write_crm(company: Company, folder: Path) -> None:
    """Members, one row a registration: `crm_members.csv` in GB18030, with some rows exported twice and some torn."""
    rng, r = company.rng("crm"), company.records
    own = r.where("crm_members")
    columns = _crm_columns(company, own, rng)
    rows = list(rows_of(columns))
    twice = rng.choice(len(rows), max(1, len(rows) // 250), replace=False)
    for at in sorted(twice.tolist()):
        rows.append(rows[at])
    torn = [(*rows[0][:3], "补录", *rows[0][3:], "见备注", "")] * max(1, len(rows) // 8000)
    write_csv(folder / "crm_members.csv", CRM_COLUMNS, [*rows, *torn], "gb18030")


def _crm_columns(company: Company, own: Ints, rng: np.random.Generator) -> tuple[pa.Array, ...]:
    r, t = company.records, company.traits
    row, who = pa.array(own), r.person[own]
    at = pa.array(r.at[own].astype("datetime64[s]"))
    updated = pa.array(
        (r.at[own] + rng.integers(0, 90 * 86_400, len(own)).astype("timedelta64[s]")).astype("datetime64[s]")
    )
    last = pa.scalar(np.datetime64("2026-10-31T20:00:00", "s"), pa.timestamp("s"))
    income = chosen(
        ("5千以下", "5千-1万", "1万-2万", "2万-4万", "4万以上"),
        np.searchsorted([5e3, 1e4, 2e4, 4e4], t.income[who]),
    )
    source = t.source.take(pa.array(who))
    return (
        r.member_no.take(row),
        dirt.dirty_names(r.name.take(row), rng),
        _gender_words(r.female.take(row), rng),
        _birth_texts(r, own, rng),
        _phone_texts(r, own, rng),
        _crm_emails(r.email.take(row), rng),
        _id_texts(r.id_number.take(row), rng),
        pa.array(np.where(rng.random(len(own)) < 0.97, "中国", "中国香港")),
        *_place_texts(r, own, rng),
        some(chosen(EDUCATION, t.education[who]), 0.62, rng),
        some(_marital(t, who), 0.66, rng),
        some(chosen(JOBS, t.job[who]), 0.55, rng),
        some(income, 0.42, rng),
        some(pa.array(t.family[who]), 0.5, rng),
        some(pa.array(t.children[who]), 0.5, rng),
        some(chosen(("租房", "与父母同住", "自有住房（还贷）", "自有住房"), t.owns_home[who]), 0.45, rng),
        some(chosen(("无", "有"), t.owns_car[who].astype(np.int64)), 0.48, rng),
        chosen(LEVELS, t.level[who]),
        dirt.dirty_dates(times(at), rng),
        source["source_1"].combine_chunks(),
        source["source_2"].combine_chunks(),
        some(source["source_3"].combine_chunks(), 0.8, rng),
        r.unionid.take(row),
        times(pc.min_element_wise(updated, last)),
    )


def _gender_words(female: pa.Array, rng: np.random.Generator) -> pa.Array:
    draw = rng.random(len(female))
    style = np.select([draw < 0.8, draw < 0.92], [0, 1], 2)
    words = pa.array(["男", "M", "先生", "女", "F", "女士"])
    code = pc.add(pc.multiply(pc.cast(female, pa.int64()), 3), pa.array(style))
    return dirt.put_some(pc.take(words, code), 0.4, ("未知", "保密"), rng)


def _birth_texts(r: Records, own: Ints, rng: np.random.Generator) -> pa.Array:
    kind = r.birth_kind[own]
    text = dirt.dirty_dates(pc.strftime(pc.cast(r.birth.take(pa.array(own)), pa.timestamp("s")), "%Y-%m-%d"), rng)
    text = dirt.put(text, kind == d.LEGENDARY, ("1900-01-01", "1900/1/1", "1900-01-01", "0000-00-00"), rng)
    text = dirt.put(text, kind == d.FUTURE, ("2035-05-01", "2088-08-08", "2029-12-31"), rng)
    return dirt.put(text, (kind == d.UNKNOWN) & (rng.random(len(own)) < 0.06), ("未知", "无", "不详"), rng)


def _phone_texts(r: Records, own: Ints, rng: np.random.Generator) -> pa.Array:
    text = dirt.dirty_phones(r.phone.take(pa.array(own)), rng)
    kind = r.phone_kind[own]
    short = pc.cast(pa.array(1_380_000_000 + rng.integers(0, 10**8, len(own))), pa.string())
    text = pc.if_else(pa.array(kind == d.BROKEN), short, text)
    empty = kind == d.NO
    return dirt.put(
        text, empty & (rng.random(len(own)) < 0.5), ("无", "13800138000", "11111111111", "-", "拒绝提供"), rng
    )


def _crm_emails(emails: pa.Array, rng: np.random.Generator) -> pa.Array:
    text = dirt.dirty_emails(emails, rng)
    return dirt.put_some(text, 0.02, ("无", "qq.example", "123456", "wangwei163.example", "xiaoli＃mail.example"), rng)


def _id_texts(numbers: pa.Array, rng: np.random.Generator) -> pa.Array:
    text = dirt.sometimes(numbers, 0.05, lambda v: f"{v[:6]} {v[6:14]} {v[14:]}", rng)
    text = dirt.sometimes(text, 0.3, str.lower, rng)
    return dirt.put_some(text, 0.002, ("110101199013454321", "440106000000000000", "32010219800101"), rng)


def _place_texts(r: Records, own: Ints, rng: np.random.Generator) -> tuple[pa.Array, ...]:
    """Province, city, district and address: in their own columns, in the address, or in both, in full or short."""
    row = pa.array(own)
    province, city, district, street = (c.take(row) for c in (r.province, r.city, r.district, r.street))
    style = rng.choice(5, len(own), p=[0.45, 0.2, 0.12, 0.11, 0.12])
    short_province = pc.replace_substring_regex(province, "(壮族自治区|回族自治区|维吾尔自治区|自治区|省|市)$", "")
    direct = pc.equal(province, city)
    short_city = pc.replace_substring_regex(city, "市$", "")
    full = pc.if_else(direct, city, pc.binary_join_element_wise(province, city, ""))
    heads = (
        full,
        pc.binary_join_element_wise(short_province, pc.if_else(direct, "", short_city), ""),
        city,
        short_city,
        full,
    )
    address: pa.Array = pa.nulls(len(own), pa.string())
    for number, head in enumerate(heads):
        joined = pc.binary_join_element_wise(head, district, street, "")
        address = pc.if_else(pa.array(style == number), joined, address)
    address = dirt.sometimes(address, 0.03, dirt.wide, rng)
    address = dirt.put_some(address, 0.03, ("无", "未填写", "-", "同上"), rng)
    bare = pa.array((style == 0) & (rng.random(len(own)) < 0.3))
    nothing = pa.scalar(None, pa.string())
    has_address = pc.is_valid(street)
    hide = pc.and_(bare, has_address)
    short = pa.array(rng.random(len(own)) < 0.15)
    return (
        pc.if_else(hide, nothing, pc.if_else(short, short_province, province)),
        pc.if_else(hide, nothing, pc.if_else(short, short_city, city)),
        some(district, 0.6, rng),
        address,
    )


def _marital(traits: Traits, who: Ints) -> pa.Array:
    code = np.where(traits.married[who], 1, np.where(traits.ever_married[who], 2, 0))
    return chosen(("未婚", "已婚", "离异"), code)


def write_shop_customers(company: Company, db: sqlite3.Connection) -> None:
    """Table `customers` of the shop's database: one row a login."""
    rng, r = company.rng("shop"), company.records
    own = r.where("shop_customers")
    row, who = pa.array(own), r.person[own]
    born = pc.strftime(pc.cast(r.birth.take(row), pa.timestamp("s")), "%Y-%m-%d")
    province, city, district, address = _place_texts(r, own, rng)
    nick = pc.binary_join_element_wise(chosen(NICKS, who * 31 % len(NICKS)), coded("", who * 7919 % 10_000, 2), "")
    columns = (
        r.user_id.take(row),
        nick,
        dirt.dirty_phones(r.phone.take(row), rng),
        dirt.dirty_emails(r.email.take(row), rng),
        dirt.dirty_names(r.name.take(row), rng),
        _gender_words(r.female.take(row), rng),
        born,
        province,
        city,
        district,
        address,
        r.member_no.take(row),
        r.unionid.take(row),
        times(pa.array(r.at[own].astype("datetime64[s]"))),
    )
    db.execute(
        "create table customers (user_id text primary key, nickname text, phone text, email text, receiver_name text, gender text, "
        "birthday text, province text, city text, district text, address text, member_no text, unionid text, registered_at text)"
    )
    db.executemany("insert into customers values (?,?,?,?,?,?,?,?,?,?,?,?,?,?)", rows_of(columns))


def write_followers(company: Company, folder: Path) -> None:
    """Followers of the mini-programme: `miniapp_followers.xlsx`."""
    rng, r = company.rng("followers"), company.records
    own = r.where("followers")
    row, who = pa.array(own), r.person[own]
    nick = chosen(
        (*NICKS, "🌸", "A0-木棉粉丝", "ヾ小确幸", "平安是福", "岁月静好", "Z", "。。。", "淡如水", "向阳花", "路过"),
        rng.integers(0, 30, len(own)),
    )
    nick = pc.if_else(pa.array(rng.random(len(own)) < 0.1), company.people.given.take(pa.array(who)), nick)
    kinds = np.array([a.social for a in ARCHETYPES])[company.people.archetype[who]]
    columns = (
        pa.array([APP_ID] * len(own)),
        r.openid.take(row),
        r.unionid.take(row),
        nick,
        dirt.dirty_phones(r.phone.take(row), rng),
        _gender_words(r.female.take(row), rng),
        some(r.province.take(row), 0.9, rng),
        some(r.city.take(row), 0.9, rng),
        chosen(("扫码", "搜索", "分享卡片", "公众号菜单", "广告"), rng.integers(0, 5, len(own))),
        chosen(
            ("", "穿搭群", "福利群", "宝妈群", "新品内测群"),
            np.where(rng.random(len(own)) < kinds, rng.integers(1, 5, len(own)), 0),
        ),
        times(pa.array(r.at[own].astype("datetime64[s]"))),
        chosen(("是", "否"), (rng.random(len(own)) < 0.15).astype(np.int64)),
    )
    header = (
        "AppID",
        "OpenID",
        "UnionID",
        "昵称",
        "手机号",
        "性别",
        "省份",
        "城市",
        "来源",
        "所在社群",
        "关注时间",
        "是否关注",
    )
    write_sheets(folder / "miniapp_followers.xlsx", header, list(rows_of(columns)), "粉丝")


def write_contacts(company: Company, folder: Path) -> None:
    """Business accounts (`b2b_accounts.csv`) and their people (`b2b_contacts.csv`)."""
    rng, r, b = company.rng("contacts"), company.records, company.business
    own = r.where("b2b_contacts")
    row = pa.array(own)
    mail = pc.coalesce(r.email.take(row), b.work_email)
    columns = (
        r.key.take(row),
        b.account_of_contact,
        dirt.dirty_names(r.name.take(row), rng),
        b.department,
        b.position,
        b.decision_role,
        dirt.dirty_phones(r.phone.take(row), rng),
        mail,
        r.city.take(row),
        _birth_texts(r, own, rng),
        b.problem,
        b.past_use,
        b.remark,
        times(pa.array(r.at[own].astype("datetime64[s]"))),
    )
    header = (
        "联系人编号",
        "企业编号",
        "姓名",
        "部门",
        "职位",
        "决策角色",
        "手机",
        "邮箱",
        "城市",
        "生日",
        "要解决的问题",
        "使用情况",
        "备注",
        "更新时间",
    )
    write_csv(folder / "b2b_contacts.csv", header, rows_of(columns), "utf-8-sig")
    names = list(b.accounts.column_names)
    write_csv(folder / "b2b_accounts.csv", names, rows_of([c.combine_chunks() for c in b.accounts.columns]), "gb18030")
