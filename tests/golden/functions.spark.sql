-- +: amount + discount
SELECT
  CAST(`amount` + `discount` AS DECIMAL(18, 4)) AS `value`
FROM examples

-- -: amount - discount
SELECT
  CAST(`amount` - `discount` AS DECIMAL(18, 4)) AS `value`
FROM examples

-- *: amount * orders
SELECT
  CAST(`amount` * CAST(`orders` AS DECIMAL(18, 0)) AS DECIMAL(18, 4)) AS `value`
FROM examples

-- /: amount / orders
SELECT
  CAST(`amount` AS DOUBLE) / NULLIF(CAST(`orders` AS DOUBLE), 0) AS `value`
FROM examples

-- %: orders % visits
SELECT
  `orders` % NULLIF(`visits`, 0) AS `value`
FROM examples

-- =: city = '上海'
SELECT
  `city` = '上海' AS `value`
FROM examples

-- <>: city <> '上海'
SELECT
  `city` <> '上海' AS `value`
FROM examples

-- <: ordered_at < '2024-07-01'
SELECT
  `ordered_at` < CAST('2024-07-01' AS DATE) AS `value`
FROM examples

-- <=: rate <= 0.5
SELECT
  `rate` <= 0.5 AS `value`
FROM examples

-- >: amount > 99.5
SELECT
  `amount` > CAST(99.5 AS DECIMAL(18, 4)) AS `value`
FROM examples

-- >=: orders >= 3
SELECT
  `orders` >= 3 AS `value`
FROM examples

-- and: member and orders > 1
SELECT
  `member` AND `orders` > 1 AS `value`
FROM examples

-- or: member or orders > 1
SELECT
  `member` OR `orders` > 1 AS `value`
FROM examples

-- not: not (orders > 1)
SELECT
  NOT (
    `orders` > 1
  ) AS `value`
FROM examples

-- in: city in ('北京', '上海')
SELECT
  `city` IN ('北京', '上海') AS `value`
FROM examples

-- between: amount between 10 and 20.5
SELECT
  `amount` BETWEEN 10 AND CAST(20.5 AS DECIMAL(18, 4)) AS `value`
FROM examples

-- is null: birth_date is null
SELECT
  `birth_date` IS NULL AS `value`
FROM examples

-- is true: member is true
SELECT
  COALESCE(`member`, FALSE) AS `value`
FROM examples

-- like: product like '%milk%'
SELECT
  `product` LIKE '%milk%' AS `value`
FROM examples

-- ilike: product ilike 'MILK%'
SELECT
  `product` ILIKE 'MILK%' AS `value`
FROM examples

-- case: case when orders > 5 then 'many' when orders > 0 then 'few' else 'none' end
SELECT
  CASE WHEN `orders` > 5 THEN 'many' WHEN `orders` > 0 THEN 'few' ELSE 'none' END AS `value`
FROM examples

-- cast: cast(city as bigint)
SELECT
  TRY_CAST(ROUND(
    CASE
      WHEN NOT RLIKE(CAST(`city` AS STRING), '[^\\x00-\\x7F]')
      THEN TRY_CAST(`city` AS DECIMAL(38, 4))
    END,
    0
  ) AS BIGINT) AS `value`
FROM examples

-- ||: city || '-' || product
SELECT
  `city` || '-' || `product` AS `value`
FROM examples

-- coalesce: coalesce(rate, 0)
SELECT
  COALESCE(`rate`, CAST(0 AS DOUBLE)) AS `value`
FROM examples

-- nullif: nullif(city, '')
SELECT
  NULLIF(`city`, '') AS `value`
FROM examples

-- if: if(member, 1, 0)
SELECT
  CASE WHEN `member` THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END AS `value`
FROM examples

-- greatest: greatest(rate, score)
SELECT
  GREATEST(`rate`, `score`) AS `value`
FROM examples

-- least: least(orders, visits)
SELECT
  LEAST(`orders`, `visits`) AS `value`
FROM examples

-- abs: abs(rate)
SELECT
  ABS(`rate`) AS `value`
FROM examples

-- round: round(rate, 2)
SELECT
  (
    (
      SIGN(`rate`) * ROUND((
        ABS(`rate`) * 100
      ), 0)
    ) / 100
  ) AS `value`
FROM examples

-- floor: floor(rate)
SELECT
  CAST(CASE WHEN ABS(`rate`) < 9.2e18 THEN FLOOR(`rate`) END AS BIGINT) AS `value`
FROM examples

-- ceil: ceil(rate)
SELECT
  CAST(CASE WHEN ABS(`rate`) < 9.2e18 THEN CEIL(`rate`) END AS BIGINT) AS `value`
FROM examples

-- ln: ln(rate)
SELECT
  LN(CASE WHEN `rate` > 0 THEN `rate` END) AS `value`
FROM examples

-- log10: log10(amount)
SELECT
  LOG10(CASE WHEN CAST(`amount` AS DOUBLE) > 0 THEN CAST(`amount` AS DOUBLE) END) AS `value`
FROM examples

-- sqrt: sqrt(rate)
SELECT
  SQRT(CASE WHEN `rate` >= 0 THEN `rate` END) AS `value`
FROM examples

-- power: power(rate, 2)
SELECT
  CASE
    WHEN `rate` > 0
    OR (
      CAST(2 AS DOUBLE) = CASE WHEN ABS(CAST(2 AS DOUBLE)) < 9.2e18 THEN FLOOR(CAST(2 AS DOUBLE)) END
      AND (
        `rate` <> 0 OR CAST(2 AS DOUBLE) >= 0
      )
    )
    THEN POWER(`rate`, CAST(2 AS DOUBLE))
  END AS `value`
