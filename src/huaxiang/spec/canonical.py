"""The canonical model: which fields each entity knows, and their types. Sources may add fields of their own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PERSON_FIELDS = {
    "customer_key": "text", "name": "text", "gender": "gender", "birth_date": "date", "age": "integer", "phone": "phone",
    "email": "email", "education": "education", "marital_status": "marital_status", "country": "text", "province": "text",
    "city": "text", "district": "text", "address": "text", "member_level": "text", "registered_at": "datetime",
    "source_1": "text", "source_2": "text", "source_3": "text", "updated_at": "datetime",
}  # fmt: skip
_ORDER = {
    "customer_key": "text", "phone": "phone", "email": "email", "order_id": "text", "ordered_at": "datetime",
    "channel": "text", "store": "text", "payment": "text", "province": "text", "city": "text", "status": "text",
    "amount": "money", "discount": "money", "coupon_discount": "money",
}  # fmt: skip
FIELDS: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "person": PERSON_FIELDS,
    "account": {
        "account_key": "text", "customer_key": "text", "name": "text", "industry": "text", "size": "text",
        "updated_at": "datetime",
    },
    "order": _ORDER,
    "order_line": _ORDER | {
        "product_id": "text", "product": "text", "category": "text", "subcategory": "text", "brand": "text",
        "quantity": "number", "price": "money",
    },
    "event": {
        "customer_key": "text", "event_id": "text", "event": "text", "occurred_at": "datetime", "device_type": "text",
        "os": "text", "browser": "text", "platform": "text", "page": "text", "product_id": "text", "category": "text",
        "brand": "text", "value": "money",
    },
    "interaction": {
        "customer_key": "text", "interaction_id": "text", "occurred_at": "datetime", "channel": "text", "kind": "text",
        "campaign": "text", "subject": "text", "outcome": "text", "score": "number",
    },
    "answer": {
        "customer_key": "text", "survey": "text", "question": "text", "answer": "text", "score": "number",
        "occurred_at": "datetime",
    },
    "text": {"customer_key": "text", "occurred_at": "datetime", "kind": "text", "title": "text", "body": "text", "rating": "number"},
    "consent": {
        "customer_key": "text", "purpose": "text", "granted": "boolean", "occurred_at": "datetime", "version": "text",
        "evidence": "text",
    },
    "reference": {},
})  # fmt: skip
TIME_FIELD: Mapping[str, str] = MappingProxyType({
    "person": "updated_at", "account": "updated_at", "order": "ordered_at", "order_line": "ordered_at", "event": "occurred_at",
    "interaction": "occurred_at", "answer": "occurred_at", "text": "occurred_at", "consent": "occurred_at",
})  # fmt: skip
"""The field that dates a row; a source of the entity need not map it, but windows and `latest` then don't work on it."""

MATCH_FIELDS = (
    "name", "given_name", "surname", "gender", "birth_date", "phone", "email", "address", "address_key", "street", "province", "city",
    "district", "postcode", "id_number", "company", "birth_place", "occupation",
)  # fmt: skip
"""Fields that describe a person: what probabilistic matching compares when a project names no fields of its own."""

#: How each declared type is stored (DuckDB and Arrow names). Money is exact, so that sums are the same in any order.
STORED_AS: Mapping[str, str] = MappingProxyType({
    "text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "money": "DECIMAL(18,4)", "date": "DATE",
    "datetime": "TIMESTAMP", "boolean": "BOOLEAN", "list": "VARCHAR[]", "phone": "VARCHAR", "email": "VARCHAR",
    "gender": "VARCHAR", "education": "VARCHAR", "marital_status": "VARCHAR",
    "name": "VARCHAR", "address": "VARCHAR", "id_number": "VARCHAR",
})  # fmt: skip

_PLACE = {"province": "text", "city": "text", "district": "text"}
DERIVED: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "address": {"country": "text", **_PLACE, "code": "text", "street": "text", "key": "text"},
    "id_number": {"birth_date": "date", "gender": "gender", **_PLACE},
    "name": {"surname": "text", "given": "text", "pinyin": "text", "initials": "text", "honorific": "text"},
    "phone": {"country": "text", "region_code": "text"},
})  # fmt: skip
"""Declared type of a column → parts that `derive` can take out of its values → declared type of the part."""
