"""What the ID of a new customer looks like."""

from __future__ import annotations

import hashlib
import re

from huaxiang.learn.linking import customer_id
from huaxiang.spec.models import IdentityKeySpec

MEMBER = IdentityKeySpec(name="member", field="customer_key", priority=1)
PHONE = IdentityKeySpec(name="phone", field="phone", priority=2, personal=True)


def test_the_strongest_key_gives_its_value_a_weaker_one_its_name_before_it() -> None:
    assert customer_id(MEMBER, "m1", strongest=True, secret=b"a") == "m1"
    assert customer_id(MEMBER, "m1", strongest=False, secret=b"b") == "member-m1"


def test_a_personal_key_gives_a_digest_that_says_nothing_of_the_value() -> None:
    ids = {
        customer_id(PHONE, value, strongest=strongest, secret=b"a secret")
        for value in ("13800138000", "13800138001")
        for strongest in (True, False)
    }
    assert len(ids) == 2  # the value alone decides
    assert all(re.fullmatch(r"phone-[0-9a-f]{16}", found) for found in ids)
    assert customer_id(PHONE, "13800138000", strongest=True, secret=b"another") not in ids
    assert not any("phone-" + hashlib.sha256(b"phone:13800138000").hexdigest()[:16] == found for found in ids)
