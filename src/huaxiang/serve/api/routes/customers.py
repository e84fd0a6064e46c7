"""Single customers, and who is who."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from huaxiang.app.acting import acting_as
from huaxiang.app.rights import require
from huaxiang.errors import AccessDenied
from huaxiang.serve.api.answers import Page, answer, page, paged
from huaxiang.serve.api.context import Asked, asks, check_reason, lists, server_of
from huaxiang.serve.api.models.customers import (
    Because,
    Customer,
    Decision,
    DryRun,
    Explained,
    Found,
    IdentityStatus,
    MergeAsked,
    Review,
    SearchAsked,
    SplitAsked,
    UnmaskAsked,
    Unmasked,
    UnmergeAsked,
)
from huaxiang.serve.api.problems import Problem
from huaxiang.serve.api.routes.catalogue import Unmask

router = APIRouter()
_RECORDS = frozenset({"digest", "left", "right"})
"""Members of answers about identity that name a record by its digest."""
Number = Annotated[int, Path(ge=1, le=2_000_000_000)]
NOTED = 20
"""So many of the customers that a search found are noted by their IDs."""
GUESSES, _GUESS_WAIT = 200, 60.0
"""So many whole numbers that nobody has may be searched for in a day, and the longest wait after more, in seconds."""
Deciding = Annotated[Asked, asks("decide")]


@router.post("/customers/search", response_model=Found, tags=["customers"])
def search(asked: Annotated[Asked, asks("customers")], wanted: SearchAsked) -> Response:
    """Find customers by ID, identity key, name or its pinyin, the end of a phone number, a value, or a condition."""
    from huaxiang.app.finding import find_customers

    without = _kept_names(asked, wanted.text)
    with _counting_guesses(asked, wanted.text) as guess:
        found = find_customers(asked.snapshot, wanted.text, limit=wanted.limit, without=without)
        guess.was_right = bool(found["found"])
    ids = [each["customer_id"] for each in found["found"]]
    asked.note("search", f"{len(ids)} customers", customers=ids[:NOTED])
    return answer(asked.request, found)


def _kept_names(asked: Asked, text: str) -> frozenset[str]:
    """The keys and attributes by which the caller finds nobody, since a few tries would tell a number that is masked. Raises AccessDenied
    for such a number.
    """
    from huaxiang.app.customer import is_id_number
    from huaxiang.app.masks import guessable_names

    names = frozenset() if asked.caller.may("unmask") else guessable_names(asked.snapshot.manifest)
    if names and is_id_number(text):
        raise AccessDenied(
            'finding customers by ID number needs the right "unmask" (personal values in full), since a few tries would tell whose is '
            "which; look for the name, the phone number, the member number or the customer ID, or ask somebody who may see numbers in full",
            "按证件号码查找客户需要“查看未脱敏的个人信息”权限（unmask），否则试几个号码就能得知客户的完整证件号；"
            "请改用姓名、手机号、会员号或客户 ID 查找，或请有权查看完整号码的人查找",
        )
    return names


@dataclass
class _Guess:
    """A search for a whole number."""

    was_right: bool = False


@contextmanager
def _counting_guesses(asked: Asked, text: str) -> Iterator[_Guess]:
    """Let nobody who sees numbers masked find out the hidden digits by trying all: whole numbers and addresses that nobody has are
    counted, for all servers together, and from the GUESSES-th within a day on each next one has to wait. Raises Problem.
    """
    from huaxiang.app.customer import is_whole_number

    guess = _Guess()
    if asked.caller.may("unmask") or not is_whole_number(text):
        yield guess
        return
    attempts = server_of(asked.request).state.attempts
    subject = hashlib.sha256(f"number:{asked.caller.id}".encode()).hexdigest()
    wait = attempts.begin(
        {subject: lambda missed: min(_GUESS_WAIT, 2.0 ** (missed - GUESSES)) if missed > GUESSES else 0.0}
    )
    if wait > 0:
        seconds = max(1, round(wait + 0.5))
        raise Problem(
            "rate", f"too many numbers or e-mail addresses were searched for that nobody has; try again in {seconds} s",
            f"搜索了过多不存在的号码或邮箱；请在 {seconds} 秒后再试", headers={"Retry-After": seconds},
        )  # fmt: skip
    yield guess
    if guess.was_right:
        attempts.succeeded("", subject)


@router.get("/customers/{customer_id}", response_model=Customer, tags=["customers"])
def customer(
    asked: Annotated[Asked, asks("customers")], customer_id: str, *, unmask: Unmask = False,
    provenance: Annotated[bool, Query(description="What every source says of each attribute")] = False,
) -> Response:  # fmt: skip
    """Show one customer in full; personal values are masked."""
    from huaxiang.app.customer import Detail, show_customer

    if unmask:
        require(asked.caller, "unmask")
    if provenance:
        require(asked.caller, "identifiers")
        asked.need_whole()
    found = show_customer(asked.snapshot, customer_id, Detail(unmask, provenance))
    _note(asked, "customer", f"customer {found['customer_id']}", unmask=unmask)
    if not asked.caller.may("identifiers"):
        found["identity"] = [key | {"value": None} for key in found["identity"]]
    return answer(asked.request, _without_digests(asked, found))


def _without_digests(asked: Asked, told: Any) -> Any:
    """What is told, without digests of values or records where the caller sees values masked: all numbers could be tried on them,
    anywhere. Records have handles instead.
    """
    from huaxiang.app.deciding import record_handles

    return told if asked.caller.may("unmask") else _handled(told, record_handles(asked.snapshot))


def _handled(told: Any, called: Callable[[str], str]) -> Any:
    if isinstance(told, Mapping):
        return {key: _handle(key, value, called) for key, value in told.items()}
    return [_handled(item, called) for item in told] if isinstance(told, list | tuple) else told


def _handle(key: str, value: Any, called: Callable[[str], str]) -> Any:
    if key == "value_digest" and value:
        return ""
    return called(value) if key in _RECORDS and isinstance(value, str) else _handled(value, called)


@router.post("/customers/{customer_id}/unmask", response_model=Unmasked, tags=["customers"])
def unmask_fields(asked: Annotated[Asked, asks("unmask")], customer_id: str, wanted: UnmaskAsked) -> Response:
    """Show fields of one customer in full, to those who may and say why; it is noted who saw which, when, and why."""
    from huaxiang.app.customer import unmasked_values

    check_reason(wanted.reason)
    found = unmasked_values(asked.snapshot, customer_id, wanted.fields)
    asked.note(
        "unmask", f"customer {found['customer_id']}", fields=wanted.fields, reason=wanted.reason.strip(), purpose=wanted.purpose
    )  # fmt: skip
    return answer(asked.request, found)


@router.get("/identity/status", response_model=IdentityStatus, tags=["identity"])
def status(asked: Annotated[Asked, asks("identifiers")], *, unmask: Unmask = False) -> Response:
    """Tell the figures of the last build about who is who, and the decisions that wait."""
    asked.need_whole()
    from huaxiang.app.identity import identity_status

    _note(asked, "identity", "identity status", unmask=unmask)
    return answer(asked.request, _without_digests(asked, identity_status(asked.snapshot, unmask=unmask)))


@router.get("/identity/customers/{customer_id}", response_model=Explained, tags=["identity"])
def explain(asked: Annotated[Asked, asks("identifiers")], customer_id: str, *, unmask: Unmask = False) -> Response:
    """Tell why a customer is one: records, evidence, what was refused, decisions."""
    asked.need_whole()
    from huaxiang.app.identity import show_identity

    if unmask:
        require(asked.caller, "unmask")
    found = show_identity(asked.snapshot, customer_id, unmask=unmask)
    _note(asked, "identity", f"customer {found['customer_id']}", unmask=unmask)
    return answer(asked.request, _without_digests(asked, found))


@router.get("/identity/review", response_model=Review, tags=["identity"])
def review(
    asked: Annotated[Asked, lists("identifiers")], part: Annotated[Page, Depends(page)], *, unmask: Unmask = False
) -> Response:
    """List the pairs of customers that wait for a decision."""
    asked.need_whole()
    from huaxiang.app.identity import review_queue

    _note(asked, "identity", f"identity review from {part.offset + 1}", unmask=unmask)
    found = review_queue(asked.snapshot, limit=part.limit, offset=part.offset, unmask=unmask)
    more = found["total"] > part.end
    told = found | paged(asked.request, part, asked.snapshot.id, more=more)
    return answer(asked.request, _without_digests(asked, told))


@router.get("/identity/dry-run", response_model=DryRun, tags=["identity"])
def dry_run(
    asked: Annotated[Asked, asks("identifiers")],
    limit: Annotated[int, Query(ge=1, le=1000)] = 20,
    *,
    unmask: Unmask = False,
) -> Response:
    """Tell what the rules that stand in the files now would change; nothing is written."""
    asked.need_whole()
    from huaxiang.app.trying import dry_run as try_rules

    _note(asked, "identity", "identity dry-run", unmask=unmask)
    return answer(asked.request, _without_digests(asked, try_rules(asked.snapshot, limit=limit, unmask=unmask)))


@router.post("/identity/review/{number}/accept", response_model=Decision, status_code=201, tags=["identity"])
def accept(asked: Deciding, number: Number, wanted: Because) -> Response:
    """Decide that a pair of the queue is one person."""
    from huaxiang.app.deciding import answer_review

    return _decided(asked, lambda: answer_review(asked.snapshot, number, same=True, why=wanted.why))


@router.post("/identity/review/{number}/reject", response_model=Decision, status_code=201, tags=["identity"])
def reject(asked: Deciding, number: Number, wanted: Because) -> Response:
    """Decide that a pair of the queue is two people."""
    from huaxiang.app.deciding import answer_review

    return _decided(asked, lambda: answer_review(asked.snapshot, number, same=False, why=wanted.why))


@router.post("/identity/merge", response_model=Decision, status_code=201, tags=["identity"])
def merge(asked: Deciding, wanted: MergeAsked) -> Response:
    """Decide that customers are one person."""
    from huaxiang.app.deciding import merge_customers

    return _decided(asked, lambda: merge_customers(asked.snapshot, wanted.customers, wanted.why))


@router.post("/identity/split", response_model=Decision, status_code=201, tags=["identity"])
def split(asked: Deciding, wanted: SplitAsked) -> Response:
    """Decide that some records of a customer are somebody else's."""
    from huaxiang.app.deciding import record_handles, split_customer

    called = str if asked.caller.may("unmask") else record_handles(asked.snapshot)
    return _decided(
        asked, lambda: split_customer(asked.snapshot, wanted.customer_id, wanted.records, wanted.why, called)
    )


@router.post("/identity/unmerge", response_model=Decision, status_code=201, tags=["identity"])
def unmerge(asked: Deciding, wanted: UnmergeAsked) -> Response:
    """Decide against the last merge into a customer."""
    from huaxiang.app.deciding import unmerge_customer

    return _decided(asked, lambda: unmerge_customer(asked.snapshot, wanted.customer_id, wanted.why))


@router.post("/identity/decisions/{number}/undo", response_model=Decision, status_code=201, tags=["identity"])
def undo(asked: Deciding, number: Number, wanted: Because) -> Response:
    """Take a decision back."""
    from huaxiang.app.deciding import undo_decision

    return _decided(asked, lambda: undo_decision(asked.snapshot, number, wanted.why))


def _decided(asked: Asked, decide: Any) -> Response:
    asked.need_whole()
    with acting_as(asked.caller.name):
        found = decide()
    asked.note("decide", f"decision {found['number']}", way=asked.request.url.path.rsplit("/", 1)[-1])
    return answer(asked.request, found, status=201)


def _note(asked: Asked, action: str, about: str, *, unmask: bool) -> None:
    """Note that personal data are read; in full only by those who may, and say why."""
    if unmask:
        asked.note_unmasked(about)
    else:
        asked.note(action, about)
