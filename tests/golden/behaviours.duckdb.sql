-- did('orders', amount > 100 AND channel = '线上', days => 30) · otherwise False
SELECT
  "customer_id",
  "met"
FROM (
  SELECT
    "customer_id",
    COALESCE("_v", CAST(0 AS BIGINT)) >= 1 AS "met"
  FROM (
    WITH _rows AS (
      SELECT
        "customer_id",
        "ordered_at"
      FROM "source_orders"
      WHERE
        NOT "customer_id" IS NULL
        AND "ordered_at" >= CAST('2024-12-02 00:00:00' AS TIMESTAMP)
        AND "ordered_at" < CAST('2025-01-01 00:00:00' AS TIMESTAMP)
        AND (
          "amount" > 100 AND "channel" = '线上'
        )
    ), _flat AS (
      SELECT
        "_k",
        COUNT(*) FILTER(WHERE
          "_w0") AS "p0"
      FROM (
        SELECT
          "customer_id" AS "_k",
          "ordered_at" >= CAST('2024-12-02 00:00:00' AS TIMESTAMP)
          AND "ordered_at" < CAST('2025-01-01 00:00:00' AS TIMESTAMP) AS "_w0"
        FROM _rows
        WHERE
          NOT "customer_id" IS NULL
      ) AS _r
      GROUP BY
        "_k"
    )
    SELECT
      "_flat"."_k" AS "customer_id",
      CAST(NULLIF("_flat"."p0", 0) AS BIGINT) AS "_v" /* measure _v */
    FROM _flat
  ) AS _a
) AS _b
WHERE
  "met"

-- sum_of('orders', amount, since => '2024-01-01') <= 500 · otherwise True
SELECT
  "customer_id",
  "met"
FROM (
  SELECT
    "customer_id",
    COALESCE("_v", CAST(0 AS DECIMAL(38, 4))) <= 500 AS "met"
  FROM (
    WITH _rows AS (
      SELECT
        "customer_id",
        "ordered_at",
        "amount"
      FROM "source_orders"
      WHERE
        NOT "customer_id" IS NULL
        AND "ordered_at" >= CAST('2024-01-01 00:00:00' AS TIMESTAMP)
        AND "ordered_at" < CAST('2025-01-01 00:00:00' AS TIMESTAMP)
    ), _flat AS (
      SELECT
        "_k",
        CAST(SUM("_v2") FILTER(WHERE
          "_w0" AND "_c1") AS DECIMAL(38, 4)) AS "p0"
      FROM (
        SELECT
          "customer_id" AS "_k",
          "ordered_at" >= CAST('2024-01-01 00:00:00' AS TIMESTAMP)
          AND "ordered_at" < CAST('2025-01-01 00:00:00' AS TIMESTAMP) AS "_w0",
          NOT (
            "amount"
          ) IS NULL AS "_c1",
          "amount" AS "_v2"
        FROM _rows
        WHERE
          NOT "customer_id" IS NULL
      ) AS _r
      GROUP BY
        "_k"
    )
    SELECT
      "_flat"."_k" AS "customer_id",
      CAST("_flat"."p0" AS DECIMAL(38, 4)) AS "_v" /* measure _v */
    FROM _flat
  ) AS _a
) AS _b
WHERE
  NOT "met"

-- distinct_of('orders', channel) >= 2 · otherwise False
SELECT
  "customer_id",
  "met"
FROM (
  SELECT
    "customer_id",
    COALESCE("_v", CAST(0 AS BIGINT)) >= 2 AS "met"
  FROM (
    WITH _rows AS (
      SELECT
        "customer_id",
        "ordered_at",
        "channel"
      FROM "source_orders"
      WHERE
        NOT "customer_id" IS NULL
        AND "ordered_at" < CAST('2025-01-01 00:00:00' AS TIMESTAMP)
    ), _flat AS (
      SELECT
        "_k"
      FROM (
        SELECT
          "customer_id" AS "_k"
        FROM _rows
        WHERE
          NOT "customer_id" IS NULL
      ) AS _r
      GROUP BY
        "_k"
    ), _h0 AS (
      SELECT
        "_k",
        COUNT(*) FILTER(WHERE
          "q0" > 0) AS "m0"
      FROM (
        SELECT
          "_k",
          "_s",
          COUNT(*) FILTER(WHERE
            "_w0") AS "q0"
        FROM (
          SELECT
            "customer_id" AS "_k",
            "channel" AS "_s",
            "ordered_at" < CAST('2025-01-01 00:00:00' AS TIMESTAMP) AS "_w0"
          FROM _rows
          WHERE
            NOT "customer_id" IS NULL
            AND NOT (
              "channel"
            ) IS NULL
            AND "ordered_at" < CAST('2025-01-01 00:00:00' AS TIMESTAMP)
        ) AS _r
        GROUP BY
          "_k",
          "_s"
      ) AS _c
      GROUP BY
        "_k"
    )
    SELECT
      "_flat"."_k" AS "customer_id",
      CAST(NULLIF("_h0"."m0", 0) AS BIGINT) AS "_v" /* measure _v */
    FROM _flat
    LEFT JOIN _h0
      ON "_flat"."_k" = "_h0"."_k"
  ) AS _a
) AS _b
WHERE
  "met"

