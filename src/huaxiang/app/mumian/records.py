"""The person records of all departments as one table, and whose they are: what the identity benchmark links."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from huaxiang.app.mumian.described import SOURCES, describe
from huaxiang.app.mumian.population import People, make_people
from huaxiang.app.mumian.written import Records, write_records

SEED = 20260601
_KEYS = ("member_no", "user_id", "unionid", "openid", "id_number")


def make_records(customers: int, seed: int) -> tuple[People, Records]:
    """People and their records; the same numbers give the same of both, on every machine."""
    rng = np.random.default_rng([seed, customers])
    people = make_people(customers, rng)
    return people, write_records(people, describe(people, rng), rng)


def person_records(customers: int, seed: int = SEED) -> tuple[pa.Table, pa.Array]:
    """Return the records as identity resolution gets them (cleaned, no files in between) and the person of each.

    Columns: digest, source, rows, first_at, last_at, describes, the keys member_no, user_id, unionid, openid, id_number, phone,
    email, and name, gender, birth_date, province, city, district, street, address. Sorted by digest. Persons are int64.
    """
    records = make_records(customers, seed)[1]
    count = len(records.person)
    source = pc.take(pa.array(SOURCES), pa.array(records.slot))
    at = pa.array(records.at.astype("datetime64[us]"))
    gender = pc.if_else(records.female, "female", "male")
    address = pc.binary_join_element_wise(
        records.province, records.city, records.district, records.street, "", null_handling="emit_null"
    )
    table = pa.table(
        {
            "digest": _digests(seed, count),
            "source": source,
            "rows": pa.array(np.ones(count, dtype=np.int64)),
            "first_at": at,
            "last_at": at,
            "describes": pa.array(np.ones(count, dtype=bool)),
            **{key: getattr(records, key) for key in _KEYS},
            "phone": records.phone,
            "email": records.email,
            "name": records.name,
            "gender": gender,
            "birth_date": pc.cast(records.birth, pa.date32()),
            "province": records.province,
            "city": records.city,
            "district": records.district,
            "street": records.street,
            "address": address,
        }
    )
    order = pc.sort_indices(table["digest"])
    return table.take(order), pc.take(pa.array(records.person), order)


def _digests(seed: int, count: int) -> pa.Array:
    """Digests of 32 hexadecimal digits, by seed and row."""
    start = f"{seed}:".encode()
    return pa.array([hashlib.md5(start + str(n).encode(), usedforsecurity=False).hexdigest() for n in range(count)])
