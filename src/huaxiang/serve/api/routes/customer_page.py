"""What the page of one customer asks for, piece by piece."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from huaxiang.serve.api.answers import Page, answer, page, paged
from huaxiang.serve.api.context import Asked, asks, lists
from huaxiang.serve.api.models.customer_page import Relations, Similar, TagWhy, Timeline

router = APIRouter(tags=["customers"])


@router.get("/customers/{customer_id}/timeline", response_model=Timeline)
def timeline(
    asked: Annotated[Asked, lists("customers")], part: Annotated[Page, Depends(page)], customer_id: str,
    source: Annotated[list[str] | None, Query(max_length=50, description="Only of these sources")] = None,
) -> Response:  # fmt: skip
    """Tell what happened with one customer, newest first; personal values are masked, also within texts."""
    from huaxiang.app.timeline import customer_timeline

    found = customer_timeline(asked.snapshot, customer_id, source or (), limit=part.limit, offset=part.offset)
    more = found.pop("more")
    asked.note("customer", f"customer {found['customer_id']}", part="timeline")
    return answer(asked.request, found | paged(asked.request, part, asked.snapshot.id, more=more))


@router.get("/customers/{customer_id}/similar", response_model=Similar)
def similar(
    asked: Annotated[Asked, asks("customers")], customer_id: str, limit: Annotated[int, Query(ge=1, le=100)] = 10
) -> Response:
    """Find the customers who are most like one, and tell by which tags."""
    from huaxiang.app.similar import similar_customers

    found = similar_customers(asked.snapshot, customer_id, limit=limit)
    asked.note(
        "customer",
        f"customer {found['customer_id']}",
        part="similar",
        customers=[s["customer_id"] for s in found["similar"]],
    )
    return answer(asked.request, found)


@router.get("/customers/{customer_id}/tags/{name}/why", response_model=TagWhy)
def why(asked: Annotated[Asked, asks("customers")], customer_id: str, name: str) -> Response:
    """Tell why a customer has a value of a tag: the rule, its inputs and her figures."""
    from huaxiang.app.tag_reasons import why_tag

    found = why_tag(asked.snapshot, customer_id, name)
    asked.note("customer", f"customer {found['customer_id']}", part=f"tag {name}")
    return answer(asked.request, found)


@router.get("/customers/{customer_id}/relations", response_model=Relations)
def relations(asked: Annotated[Asked, asks("customers")], customer_id: str) -> Response:
    """Tell who belongs to the household of a customer, and to the company whose contact she is."""
    from huaxiang.app.relations import relations_of

    found = relations_of(asked.snapshot, customer_id)
    asked.note("customer", f"customer {found['customer_id']}", part="relations")
    return answer(asked.request, found)