-- mean_of('orders', rate) > 3.5 · otherwise None
SELECT
  "customer_id",
  "met"
FROM (
  SELECT
    "customer_id",
    "_v" > 3.5 AS "met"
  FROM (
    WITH _rows AS (
      SELECT
        "customer_id",
        "ordered_at",
        "rate"
      FROM "source_orders"
      WHERE
        NOT "customer_id" IS NULL
        AND "ordered_at" < CAST('2025-01-01 00:00:00' AS TIMESTAMP)
    ), _flat AS (
      SELECT
        "_k",
        CAST(SUM("_v2") FILTER(WHERE
          "_w0" AND "_c1") AS DECIMAL(38, 8)) AS "p0",
        COUNT(*) FILTER(WHERE
          "_w0" AND "_c1") AS "p1"
      FROM (
        SELECT
          "customer_id" AS "_k",
          "ordered_at" < CAST('2025-01-01 00:00:00' AS TIMESTAMP) AS "_w0",
          ABS((
            "rate"
          )) < 9.2e18 AS "_c1",
          (
            CAST(TRY_CAST(TRUNC("rate") AS BIGINT) AS DECIMAL(28, 8)) + (
              CAST(TRY_CAST(FLOOR(
                (
                  (
                    (
                      (
                        "rate"
                      ) - TRUNC("rate")
                    ) * 1e8
                  ) + CAST(0.5 AS DOUBLE)
                )
              ) AS BIGINT) AS DECIMAL(10, 0)) * CAST(0.00000001 AS DECIMAL(9, 8))
            )
          ) AS "_v2"
        FROM _rows
        WHERE
          NOT "customer_id" IS NULL
      ) AS _r
      GROUP BY
        "_k"
    )
    SELECT
      "_flat"."_k" AS "customer_id",
      CAST(CASE
        WHEN CAST("_flat"."p1" AS DOUBLE) > 0
        THEN CASE
          WHEN "_flat"."p0" BETWEEN -CAST(90071992.54740992 AS DECIMAL(38, 8)) AND CAST(90071992.54740992 AS DECIMAL(38, 8))
          THEN CAST("_flat"."p0" AS DOUBLE)
          ELSE CAST(CAST("_flat"."p0" AS TEXT) AS DOUBLE)
        END / CAST("_flat"."p1" AS DOUBLE)
      END AS DOUBLE) AS "_v" /* measure _v */
    FROM _flat
  ) AS _a
) AS _b
WHERE
  NOT "met" IS NULL

-- last_of('orders', channel) = '线上' · otherwise None
SELECT
  "customer_id",
  "met"
FROM (
  SELECT
    "customer_id",
    "_v" = '线上' AS "met"
  FROM (
    WITH _rows AS (
      SELECT
        "customer_id",
        "ordered_at",
        "channel"
      FROM "source_orders"
      WHERE
        NOT "customer_id" IS NULL
        AND "ordered_at" < CAST('2025-01-01 00:00:00' AS TIMESTAMP)
    ), _flat AS (
      SELECT
        "_k",
        MIN({'t': -"_v3", 'v': "_v2"}) FILTER(WHERE
          "_w0" AND "_c1").v AS "p0"
      FROM (
        SELECT
          "customer_id" AS "_k",
          "ordered_at" < CAST('2025-01-01 00:00:00' AS TIMESTAMP) AS "_w0",
          NOT (
            "channel"
          ) IS NULL AS "_c1",
          "channel" AS "_v2",
          EPOCH_US("ordered_at") AS "_v3"
        FROM _rows
        WHERE
          NOT "customer_id" IS NULL
      ) AS _r
      GROUP BY
        "_k"
    )
    SELECT
      "_flat"."_k" AS "customer_id",
      CAST("_flat"."p0" AS TEXT) AS "_v" /* measure _v */
    FROM _flat
  ) AS _a
) AS _b
WHERE
  NOT "met" IS NULL

