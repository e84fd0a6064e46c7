"""What a row of a source tells, in words, by the entity of the source (spec/canonical.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

Fields = Mapping[str, Any]
Told = tuple[dict[str, str], tuple[str, ...]]
"""A title in both languages, and the fields that it uses up."""
_SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "HKD": "HK$"}
_INTERACTIONS: Mapping[str, tuple[str, str]] = MappingProxyType({
    "complaint": ("投诉", "Complaint"), "inquiry": ("咨询", "Inquiry"), "consultation": ("咨询", "Inquiry"), "return": ("退货", "Return"),
    "refund": ("退款", "Refund"), "repair": ("报修", "Repair"), "praise": ("表扬", "Praise"), "suggestion": ("建议", "Suggestion"),
    "call": ("通话", "Call"), "visit": ("来访", "Visit"), "email": ("邮件", "E-mail"),
})  # fmt: skip
_EVENTS: Mapping[str, tuple[str, str]] = MappingProxyType({
    "ViewProduct": ("浏览商品", "Viewed a product"),
    "SearchProduct": ("搜索商品", "Searched"),
    "ClickBanner": ("点击广告位", "Clicked a banner"),
    "SubmitOrder": ("提交订单", "Submitted an order"),
    "AddToCart": ("加入购物车", "Added to the cart"),
    "add_to_cart": ("加入购物车", "Added to the cart"),
    "page_view": ("浏览页面", "Viewed a page"),
    "view_item": ("浏览商品", "Viewed a product"),
    "search": ("搜索", "Searched"),
    "purchase": ("购买", "Purchased"),
    "login": ("登录", "Signed in"),
    "sign_up": ("注册", "Signed up"),
    "session_start": ("开始访问", "Came"),
    "Page Viewed": ("浏览页面", "Viewed a page"),
    "Product Viewed": ("浏览商品", "Viewed a product"),
    "Order Completed": ("完成订单", "Completed an order"),
    "Product Added": ("加入购物车", "Added to the cart"),
    "Products Searched": ("搜索商品", "Searched"),
    "post": ("发帖", "Posted"),
    "comment": ("评论", "Commented"),
    "like": ("点赞", "Liked"),
    "share": ("分享", "Shared"),
    "view_item_list": ("浏览商品列表", "Viewed a list"),
    "select_item": ("选择商品", "Chose a product"),
    "view_promotion": ("看到促销", "Saw a promotion"),
    "select_promotion": ("点击促销", "Clicked a promotion"),
    "view_cart": ("查看购物车", "Viewed the cart"),
    "remove_from_cart": ("移出购物车", "Removed from the cart"),
    "begin_checkout": ("开始结算", "Began checkout"),
    "add_payment_info": ("填写支付信息", "Gave payment details"),
    "first_visit": ("首次访问", "First visit"),
    "user_engagement": ("停留", "Stayed"),
    "$SignUp": ("注册或登录", "Signed up or in"),
    "$pageview": ("浏览页面", "Viewed a page"),
    "$AppStart": ("打开 App", "Opened the app"),
    "$AppEnd": ("退出 App", "Left the app"),
    "$AppClick": ("点击", "Clicked"),
    "$WebClick": ("点击", "Clicked"),
    "view": ("浏览", "Viewed"),
    "click": ("点击", "Clicked"),
})  # fmt: skip


def words_of(entity: str, fields: Fields, currency: str) -> Told:
    """The title of a row and the names of the fields that it uses up. `fields`: name → value as it may be shown."""
    return _TELL.get(entity, _other)(fields, currency)


def money(value: Any, currency: str) -> str:
    """An amount with its sign and two decimals."""
    amount = Decimal(str(value)).quantize(Decimal("0.01"))
    sign = _SIGNS.get(currency, f"{currency} " if currency else "")
    return f"{'-' if amount < 0 else ''}{sign}{abs(amount):,}"


def _both(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def _of(fields: Fields, *names: str) -> str:
    return " · ".join(str(fields[name]) for name in names if fields.get(name) not in (None, ""))


def _with(head: tuple[str, str], *rest: str) -> dict[str, str]:
    tail = "".join(f" · {text}" for text in rest if text)
    return _both(head[0] + tail, head[1] + tail)


def _order(fields: Fields, currency: str) -> Told:
    amount = fields.get("amount")
    worth = f" {money(amount, currency)}" if amount is not None else ""
    where = _of(fields, "channel", "store", "status")
    return _with((f"下单{worth}", f"Order{worth}"), where), ("amount", "channel", "store", "status", "order_id")


def _line(fields: Fields, currency: str) -> Told:
    thing = _of(fields, "product") or _of(fields, "category") or _of(fields, "product_id")
    many = fields.get("quantity")
    times = f" × {many:g}" if isinstance(many, float | int) and many != 1 else ""
    worth = money(fields["amount"], currency) if fields.get("amount") is not None else ""
    named = (f"{thing or '商品'}{times}", f"{thing or 'Item'}{times}")
    return _with(named, worth), ("product", "quantity", "amount", "order_id", "product_id")


def _event(fields: Fields, _currency: str) -> Told:
    event = str(fields.get("event") or "")
    named = _EVENTS.get(event, (event or "行为", event or "Event"))
    return _with(named, _of(fields, "category", "keyword", "page")), (
        "event",
        "category",
        "keyword",
        "page",
        "event_id",
    )


def _interaction(fields: Fields, _currency: str) -> Told:
    kind = str(fields.get("kind") or fields.get("subject") or "")
    named = _INTERACTIONS.get(kind, (kind or "互动", kind or "Interaction"))
    return _with(named, _of(fields, "channel", "outcome")), (
        "kind",
        "channel",
        "outcome",
        "interaction_id",
        "ticket_id",
    )


def _answer(fields: Fields, _currency: str) -> Told:
    question, said = _of(fields, "question"), _of(fields, "answer")
    return _both(f"回答：{question} {said}".strip(), f"Answered: {question} {said}".strip()), ("question", "answer")


def _text(fields: Fields, _currency: str) -> Told:
    kind, stars = _of(fields, "kind", "title"), fields.get("rating")
    rated = (f"评分 {stars:g}", f"rated {stars:g}") if isinstance(stars, float | int) else ("", "")
    zh = " · ".join(p for p in (_INTERACTIONS.get(kind, (kind, kind))[0] or "留言", rated[0]) if p)
    en = " · ".join(p for p in (_INTERACTIONS.get(kind, (kind, kind))[1] or "Text", rated[1]) if p)
    return _both(zh, en), ("kind", "title", "rating", "review_id")


def _consent(fields: Fields, _currency: str) -> Told:
    granted = fields.get("granted")
    named = ("同意授权", "Consent given") if granted else ("撤回授权", "Consent withdrawn")
    return _with(named, _of(fields, "purpose")), ("granted", "purpose")


def _other(fields: Fields, _currency: str) -> Told:
    named = _of(fields, "kind") or _of(fields, "event")
    return _both(named or "记录", named or "Record"), ("kind", "event")


_TELL: Mapping[str, Callable[[Fields, str], Told]] = MappingProxyType({
    "order": _order, "order_line": _line, "event": _event, "interaction": _interaction, "answer": _answer, "text": _text,
    "consent": _consent,
})  # fmt: skip
