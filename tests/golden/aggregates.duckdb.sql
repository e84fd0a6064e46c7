-- count_all
WITH _flat AS (
  SELECT
    "_k",
    COUNT(*) FILTER(WHERE
      "_w0") AS "p0"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  CAST(NULLIF("_flat"."p0", 0) AS BIGINT) AS "count_all" /* tag count_all · tags/all.yaml:1 */
FROM _flat

-- count_coupon_all
WITH _flat AS (
  SELECT
    "_k",
    COUNT(*) FILTER(WHERE
      "_w0" AND "_c1") AS "p0"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      "coupon" AS "_c1"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  COALESCE(CAST(NULLIF("_flat"."p0", 0) AS BIGINT), CAST(0 AS BIGINT)) AS "count_coupon_all" /* tag count_coupon_all · tags/all.yaml:1 */
FROM _flat

-- distinct_category_all
WITH _flat AS (
  SELECT
    "_k"
  FROM (
    SELECT
      "customer_id" AS "_k"
    FROM unified__orders
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
        "category" AS "_s",
        "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0"
      FROM unified__orders
      WHERE
        NOT "customer_id" IS NULL
        AND NOT (
          "category"
        ) IS NULL
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP)
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
  CAST(NULLIF("_h0"."m0", 0) AS BIGINT) AS "distinct_category_all" /* tag distinct_category_all · tags/all.yaml:1 */
FROM _flat
LEFT JOIN _h0
  ON "_flat"."_k" = "_h0"."_k"

-- distinct_amount_coupon_90d
WITH _flat AS (
  SELECT
    "_k"
  FROM (
    SELECT
      "customer_id" AS "_k"
    FROM unified__orders
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
        "_w0" AND "_c1") AS "q0"
    FROM (
      SELECT
        "customer_id" AS "_k",
        "amount" AS "_s",
        "at" >= CAST('2024-04-02 00:00:00' AS TIMESTAMP)
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
        "coupon" AS "_c1"
      FROM unified__orders
      WHERE
        NOT "customer_id" IS NULL
        AND NOT (
          "amount"
        ) IS NULL
        AND "at" >= CAST('2024-04-02 00:00:00' AS TIMESTAMP)
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP)
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
  COALESCE(CAST(NULLIF("_h0"."m0", 0) AS BIGINT), CAST(0 AS BIGINT)) AS "distinct_amount_coupon_90d" /* tag distinct_amount_coupon_90d · tags/all.yaml:1 */
FROM _flat
LEFT JOIN _h0
  ON "_flat"."_k" = "_h0"."_k"

-- distinct_points_by_amount_90d
WITH _flat AS (
  SELECT
    "_k"
  FROM (
    SELECT
      "customer_id" AS "_k"
    FROM unified__orders
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
        "points" AS "_s",
        "at" >= CAST('2024-04-02 00:00:00' AS TIMESTAMP)
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0"
      FROM unified__orders
      WHERE
        NOT "customer_id" IS NULL
        AND NOT (
          "points"
        ) IS NULL
        AND "at" >= CAST('2024-04-02 00:00:00' AS TIMESTAMP)
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP)
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
  CAST(NULLIF("_h0"."m0", 0) AS BIGINT) AS "distinct_points_by_amount_90d" /* tag distinct_points_by_amount_90d · tags/all.yaml:1 */
FROM _flat
LEFT JOIN _h0
  ON "_flat"."_k" = "_h0"."_k"

-- sum_amount_all
WITH _flat AS (
  SELECT
    "_k",
    CAST(SUM("_v2") FILTER(WHERE
      "_w0" AND "_c1") AS DECIMAL(38, 4)) AS "p0"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      NOT (
        "amount"
      ) IS NULL AS "_c1",
      "amount" AS "_v2"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  CAST("_flat"."p0" AS DECIMAL(38, 4)) AS "sum_amount_all" /* tag sum_amount_all · tags/all.yaml:1 */
FROM _flat

-- sum_amount_coupon_90d
WITH _flat AS (
  SELECT
    "_k",
    CAST(SUM("_v3") FILTER(WHERE
      "_w0" AND "_c1" AND "_c2") AS DECIMAL(38, 4)) AS "p0"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" >= CAST('2024-04-02 00:00:00' AS TIMESTAMP)
      AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      "coupon" AS "_c1",
      NOT (
        "amount"
      ) IS NULL AS "_c2",
      "amount" AS "_v3"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  COALESCE(CAST("_flat"."p0" AS DECIMAL(38, 4)), CAST(0 AS DECIMAL(38, 4))) AS "sum_amount_coupon_90d" /* tag sum_amount_coupon_90d · tags/all.yaml:1 */
FROM _flat

-- min_amount_all
WITH _flat AS (
  SELECT
    "_k",
    MIN("_v2") FILTER(WHERE
      "_w0" AND "_c1") AS "p0"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      NOT (
        "amount"
      ) IS NULL AS "_c1",
      "amount" AS "_v2"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  CAST("_flat"."p0" AS DECIMAL(18, 4)) AS "min_amount_all" /* tag min_amount_all · tags/all.yaml:1 */
FROM _flat

-- min_amount_coupon_90d
WITH _flat AS (
  SELECT
    "_k",
    MIN("_v3") FILTER(WHERE
      "_w0" AND "_c1" AND "_c2") AS "p0"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" >= CAST('2024-04-02 00:00:00' AS TIMESTAMP)
      AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      "coupon" AS "_c1",
      NOT (
        "amount"
      ) IS NULL AS "_c2",
      "amount" AS "_v3"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  COALESCE(CAST("_flat"."p0" AS DECIMAL(18, 4)), CAST(0 AS DECIMAL(18, 4))) AS "min_amount_coupon_90d" /* tag min_amount_coupon_90d · tags/all.yaml:1 */
FROM _flat

-- max_amount_all
WITH _flat AS (
  SELECT
    "_k",
    MAX("_v2") FILTER(WHERE
      "_w0" AND "_c1") AS "p0"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      NOT (
        "amount"
      ) IS NULL AS "_c1",
      "amount" AS "_v2"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  CAST("_flat"."p0" AS DECIMAL(18, 4)) AS "max_amount_all" /* tag max_amount_all · tags/all.yaml:1 */
FROM _flat

-- max_amount_coupon_90d
WITH _flat AS (
  SELECT
    "_k",
    MAX("_v3") FILTER(WHERE
      "_w0" AND "_c1" AND "_c2") AS "p0"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" >= CAST('2024-04-02 00:00:00' AS TIMESTAMP)
      AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      "coupon" AS "_c1",
      NOT (
        "amount"
      ) IS NULL AS "_c2",
      "amount" AS "_v3"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  COALESCE(CAST("_flat"."p0" AS DECIMAL(18, 4)), CAST(0 AS DECIMAL(18, 4))) AS "max_amount_coupon_90d" /* tag max_amount_coupon_90d · tags/all.yaml:1 */
FROM _flat

-- mean_amount_all
WITH _flat AS (
  SELECT
    "_k",
    CAST(SUM("_v2") FILTER(WHERE
      "_w0" AND "_c1") AS DECIMAL(38, 4)) AS "p0",
    COUNT(*) FILTER(WHERE
      "_w0" AND "_c1") AS "p1"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      NOT (
        "amount"
      ) IS NULL AS "_c1",
      "amount" AS "_v2"
    FROM unified__orders
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
      WHEN "_flat"."p0" BETWEEN -CAST(900719925474.0992 AS DECIMAL(38, 4)) AND CAST(900719925474.0992 AS DECIMAL(38, 4))
      THEN CAST("_flat"."p0" AS DOUBLE)
      ELSE CAST(CAST("_flat"."p0" AS TEXT) AS DOUBLE)
    END / CAST("_flat"."p1" AS DOUBLE)
  END AS DOUBLE) AS "mean_amount_all" /* tag mean_amount_all · tags/all.yaml:1 */
FROM _flat

-- mean_amount_coupon_90d
WITH _flat AS (
  SELECT
    "_k",
    CAST(SUM("_v3") FILTER(WHERE
      "_w0" AND "_c1" AND "_c2") AS DECIMAL(38, 4)) AS "p0",
    COUNT(*) FILTER(WHERE
      "_w0" AND "_c1" AND "_c2") AS "p1"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" >= CAST('2024-04-02 00:00:00' AS TIMESTAMP)
      AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      "coupon" AS "_c1",
      NOT (
        "amount"
      ) IS NULL AS "_c2",
      "amount" AS "_v3"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  COALESCE(
    CAST(CASE
      WHEN CAST("_flat"."p1" AS DOUBLE) > 0
      THEN CASE
        WHEN "_flat"."p0" BETWEEN -CAST(900719925474.0992 AS DECIMAL(38, 4)) AND CAST(900719925474.0992 AS DECIMAL(38, 4))
        THEN CAST("_flat"."p0" AS DOUBLE)
        ELSE CAST(CAST("_flat"."p0" AS TEXT) AS DOUBLE)
      END / CAST("_flat"."p1" AS DOUBLE)
    END AS DOUBLE),
    CAST(0 AS DOUBLE)
  ) AS "mean_amount_coupon_90d" /* tag mean_amount_coupon_90d · tags/all.yaml:1 */
FROM _flat

-- median_amount_all
WITH _flat AS (
  SELECT
    "_k",
    LIST("_v2") FILTER(WHERE
      "_w0" AND "_c1") AS "p0"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      NOT (
        "amount"
      ) IS NULL AS "_c1",
      "amount" AS "_v2"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  CAST(CASE
    WHEN (
      CAST(LIST_EXTRACT(LIST_SORT("_flat"."p0"), (
        (
          LEN("_flat"."p0") + 1
        ) // 2
      )) AS DECIMAL(38, 4)) + CAST(LIST_EXTRACT(LIST_SORT("_flat"."p0"), (
        (
          LEN("_flat"."p0") // 2
        ) + 1
      )) AS DECIMAL(38, 4))
    ) BETWEEN -CAST(900719925474.0992 AS DECIMAL(38, 4)) AND CAST(900719925474.0992 AS DECIMAL(38, 4))
    THEN CAST((
      CAST(LIST_EXTRACT(LIST_SORT("_flat"."p0"), (
        (
          LEN("_flat"."p0") + 1
        ) // 2
      )) AS DECIMAL(38, 4)) + CAST(LIST_EXTRACT(LIST_SORT("_flat"."p0"), (
        (
          LEN("_flat"."p0") // 2
        ) + 1
      )) AS DECIMAL(38, 4))
    ) AS DOUBLE)
    ELSE CAST(CAST((
      CAST(LIST_EXTRACT(LIST_SORT("_flat"."p0"), (
        (
          LEN("_flat"."p0") + 1
        ) // 2
      )) AS DECIMAL(38, 4)) + CAST(LIST_EXTRACT(LIST_SORT("_flat"."p0"), (
        (
          LEN("_flat"."p0") // 2
        ) + 1
      )) AS DECIMAL(38, 4))
    ) AS TEXT) AS DOUBLE)
  END / 2.0e0 AS DOUBLE) AS "median_amount_all" /* tag median_amount_all · tags/all.yaml:1 */
FROM _flat

-- median_amount_coupon_90d
WITH _flat AS (
  SELECT
    "_k",
    LIST("_v3") FILTER(WHERE
      "_w0" AND "_c1" AND "_c2") AS "p0"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" >= CAST('2024-04-02 00:00:00' AS TIMESTAMP)
      AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      "coupon" AS "_c1",
      NOT (
        "amount"
      ) IS NULL AS "_c2",
      "amount" AS "_v3"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  COALESCE(
    CAST(CASE
      WHEN (
        CAST(LIST_EXTRACT(LIST_SORT("_flat"."p0"), (
          (
            LEN("_flat"."p0") + 1
          ) // 2
        )) AS DECIMAL(38, 4)) + CAST(LIST_EXTRACT(LIST_SORT("_flat"."p0"), (
          (
            LEN("_flat"."p0") // 2
          ) + 1
        )) AS DECIMAL(38, 4))
      ) BETWEEN -CAST(900719925474.0992 AS DECIMAL(38, 4)) AND CAST(900719925474.0992 AS DECIMAL(38, 4))
      THEN CAST((
        CAST(LIST_EXTRACT(LIST_SORT("_flat"."p0"), (
          (
            LEN("_flat"."p0") + 1
          ) // 2
        )) AS DECIMAL(38, 4)) + CAST(LIST_EXTRACT(LIST_SORT("_flat"."p0"), (
          (
            LEN("_flat"."p0") // 2
          ) + 1
        )) AS DECIMAL(38, 4))
      ) AS DOUBLE)
      ELSE CAST(CAST((
        CAST(LIST_EXTRACT(LIST_SORT("_flat"."p0"), (
          (
            LEN("_flat"."p0") + 1
          ) // 2
        )) AS DECIMAL(38, 4)) + CAST(LIST_EXTRACT(LIST_SORT("_flat"."p0"), (
          (
            LEN("_flat"."p0") // 2
          ) + 1
        )) AS DECIMAL(38, 4))
      ) AS TEXT) AS DOUBLE)
    END / 2.0e0 AS DOUBLE),
    CAST(0 AS DOUBLE)
  ) AS "median_amount_coupon_90d" /* tag median_amount_coupon_90d · tags/all.yaml:1 */
FROM _flat

-- stddev_amount_all
WITH _flat AS (
  SELECT
    "_k",
    CAST(SUM("_v2") FILTER(WHERE
      "_w0" AND "_c1") AS DECIMAL(38, 0)) AS "p0",
    CAST(SUM((
      "_v2" * "_v2"
    )) FILTER(WHERE
      "_w0" AND "_c1") AS DECIMAL(38, 0)) AS "p1",
    COUNT(*) FILTER(WHERE
      "_w0" AND "_c1") AS "p2"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      NOT (
        "amount"
      ) IS NULL AS "_c1",
      CAST((
        CAST("amount" AS DECIMAL(34, 4)) * CAST(10000 AS DECIMAL(5, 0))
      ) AS DECIMAL(38, 0)) AS "_v2"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  CAST(CASE
    WHEN "_flat"."p2" > 1
    THEN SQRT(
      COALESCE(
        CASE
          WHEN TRY(
            (
              (
                CAST("_flat"."p2" AS DECIMAL(38, 0)) * "_flat"."p1"
              ) - (
                "_flat"."p0" * "_flat"."p0"
              )
            )
          ) BETWEEN -CAST(9007199254740992 AS DECIMAL(38, 0)) AND CAST(9007199254740992 AS DECIMAL(38, 0))
          THEN CAST(TRY(
            (
              (
                CAST("_flat"."p2" AS DECIMAL(38, 0)) * "_flat"."p1"
              ) - (
                "_flat"."p0" * "_flat"."p0"
              )
            )
          ) AS DOUBLE)
          ELSE CAST(CAST(TRY(
            (
              (
                CAST("_flat"."p2" AS DECIMAL(38, 0)) * "_flat"."p1"
              ) - (
                "_flat"."p0" * "_flat"."p0"
              )
            )
          ) AS TEXT) AS DOUBLE)
        END,
        GREATEST(
          (
            (
              CASE
                WHEN "_flat"."p2" BETWEEN -CAST(9007199254740992 AS DECIMAL(38, 0)) AND CAST(9007199254740992 AS DECIMAL(38, 0))
                THEN CAST("_flat"."p2" AS DOUBLE)
                ELSE CAST(CAST("_flat"."p2" AS TEXT) AS DOUBLE)
              END * CASE
                WHEN "_flat"."p1" BETWEEN -CAST(9007199254740992 AS DECIMAL(38, 0)) AND CAST(9007199254740992 AS DECIMAL(38, 0))
                THEN CAST("_flat"."p1" AS DOUBLE)
                ELSE CAST(CAST("_flat"."p1" AS TEXT) AS DOUBLE)
              END
            ) - (
              CASE
                WHEN "_flat"."p0" BETWEEN -CAST(9007199254740992 AS DECIMAL(38, 0)) AND CAST(9007199254740992 AS DECIMAL(38, 0))
                THEN CAST("_flat"."p0" AS DOUBLE)
                ELSE CAST(CAST("_flat"."p0" AS TEXT) AS DOUBLE)
              END * CASE
                WHEN "_flat"."p0" BETWEEN -CAST(9007199254740992 AS DECIMAL(38, 0)) AND CAST(9007199254740992 AS DECIMAL(38, 0))
                THEN CAST("_flat"."p0" AS DOUBLE)
                ELSE CAST(CAST("_flat"."p0" AS TEXT) AS DOUBLE)
              END
            )
          ),
          0.0e0
        )
      ) / (
        CAST("_flat"."p2" AS DOUBLE) * CAST((
          "_flat"."p2" - 1
        ) AS DOUBLE)
      )
    ) / CAST(10000 AS DOUBLE)
  END AS DOUBLE) AS "stddev_amount_all" /* tag stddev_amount_all · tags/all.yaml:1 */
FROM _flat

-- stddev_amount_coupon_90d
WITH _flat AS (
  SELECT
    "_k",
    CAST(SUM("_v3") FILTER(WHERE
      "_w0" AND "_c1" AND "_c2") AS DECIMAL(38, 0)) AS "p0",
    CAST(SUM((
      "_v3" * "_v3"
    )) FILTER(WHERE
      "_w0" AND "_c1" AND "_c2") AS DECIMAL(38, 0)) AS "p1",
    COUNT(*) FILTER(WHERE
      "_w0" AND "_c1" AND "_c2") AS "p2"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" >= CAST('2024-04-02 00:00:00' AS TIMESTAMP)
      AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      "coupon" AS "_c1",
      NOT (
        "amount"
      ) IS NULL AS "_c2",
      CAST((
        CAST("amount" AS DECIMAL(34, 4)) * CAST(10000 AS DECIMAL(5, 0))
      ) AS DECIMAL(38, 0)) AS "_v3"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  CASE
    WHEN "_flat"."p2" = 0
    THEN CAST(0 AS DOUBLE)
    ELSE CAST(CASE
      WHEN "_flat"."p2" > 1
      THEN SQRT(
        COALESCE(
          CASE
            WHEN TRY(
              (
                (
                  CAST("_flat"."p2" AS DECIMAL(38, 0)) * "_flat"."p1"
                ) - (
                  "_flat"."p0" * "_flat"."p0"
                )
              )
            ) BETWEEN -CAST(9007199254740992 AS DECIMAL(38, 0)) AND CAST(9007199254740992 AS DECIMAL(38, 0))
            THEN CAST(TRY(
              (
                (
                  CAST("_flat"."p2" AS DECIMAL(38, 0)) * "_flat"."p1"
                ) - (
                  "_flat"."p0" * "_flat"."p0"
                )
              )
            ) AS DOUBLE)
            ELSE CAST(CAST(TRY(
              (
                (
                  CAST("_flat"."p2" AS DECIMAL(38, 0)) * "_flat"."p1"
                ) - (
                  "_flat"."p0" * "_flat"."p0"
                )
              )
            ) AS TEXT) AS DOUBLE)
          END,
          GREATEST(
            (
              (
                CASE
                  WHEN "_flat"."p2" BETWEEN -CAST(9007199254740992 AS DECIMAL(38, 0)) AND CAST(9007199254740992 AS DECIMAL(38, 0))
                  THEN CAST("_flat"."p2" AS DOUBLE)
                  ELSE CAST(CAST("_flat"."p2" AS TEXT) AS DOUBLE)
                END * CASE
                  WHEN "_flat"."p1" BETWEEN -CAST(9007199254740992 AS DECIMAL(38, 0)) AND CAST(9007199254740992 AS DECIMAL(38, 0))
                  THEN CAST("_flat"."p1" AS DOUBLE)
                  ELSE CAST(CAST("_flat"."p1" AS TEXT) AS DOUBLE)
                END
              ) - (
                CASE
                  WHEN "_flat"."p0" BETWEEN -CAST(9007199254740992 AS DECIMAL(38, 0)) AND CAST(9007199254740992 AS DECIMAL(38, 0))
                  THEN CAST("_flat"."p0" AS DOUBLE)
                  ELSE CAST(CAST("_flat"."p0" AS TEXT) AS DOUBLE)
                END * CASE
                  WHEN "_flat"."p0" BETWEEN -CAST(9007199254740992 AS DECIMAL(38, 0)) AND CAST(9007199254740992 AS DECIMAL(38, 0))
                  THEN CAST("_flat"."p0" AS DOUBLE)
                  ELSE CAST(CAST("_flat"."p0" AS TEXT) AS DOUBLE)
                END
              )
            ),
            0.0e0
          )
        ) / (
          CAST("_flat"."p2" AS DOUBLE) * CAST((
            "_flat"."p2" - 1
          ) AS DOUBLE)
        )
      ) / CAST(10000 AS DOUBLE)
    END AS DOUBLE)
  END AS "stddev_amount_coupon_90d" /* tag stddev_amount_coupon_90d · tags/all.yaml:1 */
FROM _flat

-- first_amount_all
WITH _flat AS (
  SELECT
    "_k",
    MIN({'t': "_v3", 'v': "_v2"}) FILTER(WHERE
      "_w0" AND "_c1").v AS "p0"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      NOT (
        "amount"
      ) IS NULL AS "_c1",
      "amount" AS "_v2",
      EPOCH_US("at") AS "_v3"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  CAST("_flat"."p0" AS DECIMAL(18, 4)) AS "first_amount_all" /* tag first_amount_all · tags/all.yaml:1 */
FROM _flat

-- first_amount_coupon_90d
WITH _flat AS (
  SELECT
    "_k",
    MIN({'t': "_v4", 'v': "_v3"}) FILTER(WHERE
      "_w0" AND "_c1" AND "_c2").v AS "p0"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" >= CAST('2024-04-02 00:00:00' AS TIMESTAMP)
      AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      "coupon" AS "_c1",
      NOT (
        "amount"
      ) IS NULL AS "_c2",
      "amount" AS "_v3",
      EPOCH_US("at") AS "_v4"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  COALESCE(CAST("_flat"."p0" AS DECIMAL(18, 4)), CAST(0 AS DECIMAL(18, 4))) AS "first_amount_coupon_90d" /* tag first_amount_coupon_90d · tags/all.yaml:1 */
FROM _flat

-- last_amount_all
WITH _flat AS (
  SELECT
    "_k",
    MIN({'t': -"_v3", 'v': "_v2"}) FILTER(WHERE
      "_w0" AND "_c1").v AS "p0"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      NOT (
        "amount"
      ) IS NULL AS "_c1",
      "amount" AS "_v2",
      EPOCH_US("at") AS "_v3"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  CAST("_flat"."p0" AS DECIMAL(18, 4)) AS "last_amount_all" /* tag last_amount_all · tags/all.yaml:1 */
FROM _flat

-- last_amount_coupon_90d
WITH _flat AS (
  SELECT
    "_k",
    MIN({'t': -"_v4", 'v': "_v3"}) FILTER(WHERE
      "_w0" AND "_c1" AND "_c2").v AS "p0"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" >= CAST('2024-04-02 00:00:00' AS TIMESTAMP)
      AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      "coupon" AS "_c1",
      NOT (
        "amount"
      ) IS NULL AS "_c2",
      "amount" AS "_v3",
      EPOCH_US("at") AS "_v4"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  COALESCE(CAST("_flat"."p0" AS DECIMAL(18, 4)), CAST(0 AS DECIMAL(18, 4))) AS "last_amount_coupon_90d" /* tag last_amount_coupon_90d · tags/all.yaml:1 */
FROM _flat

-- top_category_all
WITH _flat AS (
  SELECT
    "_k"
  FROM (
    SELECT
      "customer_id" AS "_k"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
), _h0 AS (
  SELECT
    "_k",
    MIN({'w': -"q0", 'v': "_s"}) FILTER(WHERE
      "q0" > 0).v AS "m0"
  FROM (
    SELECT
      "_k",
      "_s",
      COUNT(*) FILTER(WHERE
        "_w0") AS "q0"
    FROM (
      SELECT
        "customer_id" AS "_k",
        "category" AS "_s",
        "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0"
      FROM unified__orders
      WHERE
        NOT "customer_id" IS NULL
        AND NOT (
          "category"
        ) IS NULL
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP)
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
  CAST("_h0"."m0" AS TEXT) AS "top_category_all" /* tag top_category_all · tags/all.yaml:1 */
FROM _flat
LEFT JOIN _h0
  ON "_flat"."_k" = "_h0"."_k"

-- top_category_by_amount_coupon_90d
WITH _flat AS (
  SELECT
    "_k",
    COUNT(*) FILTER(WHERE
      "_w0" AND "_c1" AND "_c2") AS "p0"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" >= CAST('2024-04-02 00:00:00' AS TIMESTAMP)
      AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      "coupon" AS "_c1",
      NOT (
        "category"
      ) IS NULL AS "_c2"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
), _h0 AS (
  SELECT
    "_k",
    MIN({'w': -"q0", 'v': "_s"}) FILTER(WHERE
      "q0" > 0).v AS "m0"
  FROM (
    SELECT
      "_k",
      "_s",
      CAST(SUM("_v3") FILTER(WHERE
        "_w0" AND "_c1" AND "_c2") AS DECIMAL(38, 4)) AS "q0"
    FROM (
      SELECT
        "customer_id" AS "_k",
        "category" AS "_s",
        "at" >= CAST('2024-04-02 00:00:00' AS TIMESTAMP)
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
        "coupon" AS "_c1",
        NOT (
          "amount"
        ) IS NULL AS "_c2",
        "amount" AS "_v3"
      FROM unified__orders
      WHERE
        NOT "customer_id" IS NULL
        AND NOT (
          "category"
        ) IS NULL
        AND "at" >= CAST('2024-04-02 00:00:00' AS TIMESTAMP)
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP)
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
  CASE
    WHEN "_flat"."p0" = 0
    THEN CAST('none' AS TEXT)
    ELSE CAST("_h0"."m0" AS TEXT)
  END AS "top_category_by_amount_coupon_90d" /* tag top_category_by_amount_coupon_90d · tags/all.yaml:1 */
FROM _flat
LEFT JOIN _h0
  ON "_flat"."_k" = "_h0"."_k"

-- top_category_by_amount_all
WITH _flat AS (
  SELECT
    "_k"
  FROM (
    SELECT
      "customer_id" AS "_k"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
), _h0 AS (
  SELECT
    "_k",
    MIN({'w': -"q0", 'v': "_s"}) FILTER(WHERE
      "q0" > 0).v AS "m0"
  FROM (
    SELECT
      "_k",
      "_s",
      CAST(SUM("_v2") FILTER(WHERE
        "_w0" AND "_c1") AS DECIMAL(38, 4)) AS "q0"
    FROM (
      SELECT
        "customer_id" AS "_k",
        "category" AS "_s",
        "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
        NOT (
          "amount"
        ) IS NULL AS "_c1",
        "amount" AS "_v2"
      FROM unified__orders
      WHERE
        NOT "customer_id" IS NULL
        AND NOT (
          "category"
        ) IS NULL
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP)
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
  CAST("_h0"."m0" AS TEXT) AS "top_category_by_amount_all" /* tag top_category_by_amount_all · tags/all.yaml:1 */
FROM _flat
LEFT JOIN _h0
  ON "_flat"."_k" = "_h0"."_k"

-- top_n_category_all
WITH _flat AS (
  SELECT
    "_k"
  FROM (
    SELECT
      "customer_id" AS "_k"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
), _h0 AS (
  SELECT
    "_k",
    LIST_TRANSFORM(MIN({'w': -"q0", 'v': "_s"}, 2) FILTER(WHERE
      "q0" > 0), LAMBDA s : s.v) AS "m0"
  FROM (
    SELECT
      "_k",
      "_s",
      COUNT(*) FILTER(WHERE
        "_w0") AS "q0"
    FROM (
      SELECT
        "customer_id" AS "_k",
        "category" AS "_s",
        "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0"
      FROM unified__orders
      WHERE
        NOT "customer_id" IS NULL
        AND NOT (
          "category"
        ) IS NULL
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP)
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
  CAST("_h0"."m0" AS TEXT[]) AS "top_n_category_all" /* tag top_n_category_all · tags/all.yaml:1 */
FROM _flat
LEFT JOIN _h0
  ON "_flat"."_k" = "_h0"."_k"

-- top_n_category_by_amount_all
WITH _flat AS (
  SELECT
    "_k"
  FROM (
    SELECT
      "customer_id" AS "_k"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
), _h0 AS (
  SELECT
    "_k",
    LIST_TRANSFORM(MIN({'w': -"q0", 'v': "_s"}, 2) FILTER(WHERE
      "q0" > 0), LAMBDA s : s.v) AS "m0"
  FROM (
    SELECT
      "_k",
      "_s",
      CAST(SUM("_v2") FILTER(WHERE
        "_w0" AND "_c1") AS DECIMAL(38, 4)) AS "q0"
    FROM (
      SELECT
        "customer_id" AS "_k",
        "category" AS "_s",
        "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
        NOT (
          "amount"
        ) IS NULL AS "_c1",
        "amount" AS "_v2"
      FROM unified__orders
      WHERE
        NOT "customer_id" IS NULL
        AND NOT (
          "category"
        ) IS NULL
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP)
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
  CAST("_h0"."m0" AS TEXT[]) AS "top_n_category_by_amount_all" /* tag top_n_category_by_amount_all · tags/all.yaml:1 */
FROM _flat
LEFT JOIN _h0
  ON "_flat"."_k" = "_h0"."_k"

-- share_amount_all
WITH _flat AS (
  SELECT
    "_k",
    CAST(SUM("_v3") FILTER(WHERE
      "_w0" AND "_c1" AND "_c2") AS DECIMAL(38, 4)) AS "p0",
    CAST(SUM("_v3") FILTER(WHERE
      "_w0" AND "_c1") AS DECIMAL(38, 4)) AS "p1"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      NOT (
        "amount"
      ) IS NULL AS "_c1",
      "coupon" AS "_c2",
      "amount" AS "_v3"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  CAST(CASE
    WHEN CASE
      WHEN "_flat"."p1" BETWEEN -CAST(900719925474.0992 AS DECIMAL(38, 4)) AND CAST(900719925474.0992 AS DECIMAL(38, 4))
      THEN CAST("_flat"."p1" AS DOUBLE)
      ELSE CAST(CAST("_flat"."p1" AS TEXT) AS DOUBLE)
    END > 0
    THEN CASE
      WHEN COALESCE("_flat"."p0", 0) BETWEEN -CAST(900719925474.0992 AS DECIMAL(38, 4)) AND CAST(900719925474.0992 AS DECIMAL(38, 4))
      THEN CAST(COALESCE("_flat"."p0", 0) AS DOUBLE)
      ELSE CAST(CAST(COALESCE("_flat"."p0", 0) AS TEXT) AS DOUBLE)
    END / CASE
      WHEN "_flat"."p1" BETWEEN -CAST(900719925474.0992 AS DECIMAL(38, 4)) AND CAST(900719925474.0992 AS DECIMAL(38, 4))
      THEN CAST("_flat"."p1" AS DOUBLE)
      ELSE CAST(CAST("_flat"."p1" AS TEXT) AS DOUBLE)
    END
  END AS DOUBLE) AS "share_amount_all" /* tag share_amount_all · tags/all.yaml:1 */
FROM _flat

-- share_amount_coupon_90d
WITH _flat AS (
  SELECT
    "_k",
    CAST(SUM("_v3") FILTER(WHERE
      "_w0" AND "_c1" AND "_c2" AND "_c1") AS DECIMAL(38, 4)) AS "p0",
    CAST(SUM("_v3") FILTER(WHERE
      "_w0" AND "_c1" AND "_c2") AS DECIMAL(38, 4)) AS "p1",
    COUNT(*) FILTER(WHERE
      "_w0" AND "_c1" AND "_c2") AS "p2"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" >= CAST('2024-04-02 00:00:00' AS TIMESTAMP)
      AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      "coupon" AS "_c1",
      NOT (
        "amount"
      ) IS NULL AS "_c2",
      "amount" AS "_v3"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  CASE
    WHEN "_flat"."p2" = 0
    THEN CAST(0 AS DOUBLE)
    ELSE CAST(CASE
      WHEN CASE
        WHEN "_flat"."p1" BETWEEN -CAST(900719925474.0992 AS DECIMAL(38, 4)) AND CAST(900719925474.0992 AS DECIMAL(38, 4))
        THEN CAST("_flat"."p1" AS DOUBLE)
        ELSE CAST(CAST("_flat"."p1" AS TEXT) AS DOUBLE)
      END > 0
      THEN CASE
        WHEN COALESCE("_flat"."p0", 0) BETWEEN -CAST(900719925474.0992 AS DECIMAL(38, 4)) AND CAST(900719925474.0992 AS DECIMAL(38, 4))
        THEN CAST(COALESCE("_flat"."p0", 0) AS DOUBLE)
        ELSE CAST(CAST(COALESCE("_flat"."p0", 0) AS TEXT) AS DOUBLE)
      END / CASE
        WHEN "_flat"."p1" BETWEEN -CAST(900719925474.0992 AS DECIMAL(38, 4)) AND CAST(900719925474.0992 AS DECIMAL(38, 4))
        THEN CAST("_flat"."p1" AS DOUBLE)
        ELSE CAST(CAST("_flat"."p1" AS TEXT) AS DOUBLE)
      END
    END AS DOUBLE)
  END AS "share_amount_coupon_90d" /* tag share_amount_coupon_90d · tags/all.yaml:1 */
FROM _flat

-- top_share_category_all
WITH _flat AS (
  SELECT
    "_k"
  FROM (
    SELECT
      "customer_id" AS "_k"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
), _h0 AS (
  SELECT
    "_k",
    MAX("q0") FILTER(WHERE
      "q0" > 0) AS "m0",
    SUM("q0") FILTER(WHERE
      "q0" > 0) AS "n0"
  FROM (
    SELECT
      "_k",
      "_s",
      COUNT(*) FILTER(WHERE
        "_w0") AS "q0"
    FROM (
      SELECT
        "customer_id" AS "_k",
        "category" AS "_s",
        "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0"
      FROM unified__orders
      WHERE
        NOT "customer_id" IS NULL
        AND NOT (
          "category"
        ) IS NULL
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP)
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
  CAST(CASE
    WHEN "_h0"."m0" BETWEEN -CAST(9007199254740992 AS DECIMAL(38, 0)) AND CAST(9007199254740992 AS DECIMAL(38, 0))
    THEN CAST("_h0"."m0" AS DOUBLE)
    ELSE CAST(CAST("_h0"."m0" AS TEXT) AS DOUBLE)
  END / CASE
    WHEN "_h0"."n0" BETWEEN -CAST(9007199254740992 AS DECIMAL(38, 0)) AND CAST(9007199254740992 AS DECIMAL(38, 0))
    THEN CAST("_h0"."n0" AS DOUBLE)
    ELSE CAST(CAST("_h0"."n0" AS TEXT) AS DOUBLE)
  END AS DOUBLE) AS "top_share_category_all" /* tag top_share_category_all · tags/all.yaml:1 */
FROM _flat
LEFT JOIN _h0
  ON "_flat"."_k" = "_h0"."_k"

-- top_share_category_by_amount_coupon_90d
WITH _flat AS (
  SELECT
    "_k",
    COUNT(*) FILTER(WHERE
      "_w0" AND "_c1" AND "_c2") AS "p0"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" >= CAST('2024-04-02 00:00:00' AS TIMESTAMP)
      AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      "coupon" AS "_c1",
      NOT (
        "category"
      ) IS NULL AS "_c2"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
), _h0 AS (
  SELECT
    "_k",
    MAX("q0") FILTER(WHERE
      "q0" > 0) AS "m0",
    SUM("q0") FILTER(WHERE
      "q0" > 0) AS "n0"
  FROM (
    SELECT
      "_k",
      "_s",
      CAST(SUM("_v3") FILTER(WHERE
        "_w0" AND "_c1" AND "_c2") AS DECIMAL(38, 4)) AS "q0"
    FROM (
      SELECT
        "customer_id" AS "_k",
        "category" AS "_s",
        "at" >= CAST('2024-04-02 00:00:00' AS TIMESTAMP)
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
        "coupon" AS "_c1",
        NOT (
          "amount"
        ) IS NULL AS "_c2",
        "amount" AS "_v3"
      FROM unified__orders
      WHERE
        NOT "customer_id" IS NULL
        AND NOT (
          "category"
        ) IS NULL
        AND "at" >= CAST('2024-04-02 00:00:00' AS TIMESTAMP)
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP)
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
  CASE
    WHEN "_flat"."p0" = 0
    THEN CAST(0 AS DOUBLE)
    ELSE CAST(CASE
      WHEN "_h0"."m0" BETWEEN -CAST(900719925474.0992 AS DECIMAL(38, 4)) AND CAST(900719925474.0992 AS DECIMAL(38, 4))
      THEN CAST("_h0"."m0" AS DOUBLE)
      ELSE CAST(CAST("_h0"."m0" AS TEXT) AS DOUBLE)
    END / CASE
      WHEN "_h0"."n0" BETWEEN -CAST(900719925474.0992 AS DECIMAL(38, 4)) AND CAST(900719925474.0992 AS DECIMAL(38, 4))
      THEN CAST("_h0"."n0" AS DOUBLE)
      ELSE CAST(CAST("_h0"."n0" AS TEXT) AS DOUBLE)
    END AS DOUBLE)
  END AS "top_share_category_by_amount_coupon_90d" /* tag top_share_category_by_amount_coupon_90d · tags/all.yaml:1 */
FROM _flat
LEFT JOIN _h0
  ON "_flat"."_k" = "_h0"."_k"

-- top_share_category_by_amount_all
WITH _flat AS (
  SELECT
    "_k"
  FROM (
    SELECT
      "customer_id" AS "_k"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
), _h0 AS (
  SELECT
    "_k",
    MAX("q0") FILTER(WHERE
      "q0" > 0) AS "m0",
    SUM("q0") FILTER(WHERE
      "q0" > 0) AS "n0"
  FROM (
    SELECT
      "_k",
      "_s",
      CAST(SUM("_v2") FILTER(WHERE
        "_w0" AND "_c1") AS DECIMAL(38, 4)) AS "q0"
    FROM (
      SELECT
        "customer_id" AS "_k",
        "category" AS "_s",
        "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
        NOT (
          "amount"
        ) IS NULL AS "_c1",
        "amount" AS "_v2"
      FROM unified__orders
      WHERE
        NOT "customer_id" IS NULL
        AND NOT (
          "category"
        ) IS NULL
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP)
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
  CAST(CASE
    WHEN "_h0"."m0" BETWEEN -CAST(900719925474.0992 AS DECIMAL(38, 4)) AND CAST(900719925474.0992 AS DECIMAL(38, 4))
    THEN CAST("_h0"."m0" AS DOUBLE)
    ELSE CAST(CAST("_h0"."m0" AS TEXT) AS DOUBLE)
  END / CASE
    WHEN "_h0"."n0" BETWEEN -CAST(900719925474.0992 AS DECIMAL(38, 4)) AND CAST(900719925474.0992 AS DECIMAL(38, 4))
    THEN CAST("_h0"."n0" AS DOUBLE)
    ELSE CAST(CAST("_h0"."n0" AS TEXT) AS DOUBLE)
  END AS DOUBLE) AS "top_share_category_by_amount_all" /* tag top_share_category_by_amount_all · tags/all.yaml:1 */
FROM _flat
LEFT JOIN _h0
  ON "_flat"."_k" = "_h0"."_k"

-- days_since_first_all
WITH _flat AS (
  SELECT
    "_k",
    MIN("_v1") FILTER(WHERE
      "_w0") AS "p0"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      CAST("at" AS DATE) AS "_v1"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  CAST(DATE_DIFF('day', CAST("_flat"."p0" AS DATE), CAST('2024-06-30' AS DATE)) AS BIGINT) AS "days_since_first_all" /* tag days_since_first_all · tags/all.yaml:1 */
FROM _flat

-- days_since_first_coupon_all
WITH _flat AS (
  SELECT
    "_k",
    MIN("_v2") FILTER(WHERE
      "_w0" AND "_c1") AS "p0"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      "coupon" AS "_c1",
      CAST("at" AS DATE) AS "_v2"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  COALESCE(
    CAST(DATE_DIFF('day', CAST("_flat"."p0" AS DATE), CAST('2024-06-30' AS DATE)) AS BIGINT),
    CAST(0 AS BIGINT)
  ) AS "days_since_first_coupon_all" /* tag days_since_first_coupon_all · tags/all.yaml:1 */
FROM _flat

-- days_since_last_all
WITH _flat AS (
  SELECT
    "_k",
    MAX("_v1") FILTER(WHERE
      "_w0") AS "p0"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      CAST("at" AS DATE) AS "_v1"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  CAST(DATE_DIFF('day', CAST("_flat"."p0" AS DATE), CAST('2024-06-30' AS DATE)) AS BIGINT) AS "days_since_last_all" /* tag days_since_last_all · tags/all.yaml:1 */
FROM _flat

-- days_since_last_coupon_all
WITH _flat AS (
  SELECT
    "_k",
    MAX("_v2") FILTER(WHERE
      "_w0" AND "_c1") AS "p0"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      "coupon" AS "_c1",
      CAST("at" AS DATE) AS "_v2"
    FROM unified__orders
    WHERE
      NOT "customer_id" IS NULL
  ) AS _r
  GROUP BY
    "_k"
)
SELECT
  "_flat"."_k" AS "customer_id",
  COALESCE(
    CAST(DATE_DIFF('day', CAST("_flat"."p0" AS DATE), CAST('2024-06-30' AS DATE)) AS BIGINT),
    CAST(0 AS BIGINT)
  ) AS "days_since_last_coupon_all" /* tag days_since_last_coupon_all · tags/all.yaml:1 */
FROM _flat

-- active_days_all
WITH _flat AS (
  SELECT
    "_k"
  FROM (
    SELECT
      "customer_id" AS "_k"
    FROM unified__orders
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
        CAST("at" AS DATE) AS "_s",
        "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0"
      FROM unified__orders
      WHERE
        NOT "customer_id" IS NULL
        AND NOT (
          CAST("at" AS DATE)
        ) IS NULL
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP)
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
  CAST(NULLIF("_h0"."m0", 0) AS BIGINT) AS "active_days_all" /* tag active_days_all · tags/all.yaml:1 */
FROM _flat
LEFT JOIN _h0
  ON "_flat"."_k" = "_h0"."_k"

-- active_days_coupon_all
WITH _flat AS (
  SELECT
    "_k"
  FROM (
    SELECT
      "customer_id" AS "_k"
    FROM unified__orders
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
        "_w0" AND "_c1") AS "q0"
    FROM (
      SELECT
        "customer_id" AS "_k",
        CAST("at" AS DATE) AS "_s",
        "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
        "coupon" AS "_c1"
      FROM unified__orders
      WHERE
        NOT "customer_id" IS NULL
        AND NOT (
          CAST("at" AS DATE)
        ) IS NULL
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP)
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
  COALESCE(CAST(NULLIF("_h0"."m0", 0) AS BIGINT), CAST(0 AS BIGINT)) AS "active_days_coupon_all" /* tag active_days_coupon_all · tags/all.yaml:1 */
FROM _flat
LEFT JOIN _h0
  ON "_flat"."_k" = "_h0"."_k"

-- cycle_all
WITH _flat AS (
  SELECT
    "_k",
    MIN("_v1") FILTER(WHERE
      "_w0") AS "p0",
    MAX("_v1") FILTER(WHERE
      "_w0") AS "p1"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      CAST("at" AS DATE) AS "_v1"
    FROM unified__orders
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
        CAST("at" AS DATE) AS "_s",
        "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0"
      FROM unified__orders
      WHERE
        NOT "customer_id" IS NULL
        AND NOT (
          CAST("at" AS DATE)
        ) IS NULL
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP)
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
  CAST(CASE
    WHEN CAST((
      "_h0"."m0" - 1
    ) AS DOUBLE) > 0
    THEN CAST(DATE_DIFF('day', CAST("_flat"."p0" AS DATE), CAST("_flat"."p1" AS DATE)) AS DOUBLE) / CAST((
      "_h0"."m0" - 1
    ) AS DOUBLE)
  END AS DOUBLE) AS "cycle_all" /* tag cycle_all · tags/all.yaml:1 */
FROM _flat
LEFT JOIN _h0
  ON "_flat"."_k" = "_h0"."_k"

-- cycle_coupon_all
WITH _flat AS (
  SELECT
    "_k",
    COUNT(*) FILTER(WHERE
      "_w0" AND "_c1") AS "p0",
    MIN("_v2") FILTER(WHERE
      "_w0" AND "_c1") AS "p1",
    MAX("_v2") FILTER(WHERE
      "_w0" AND "_c1") AS "p2"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      "coupon" AS "_c1",
      CAST("at" AS DATE) AS "_v2"
    FROM unified__orders
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
        "_w0" AND "_c1") AS "q0"
    FROM (
      SELECT
        "customer_id" AS "_k",
        CAST("at" AS DATE) AS "_s",
        "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
        "coupon" AS "_c1"
      FROM unified__orders
      WHERE
        NOT "customer_id" IS NULL
        AND NOT (
          CAST("at" AS DATE)
        ) IS NULL
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP)
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
  CASE
    WHEN "_flat"."p0" = 0
    THEN CAST(0 AS DOUBLE)
    ELSE CAST(CASE
      WHEN CAST((
        "_h0"."m0" - 1
      ) AS DOUBLE) > 0
      THEN CAST(DATE_DIFF('day', CAST("_flat"."p1" AS DATE), CAST("_flat"."p2" AS DATE)) AS DOUBLE) / CAST((
        "_h0"."m0" - 1
      ) AS DOUBLE)
    END AS DOUBLE)
  END AS "cycle_coupon_all" /* tag cycle_coupon_all · tags/all.yaml:1 */
FROM _flat
LEFT JOIN _h0
  ON "_flat"."_k" = "_h0"."_k"

-- fused
WITH _flat AS (
  SELECT
    "_k",
    MIN("_v1") FILTER(WHERE
      "_w0") AS "p0",
    MAX("_v1") FILTER(WHERE
      "_w0") AS "p1",
    COUNT(*) FILTER(WHERE
      "_w0") AS "p2",
    CAST(SUM("_v4") FILTER(WHERE
      "_w2" AND "_c3") AS DECIMAL(38, 4)) AS "p3"
  FROM (
    SELECT
      "customer_id" AS "_k",
      "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
      CAST("at" AS DATE) AS "_v1",
      "at" >= CAST('2024-04-02 00:00:00' AS TIMESTAMP)
      AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w2",
      NOT (
        "amount"
      ) IS NULL AS "_c3",
      "amount" AS "_v4"
    FROM unified__orders
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
        CAST("at" AS DATE) AS "_s",
        "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0"
      FROM unified__orders
      WHERE
        NOT "customer_id" IS NULL
        AND NOT (
          CAST("at" AS DATE)
        ) IS NULL
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP)
    ) AS _r
    GROUP BY
      "_k",
      "_s"
  ) AS _c
  GROUP BY
    "_k"
), _h1 AS (
  SELECT
    "_k",
    COUNT(*) FILTER(WHERE
      "q0" > 0) AS "m3",
    MIN({'w': -"q1", 'v': "_s"}) FILTER(WHERE
      "q1" > 0).v AS "m4"
  FROM (
    SELECT
      "_k",
      "_s",
      COUNT(*) FILTER(WHERE
        "_w0") AS "q0",
      CAST(SUM("_v3") FILTER(WHERE
        "_w1" AND "_c2") AS DECIMAL(38, 4)) AS "q1"
    FROM (
      SELECT
        "customer_id" AS "_k",
        "category" AS "_s",
        "at" >= CAST('2024-06-01 00:00:00' AS TIMESTAMP)
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w0",
        "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP) AS "_w1",
        NOT (
          "amount"
        ) IS NULL AS "_c2",
        "amount" AS "_v3"
      FROM unified__orders
      WHERE
        NOT "customer_id" IS NULL
        AND NOT (
          "category"
        ) IS NULL
        AND "at" < CAST('2024-07-01 00:00:00' AS TIMESTAMP)
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
  CAST(CASE
    WHEN CAST((
      "_h0"."m0" - 1
    ) AS DOUBLE) > 0
    THEN CAST(DATE_DIFF('day', CAST("_flat"."p0" AS DATE), CAST("_flat"."p1" AS DATE)) AS DOUBLE) / CAST((
      "_h0"."m0" - 1
    ) AS DOUBLE)
  END AS DOUBLE) AS "cycle_all", /* tag cycle_all · tags/all.yaml:1 */
  CAST(NULLIF("_flat"."p2", 0) AS BIGINT) AS "count_all", /* tag count_all · tags/all.yaml:1 */
  CAST("_flat"."p3" AS DECIMAL(38, 4)) AS "sum_amount_90d", /* tag sum_amount_90d · tags/all.yaml:1 */
  CAST(NULLIF("_h1"."m3", 0) AS BIGINT) AS "distinct_category_30d", /* tag distinct_category_30d · tags/all.yaml:1 */
  CAST("_h1"."m4" AS TEXT) AS "top_category_by_amount_all" /* tag top_category_by_amount_all · tags/all.yaml:1 */
FROM _flat
LEFT JOIN _h0
  ON "_flat"."_k" = "_h0"."_k"
LEFT JOIN _h1
  ON "_flat"."_k" = "_h1"."_k"