-- in_sequence('views', 'orders') · otherwise False
SELECT DISTINCT
  "customer_id",
  TRUE AS "met"
FROM (
  SELECT
    "customer_id",
    "_t",
    "_n",
    MIN(CASE WHEN "_n" = 1 THEN "_t" END) OVER (
      PARTITION BY "customer_id"
      ORDER BY "_t" DESC, "_n" NULLS FIRST
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS "_e"
  FROM (
    SELECT
      "customer_id",
      "occurred_at" AS "_t",
      0 AS "_n"
    FROM "source_views"
    WHERE
      NOT "customer_id" IS NULL
      AND "occurred_at" < CAST('2025-01-01 00:00:00' AS TIMESTAMP)
    UNION ALL
    SELECT
      "customer_id",
      "ordered_at" AS "_t",
      1 AS "_n"
    FROM "source_orders"
    WHERE
      NOT "customer_id" IS NULL
      AND "ordered_at" < CAST('2025-01-01 00:00:00' AS TIMESTAMP)
  ) AS _m
) AS _m
WHERE
  "_n" = 0 AND NOT "_e" IS NULL

-- in_sequence('views', step('orders', paid), 'views', within => 7, without => step('orders', amount < 1), days => 90) · otherwise False
SELECT DISTINCT
  "customer_id",
  TRUE AS "met"
FROM (
  SELECT
    "customer_id",
    "_t",
    "_n",
    MIN(CASE WHEN "_n" = 1 THEN "_e" END) OVER (
      PARTITION BY "customer_id"
      ORDER BY "_t" DESC, "_n" NULLS FIRST
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS "_e",
    "_w"
  FROM (
    SELECT
      "customer_id",
      "_t",
      "_n",
      MIN(CASE WHEN "_n" = 2 THEN "_t" END) OVER (
        PARTITION BY "customer_id"
        ORDER BY "_t" DESC, "_n" NULLS FIRST
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ) AS "_e",
      MIN(CASE WHEN "_n" = 3 THEN "_t" END) OVER (
        PARTITION BY "customer_id"
        ORDER BY "_t" DESC, "_n" NULLS FIRST
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ) AS "_w"
    FROM (
      SELECT
        "customer_id",
        "occurred_at" AS "_t",
        0 AS "_n"
      FROM "source_views"
      WHERE
        NOT "customer_id" IS NULL
        AND "occurred_at" >= CAST('2024-10-03 00:00:00' AS TIMESTAMP)
        AND "occurred_at" < CAST('2025-01-01 00:00:00' AS TIMESTAMP)
      UNION ALL
      SELECT
        "customer_id",
        "ordered_at" AS "_t",
        1 AS "_n"
      FROM "source_orders"
      WHERE
        NOT "customer_id" IS NULL
        AND "ordered_at" >= CAST('2024-10-03 00:00:00' AS TIMESTAMP)
        AND "ordered_at" < CAST('2025-01-01 00:00:00' AS TIMESTAMP)
        AND (
          "paid"
        )
      UNION ALL
      SELECT
        "customer_id",
        "occurred_at" AS "_t",
        2 AS "_n"
      FROM "source_views"
      WHERE
        NOT "customer_id" IS NULL
        AND "occurred_at" >= CAST('2024-10-03 00:00:00' AS TIMESTAMP)
        AND "occurred_at" < CAST('2025-01-01 00:00:00' AS TIMESTAMP)
      UNION ALL
      SELECT
        "customer_id",
        "ordered_at" AS "_t",
        3 AS "_n"
      FROM "source_orders"
      WHERE
        NOT "customer_id" IS NULL
        AND "ordered_at" >= CAST('2024-10-03 00:00:00' AS TIMESTAMP)
        AND "ordered_at" < CAST('2025-01-01 00:00:00' AS TIMESTAMP)
        AND (
          "amount" < 1
        )
    ) AS _m
  ) AS _m
) AS _m
WHERE
  "_n" = 0
  AND NOT "_e" IS NULL
  AND "_e" <= "_t" + INTERVAL '7' DAY
  AND (
    "_w" IS NULL OR "_w" >= "_e"
  )