FROM examples

-- lower: lower(product)
SELECT
  LOWER(REPLACE(`product`, 'Σ', 'σ')) AS `value`
FROM examples

-- upper: upper(product)
SELECT
  UPPER(`product`) AS `value`
FROM examples

-- trim: trim(city)
SELECT
  TRIM(' 　' FROM `city`) AS `value`
FROM examples

-- substring: substring(city, 1, 2)
SELECT
  SUBSTRING(`city`, 1, 2) AS `value`
FROM examples

-- length: length(product)
SELECT
  CAST(LENGTH(`product`) AS BIGINT) AS `value`
FROM examples

-- concat: concat(city, '-', orders)
SELECT
  COALESCE(`city`, '') || '-' || COALESCE(CAST(`orders` AS STRING), '') AS `value`
FROM examples

-- replace: replace(product, ' ', '_')
SELECT
  REPLACE(`product`, ' ', '_') AS `value`
FROM examples

-- split_part: split_part(product, '-', 1)
SELECT
  SPLIT_PART(`product`, '-', 1) AS `value`
FROM examples

-- starts_with: starts_with(product, 'A')
SELECT
  STARTSWITH(`product`, 'A') AS `value`
FROM examples

-- ends_with: ends_with(product, 'z')
SELECT
  ENDSWITH(`product`, 'z') AS `value`
FROM examples

-- contains: contains(product, 'milk')
SELECT
  CONTAINS(`product`, 'milk') AS `value`
FROM examples

-- regexp_matches: regexp_matches(city, '^[A-Z]')
SELECT
  `city` RLIKE '^[A-Z]' AS `value`
FROM examples

-- date: birth_date > date '1990-01-01'
SELECT
  `birth_date` > CAST('1990-01-01' AS DATE) AS `value`
FROM examples

-- timestamp: ordered_at > timestamp '2024-06-01 12:00:00'
SELECT
  `ordered_at` > CAST('2024-06-01 12:00:00' AS TIMESTAMP) AS `value`
FROM examples

-- as_of: date_diff('day', ordered_at, as_of())
SELECT
  CAST(DATEDIFF(DAY, CAST(`ordered_at` AS DATE), CAST('2024-12-31' AS DATE)) AS BIGINT) AS `value`
FROM examples

-- ± days: joined_on >= as_of() - 30
SELECT
  `joined_on` >= CAST(CAST('2024-12-31' AS DATE) - INTERVAL '30' DAY AS DATE) AS `value`
FROM examples

-- date_diff: date_diff('month', registered_at, ordered_at)
SELECT
  (
    (
      CAST(YEAR(`ordered_at`) AS BIGINT) - CAST(YEAR(`registered_at`) AS BIGINT)
    ) * 12 + CAST(MONTH(`ordered_at`) AS BIGINT) - CAST(MONTH(`registered_at`) AS BIGINT)
  ) AS `value`
FROM examples

-- full_years: full_years(birth_date, ordered_at)
SELECT
  (
    CAST(YEAR(`ordered_at`) AS BIGINT) - CAST(YEAR(`birth_date`) AS BIGINT) - CASE
      WHEN CAST(MONTH(`ordered_at`) AS BIGINT) * 100 + CAST(DAY(`ordered_at`) AS BIGINT) < CAST(MONTH(`birth_date`) AS BIGINT) * 100 + CAST(DAY(`birth_date`) AS BIGINT)
      THEN 1
      ELSE 0
    END
  ) AS `value`
FROM examples

-- date_trunc: date_trunc('month', ordered_at)
SELECT
  DATE_TRUNC('MONTH', `ordered_at`) AS `value`
FROM examples

-- extract: extract(isodow from ordered_at)
SELECT
  CAST((
    (
      (
        DAYOFWEEK(`ordered_at`) + 5
      ) % 7
    ) + 1
  ) AS BIGINT) AS `value`
FROM examples

-- year: year(birth_date)
SELECT
  CAST(YEAR(`birth_date`) AS BIGINT) AS `value`
FROM examples

-- quarter: quarter(ordered_at)
SELECT
  CAST(QUARTER(`ordered_at`) AS BIGINT) AS `value`
FROM examples

-- month: month(birth_date)
SELECT
  CAST(MONTH(`birth_date`) AS BIGINT) AS `value`
FROM examples

-- day: day(ordered_at)
SELECT
  CAST(DAY(`ordered_at`) AS BIGINT) AS `value`
FROM examples

-- hour: hour(ordered_at)
SELECT
  CAST(HOUR(`ordered_at`) AS BIGINT) AS `value`
FROM examples

-- isodow: isodow(ordered_at)
SELECT
  CAST((
    (
      (
        DAYOFWEEK(`ordered_at`) + 5
      ) % 7
    ) + 1
  ) AS BIGINT) AS `value`
FROM examples

-- list_contains: list_contains(interests, '运动')
SELECT
  ARRAY_CONTAINS(`interests`, '运动') AS `value`
FROM examples

-- list_has_any: list_has_any(interests, ['运动', '美食'])
SELECT
  (
    ARRAY_CONTAINS(`interests`, '运动') OR ARRAY_CONTAINS(`interests`, '美食')
  ) AS `value`
FROM examples

-- list_has_all: list_has_all(interests, ['运动', '美食'])
SELECT
  (
    ARRAY_CONTAINS(`interests`, '运动') AND ARRAY_CONTAINS(`interests`, '美食')
  ) AS `value`
FROM examples

-- len: len(interests)
SELECT
  CAST(SIZE(`interests`) AS BIGINT) AS `value`
FROM examples
