"""What a good engineer would write by hand in DuckDB: (a) one query per tag, (b) the whole set fused over two levels.

Both give the same values as our measures, ties included (the smallest value wins), and are compared with them.
"""

from __future__ import annotations

from datetime import timedelta

from data import AS_OF, DAYS, END

T365, T90, T30 = (f"TIMESTAMP '{END - timedelta(days=d)}'" for d in (365, 90, 30))
SINCE = {
    "all": "",
    "365": f"WHERE ordered_at >= {T365}",
    "90": f"WHERE ordered_at >= {T90}",
    "30": f"WHERE ordered_at >= {T30}",
}
ONLINE = "channel-00000"
DAY_ZERO = (END - timedelta(days=DAYS)).date()


def _each(value: str, where: str) -> str:
    return f"SELECT customer_id, {value} AS v FROM events {where} GROUP BY customer_id"


def _top(of: str, where: str, weight: str = "count(*)") -> str:
    """The fastest of six ways tried that breaks ties by value (`mode()` is no faster and breaks them at random)."""
    pairs = f"SELECT customer_id, {of} AS o, {weight} AS w FROM events {where} GROUP BY customer_id, o"
    return f"SELECT customer_id, min({{'w': -w, 'o': o}}).o AS v FROM ({pairs}) WHERE w > 0 GROUP BY customer_id"


def _loyalty(of: str, where: str) -> str:
    pairs = f"SELECT customer_id, count(*) AS w FROM events {where} GROUP BY customer_id, {of}"
    return f"SELECT customer_id, max(w) / sum(w) AS v FROM ({pairs}) GROUP BY customer_id"


def _three() -> str:
    pairs = f"SELECT customer_id, category, count(*) AS w FROM events {SINCE['365']} GROUP BY ALL"
    return f"SELECT customer_id, list_transform(min({{'w': -w, 'o': category}}, 3), lambda s: s.o) AS v FROM ({pairs}) GROUP BY customer_id"


def one_query_per_tag() -> dict[str, str]:
    """Contestant (a): tag → SELECT customer_id, v."""
    year = SINCE["365"]
    q = {f"orders_{w}": _each("count(*)", s) for w, s in SINCE.items()}
    q |= {f"amount_{w}": _each("sum(amount)", s) for w, s in SINCE.items()}
    q |= {f"days_{w}": _each("count(DISTINCT ordered_at::DATE)", s) for w, s in SINCE.items()}
    q |= {f"categories_{w}": _each("count(DISTINCT category)", s) for w, s in SINCE.items()}
    q |= {f"brands_{w}": _each("count(DISTINCT brand)", SINCE[w]) for w in ("all", "365", "90")}
    q |= {f"top_category_{w}": _top("category", s) for w, s in SINCE.items()}
    q |= {f"top_brand_{w}": _top("brand", SINCE[w]) for w in ("all", "365")}
    q |= {f"top_hour_{w}": _top("hour(ordered_at)", SINCE[w]) for w in ("all", "365")}
    return q | {
        "top_weekday": _top("isodow(ordered_at)", year), "top_channel": _top("channel", year), "top_store": _top("store", year),
        "stores": _each("count(DISTINCT store)", year), "channels": _each("count(DISTINCT channel)", year),
        "category_by_amount": _top("category", year, "sum(amount)"), "three_categories": _three(),
        "category_loyalty": _loyalty("category", year), "brand_loyalty": _loyalty("brand", year),
        "recency": _each(f"date_diff('day', max(ordered_at)::DATE, DATE '{AS_OF.date()}')", ""),
        "tenure": _each(f"date_diff('day', min(ordered_at)::DATE, DATE '{AS_OF.date()}')", ""),
        "mean_amount": _each("sum(amount)::DOUBLE / count(*)", year), "largest": _each("max(amount)", year),
        "smallest": _each("min(amount)", year), "spread": _each("stddev_samp(amount::DOUBLE)", year),
        "coupon_orders": _each("count(*)", f"{year} AND coupon"),
        "coupon_share": _each("coalesce(sum(amount) FILTER (coupon), 0)::DOUBLE / sum(amount)::DOUBLE", year),
        "discount": _each("sum(discount)", year),
        "online_share": _each(f"count(*) FILTER (channel = '{ONLINE}') / count(*)", year),
        "big_orders": _each("count(*)", f"{year} AND amount >= 500"),
        "cycle": _each(
            "date_diff('day', min(ordered_at)::DATE, max(ordered_at)::DATE) / nullif(count(DISTINCT ordered_at::DATE) - 1, 0)", year
        ),
    }  # fmt: skip


def _dictionary(name: str, column: str, kind: str) -> str:
    return (
        f"CREATE TEMP TABLE d_{name} AS SELECT v, (row_number() OVER (ORDER BY v) - 1)::{kind} AS c "
        f"FROM (SELECT DISTINCT {column} AS v FROM events)"
    )


