"""The shop of the audience tests with names, order lines, tickets and texts: for tests of single customers."""

from __future__ import annotations

from pathlib import Path

from tests.app.audience_shop import FILES, write_shop

from huaxiang.app.build import build

NAMES = {0: "张伟", 1: "张伟华", 2: "李娜", 3: "欧阳伟", 4: "Anna Müller", 5: "张伟"}
SOURCES = """\
  - name: lines
    purpose: service
    legal_basis: contract
    entity: order_line
    files: data/lines.csv
    columns: {customer_key: id, order_id: no, ordered_at: at, product: product, quantity: many, amount: amount}
  - name: tickets
    purpose: service
    legal_basis: contract
    entity: text
    files: data/tickets.csv
    columns: {customer_key: id, phone: phone, occurred_at: at, kind: kind, body: body}
"""
TICKETS = """id,phone,at,kind,body
M000,13800000000,2026-06-29 10:00,complaint,"请回电 138 0000 0000，或写信到 wei@example.com，身份证 11010519491231002X"
M000,13800000000,2026-06-28,inquiry,什么时候到货
"""
LINES = """id,no,at,product,many,amount
M000,0-0,2026-06-01,茶杯,2,20
M000,0-0,2026-06-01,茶叶,1,99.5
M001,9-9,2026-06-01,茶壶,1,50
"""


def build_customers(folder: Path) -> Path:
    """Write and build the shop."""
    sources = FILES["sources/shop.yaml"].replace("{customer_key: id, phone", "{customer_key: id, name: name, phone")
    people = FILES["attributes/people.yaml"] + "  - {name: name, source: members, value: name}\n"
    write_shop(folder, sources__shop=sources + SOURCES, attributes__people=people)
    members = folder / "data" / "members.csv"
    head, *rows = members.read_text("utf-8").splitlines()
    named = [f"{row},{NAMES.get(n, f'王小{n}')}" for n, row in enumerate(rows)]
    members.write_text("\n".join([f"{head},name", *named]) + "\n", "utf-8")
    (folder / "data" / "tickets.csv").write_text(TICKETS, "utf-8")
    (folder / "data" / "lines.csv").write_text(LINES, "utf-8")
    with (folder / "data" / "orders.csv").open("a", encoding="utf-8") as orders:
        orders.write("M000,0-0,2026-06-01 09:15,119.5,app\n")
    build(folder)
    return folder
