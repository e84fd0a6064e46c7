"""A small project with people who share keys, for the tests of `huaxiang identity`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.serve.conftest import Answer

from huaxiang.app.build import build

Run = Callable[..., Answer]
PROJECT = """
name: shop
language: en
as_of: 2024-06-01
"""
SOURCES = """
sources:
  - name: crm
    purpose: membership
    legal_basis: contract
    entity: person
    files: crm.csv
    columns: {member_no: member_no, unionid: unionid, phone: phone, name: name}
  - name: orders
    purpose: orders
    legal_basis: contract
    entity: order
    files: orders.csv
    columns: {order_id: order_id, member_no: member_no, phone: phone, ordered_at: day, amount: amount}
identity:
  - {name: member, field: member_no, priority: 1, limit: {values: 1}}
  - {name: unionid, field: unionid, priority: 2, personal: true}
  - {name: phone, field: phone, priority: 3, role: contact, personal: true, max_records: 5}
"""
CRM = """member_no,unionid,phone,name
M1,U1,13810000001,张伟
M1,,13810000002,张伟
M2,U2,13810000003,李娜
M3,U2,13810000004,李娜
M4,,13810000005,王芳
M5,,13810000005,赵强
M6,,13899999999,钱一
M7,,13899999999,孙二
M8,,13899999999,周三
M9,,13899999999,吴四
"""
ORDERS = """order_id,member_no,phone,day,amount
o1,M1,,2024-05-01,10
o2,,13810000001,2024-05-02,20
o3,,13810000002,2024-05-03,30
o4,M4,13810000005,2024-05-04,40
o5,,13899999999,2024-05-05,50
o6,M6,13899999999,2024-05-05,50
o7,,,2024-05-06,60
"""


def build_shop(folder: Path) -> Path:
    """Write the project and build it once."""
    (folder / "sources").mkdir(parents=True)
    (folder / "huaxiang.yaml").write_text(PROJECT)
    (folder / "sources" / "all.yaml").write_text(SOURCES, "utf-8")
    (folder / "crm.csv").write_text(CRM, "utf-8")
    (folder / "orders.csv").write_text(ORDERS, "utf-8")
    build(folder)
    return folder


def enter_copy(built: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the built project, as the current folder."""
    shutil.copytree(built, folder)
    monkeypatch.delenv("HUAXIANG_LANG", raising=False)
    monkeypatch.chdir(folder)
    return folder