_NARROW = f"""
CREATE TEMP TABLE narrow AS
SELECT k.c AS k, date_diff('day', DATE '{DAY_ZERO}', ordered_at::DATE)::SMALLINT AS day, hour(ordered_at)::UTINYINT AS hour,
  isodow(ordered_at)::UTINYINT AS weekday, g.c AS category, b.c AS brand, s.c AS store, h.c AS channel, amount, discount, coupon
FROM events e JOIN d_customer k ON k.v = e.customer_id JOIN d_category g ON g.v = e.category JOIN d_brand b ON b.v = e.brand
  JOIN d_store s ON s.v = e.store JOIN d_channel h ON h.v = e.channel"""
W1, W2, W3 = (f"day >= {DAYS - d}" for d in (365, 90, 30))
_FLAT = f"""
CREATE TEMP TABLE flat AS
SELECT k, count(*) AS n, count(*) FILTER ({W1}) AS n1, count(*) FILTER ({W2}) AS n2, count(*) FILTER ({W3}) AS n3,
  sum(amount) AS a, sum(amount) FILTER ({W1}) AS a1, sum(amount) FILTER ({W2}) AS a2, sum(amount) FILTER ({W3}) AS a3,
  min(day) AS first, max(day) AS last, min(day) FILTER ({W1}) AS first1, max(amount) FILTER ({W1}) AS largest,
  min(amount) FILTER ({W1}) AS smallest, stddev_samp(amount::DOUBLE) FILTER ({W1}) AS spread,
  count(*) FILTER ({W1} AND coupon) AS coupon_orders, sum(amount) FILTER ({W1} AND coupon) AS coupon_amount,
  sum(discount) FILTER ({W1}) AS discount, count(*) FILTER ({W1} AND amount >= 500) AS big_orders
FROM narrow GROUP BY k"""
_WORD = 61
_WORDS = range(-(-DAYS // _WORD))
_ACTIVE = f"""
CREATE TEMP TABLE active AS
SELECT k, {", ".join(f"bit_or(CASE WHEN day // {_WORD} = {i} THEN 1::BIGINT << (day % {_WORD}) END) AS w{i}" for i in _WORDS)}
FROM narrow GROUP BY k"""


def _best(weight: str, code: str, bits: int) -> str:
    """Code of the largest weight, ties to the smallest, in one integer maximum."""
    last = (1 << bits) - 1
    return f"{last} - (max({weight} * {1 << bits} + ({last} - {code})) FILTER ({weight} > 0) % {1 << bits})"


_CATEGORY = f"""
CREATE TEMP TABLE by_category AS
SELECT k, count(*) AS n, count(*) FILTER (w1 > 0) AS n1, count(*) FILTER (w2 > 0) AS n2, count(*) FILTER (w3 > 0) AS n3,
  {_best("w", "category", 8)} AS t, {_best("w1", "category", 8)} AS t1, {_best("w2", "category", 8)} AS t2,
  {_best("w3", "category", 8)} AS t3, {_best("(a1 * 10000)::BIGINT", "category", 8)} AS by_amount,
  max(w1 * 256 + (255 - category), 3) FILTER (w1 > 0) AS three, max(w1) AS most, sum(w1) AS whole
FROM (SELECT k, category::BIGINT AS category, count(*) AS w, count(*) FILTER ({W1}) AS w1, count(*) FILTER ({W2}) AS w2,
        count(*) FILTER ({W3}) AS w3, sum(amount) FILTER ({W1}) AS a1
      FROM narrow GROUP BY k, narrow.category)
GROUP BY k"""
_BRAND = f"""
CREATE TEMP TABLE by_brand AS
SELECT k, count(*) AS n, count(*) FILTER (w1 > 0) AS n1, count(*) FILTER (w2 > 0) AS n2, {_best("w", "brand", 10)} AS t,
  {_best("w1", "brand", 10)} AS t1, max(w1) AS most, sum(w1) AS whole
FROM (SELECT k, brand::BIGINT AS brand, count(*) AS w, count(*) FILTER ({W1}) AS w1, count(*) FILTER ({W2}) AS w2
      FROM narrow GROUP BY k, narrow.brand)
GROUP BY k"""
_HOUR = f"""
CREATE TEMP TABLE by_hour AS
SELECT k, {_best("w", "hour", 5)} AS t, {_best("w1", "hour", 5)} AS t1
FROM (SELECT k, hour::BIGINT AS hour, count(*) AS w, count(*) FILTER ({W1}) AS w1 FROM narrow GROUP BY k, narrow.hour) GROUP BY k"""


def _year_only(column: str, bits: int, extra: str) -> str:
    return f"""
CREATE TEMP TABLE by_{column} AS
SELECT k, count(*) AS n, {_best("w", column, bits)} AS t{extra}
FROM (SELECT k, {column}::BIGINT AS {column}, count(*) AS w FROM narrow WHERE {W1} GROUP BY k, narrow.{column}) GROUP BY k"""


def _days(window: int) -> str:
    """Active days of the last `window` days: bits of 61 days a word, which beat `bitstring_agg` and a histogram of days."""
    first = DAYS - window
    masks = [sum(1 << d for d in range(_WORD) if i * _WORD + d >= first) for i in _WORDS]
    counts = [f"coalesce(bit_count(d.w{i} & {m}::BIGINT)::BIGINT, 0)" for i, m in enumerate(masks) if m]
    return f"({' + '.join(counts)})"


_JOIN = f"""
CREATE TEMP TABLE tags AS
SELECT k.v AS customer_id, f.n AS orders_all, f.n1 AS orders_365, f.n2 AS orders_90, f.n3 AS orders_30, a AS amount_all, a1 AS amount_365,
  a2 AS amount_90, a3 AS amount_30, {_days(DAYS)} AS days_all, {_days(365)} AS days_365, {_days(90)} AS days_90,
  {_days(30)} AS days_30, g.n AS categories_all, g.n1 AS categories_365, g.n2 AS categories_90, g.n3 AS categories_30,
  b.n AS brands_all, b.n1 AS brands_365, b.n2 AS brands_90, g0.v AS top_category_all, g1.v AS top_category_365,
  g2.v AS top_category_90, g3.v AS top_category_30, b0.v AS top_brand_all, b1.v AS top_brand_365, h.t AS top_hour_all,
  h.t1 AS top_hour_365, w.t AS top_weekday, c1.v AS top_channel, s1.v AS top_store, coalesce(s.n, 0) AS stores,
  coalesce(c.n, 0) AS channels, ga.v AS category_by_amount,
  list_transform(three, lambda x: names.l[256 - x % 256]) AS three_categories,
  g.most / nullif(g.whole, 0) AS category_loyalty, b.most / nullif(b.whole, 0) AS brand_loyalty, {DAYS - 1} - f.last AS recency,
  {DAYS - 1} - f.first AS tenure, a1::DOUBLE / f.n1 AS mean_amount, largest, smallest, spread, coupon_orders,
  coalesce(coupon_amount, 0)::DOUBLE / a1::DOUBLE AS coupon_share, f.discount, coalesce(o.n, 0) / nullif(f.n1, 0) AS online_share,
  big_orders, CASE WHEN f.n1 > 0 THEN (f.last - f.first1) / nullif({_days(365)} - 1, 0) END AS cycle
FROM flat f JOIN d_customer k ON k.c = f.k JOIN active d ON d.k = f.k JOIN by_category g ON g.k = f.k JOIN by_brand b ON b.k = f.k
JOIN by_hour h ON h.k = f.k
  LEFT JOIN by_weekday w ON w.k = f.k LEFT JOIN by_channel c ON c.k = f.k LEFT JOIN by_store s ON s.k = f.k
  LEFT JOIN online o ON o.k = f.k
  LEFT JOIN d_category g0 ON g0.c = g.t LEFT JOIN d_category g1 ON g1.c = g.t1 LEFT JOIN d_category g2 ON g2.c = g.t2
  LEFT JOIN d_category g3 ON g3.c = g.t3 LEFT JOIN d_category ga ON ga.c = g.by_amount LEFT JOIN d_brand b0 ON b0.c = b.t
  LEFT JOIN d_brand b1 ON b1.c = b.t1 LEFT JOIN d_channel c1 ON c1.c = c.t LEFT JOIN d_store s1 ON s1.c = s.t
  CROSS JOIN (SELECT list(v ORDER BY c) AS l FROM d_category) names"""


def fused() -> list[str]:
    """Contestant (b): statements that leave table `tags`.

    Customers and texts become dense integers once; every histogram is grouped by (customer, code) and then by customer; the
    top value is one integer maximum; active days are bits. Never `mode()` or `count(DISTINCT)`.
    """
    channel = f"(SELECT c FROM d_channel WHERE v = '{ONLINE}')"
    online = (
        f"CREATE TEMP TABLE online AS SELECT k, count(*) AS n FROM narrow WHERE {W1} AND channel = {channel} GROUP BY k"
    )
    return [
        _dictionary("customer", "customer_id", "INTEGER"), _dictionary("category", "category", "UTINYINT"),
        _dictionary("brand", "brand", "USMALLINT"), _dictionary("store", "store", "USMALLINT"),
        _dictionary("channel", "channel", "UTINYINT"), _NARROW, _FLAT, _ACTIVE, _CATEGORY, _BRAND, _HOUR, _year_only("weekday", 3, ""),
        _year_only("channel", 3, ""), _year_only("store", 9, ""), online, _JOIN,
    ]  # fmt: skip
