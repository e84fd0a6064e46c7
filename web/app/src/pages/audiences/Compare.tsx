// Up to four audiences side by side: how they overlap, and how they differ by a tag.
import { useMemo } from "react";
import { Button, Card, Select, Skeleton } from "antd";
import { useQueries } from "@tanstack/react-query";
import { Link, useSearchParams } from "react-router";
import { post, type Problem } from "../../api/client";
import { useAsk } from "../../api/hooks";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { audience } from "../../i18n/audience";
import { useFormats } from "../../i18n/format";
import { Chart } from "../../charts/Chart";
import { CopyLink, ErrorView, Nothing, Answered, Figure } from "../../parts";
import { FieldPicker } from "../../parts/condition/FieldRow";
import { useFields } from "../../parts/condition/fields";
import { useSettings } from "../../shell/settings";
import { SERIES } from "../../shell/theme";
import type { Board, BreakdownTold, OverlapTold } from "../audience/types";

export function Compare({ board, names }: { board: Board; names: readonly string[] }) {
  const t = useTexts(audience);
  const f = useFormats();
  const language = useLanguage();
  const [search, setSearch] = useSearchParams();
  const { dark } = useSettings();
  const fields = useFields();
  const colours = dark ? SERIES.dark : SERIES.light;
  const title = (name: string) => titleOf(board.audiences.find((a) => a.name === name)?.title, name, language);
  const known = names.filter((n) => board.audiences.some((a) => a.name === n));
  const overlap = useAsk<OverlapTold>("/query/overlap", known.length > 1 ? { audiences: known } : null);
  const tag = search.get("by") ?? "";
  const put = (key: string, value: string) => {
    const next = new URLSearchParams(search);
    next.set(key, value);
    setSearch(next, { replace: true });
  };
  return (
    <>
      <div className="row">
        <Select
          mode="multiple" maxCount={4} aria-label={t.compareHint} value={[...known]} onChange={(v: string[]) => put("compare", v.join(","))} style={{ minWidth: 260, flex: "0 1 640px" }}
          options={board.audiences.filter((a) => a.size !== null).map((a) => ({ value: a.name, label: titleOf(a.title, a.name, language) }))} optionFilterProp="label"
        />
        <span className="spread" />
        <CopyLink /><Link to="/audiences"><Button>{t.back}</Button></Link>
      </div>
      {known.length < 2 ? <Card><Nothing title={t.pickTwo} /></Card> : (
        <>
          <Answered of={overlap}>{(data) => (
            <div className="six">
              {data.audiences.map((one, n) => <Figure key={one.audience} name={<><span className="swatch" style={{ background: colours[n] }} />{title(one.audience)}</>} value={f.count(one.size)} note={f.percent(one.share)} />)}
              <Figure name={t.either} value={f.count(data.any)} note={f.percent(data.any / data.customers)} />
              <Figure name={t.inAll} value={f.count(data.all)} note={f.percent(data.all / data.customers)} />
            </div>
          )}</Answered>
          <div className="grid two">
            <Card title={<h2 className="card-title">{t.upset}</h2>}><p className="quiet hint">{t.upsetAbout}</p><UpSet names={known} title={title} /></Card>
            <Card title={<h2 className="card-title">{t.matrix}</h2>}>
              <p className="quiet hint">{t.matrixAbout}</p>
              <Answered of={overlap}>{(data) => <Matrix data={data} title={title} />}</Answered>
            </Card>
          </div>
          <Card title={<h2 className="card-title">{t.compareBy}</h2>} extra={fields.data && <FieldPicker label={t.by2} value={tag || undefined} fields={fields.data.fields.filter((x) => x.type === "enum" || x.type === "boolean" || x.type === "list")} onPick={(x) => put("by", x.name)} />}>
            <p className="quiet hint">{t.tgiAbout}</p>
            {tag ? <Tgi names={known} title={title} tag={tag} /> : <Nothing title={t.by2} />}
          </Card>
        </>
      )}
    </>
  );
}

function Matrix({ data, title }: { data: OverlapTold; title: (name: string) => string }) {
  const f = useFormats();
  const t = useTexts(audience);
  const names = data.audiences.map((a) => a.audience);
  return (
    <div className="scroll">
      <table className="plain">
        <thead><tr><th scope="col">{t.name}</th>{names.map((n) => <th scope="col" key={n}>{title(n)}</th>)}</tr></thead>
        <tbody>
          {names.map((row, i) => (
            <tr key={row}>
              <th scope="row">{title(row)}</th>
              {names.map((column, j) => {
                const share = data.shares[i]?.[j] ?? 0;
                return <td key={column} style={i === j ? undefined : { background: `color-mix(in srgb, var(--ant-color-primary) ${Math.round(share * 40)}%, transparent)` }}>{i === j ? f.count(data.counts[i]?.[j]) : <>{f.percent(share)}<div className="small">{f.count(data.counts[i]?.[j])}</div></>}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface Combination {
  readonly inside: readonly boolean[];
  readonly count: number;
}

/** How many customers are in exactly which of the audiences. */
function UpSet({ names, title }: { names: readonly string[]; title: (name: string) => string }) {
  const f = useFormats();
  const t = useTexts(audience);
  const combinations = useMemo(() => Array.from({ length: 2 ** names.length - 1 }, (_, n) => names.map((_name, bit) => Boolean(((n + 1) >> bit) & 1))), [names.join()]);
  const counts = useQueries({
    queries: combinations.map((inside) => {
      const when = { all: names.map((audience, n) => (inside[n] ? { audience } : { not: { audience } })) };
      return { queryKey: ["ask", "/query/count", when], queryFn: ({ signal }: { signal: AbortSignal }) => post<{ count: number }>("/query/count", { when }, signal), staleTime: 30_000 };
    }),
  });
  const failed = counts.find((c) => c.error)?.error as Problem | undefined;
  if (failed) return <ErrorView error={failed} />;
  if (counts.some((c) => !c.data)) return <Skeleton active />;
  const rows: Combination[] = combinations.map((inside, n) => ({ inside, count: counts[n]?.data?.count ?? 0 })).filter((c) => c.count > 0).sort((a, b) => b.count - a.count);
  const most = Math.max(1, ...rows.map((r) => r.count));
  const [column, top, line] = [42, 150, 30];
  const width = rows.length * column;
  return (
    <div className="scroll upset" tabIndex={0} role="group" aria-label={t.upset}>
      <ul className="upset-names" style={{ paddingBlockStart: top + 8 }}>{names.map((n) => <li key={n} style={{ height: line, lineHeight: `${line}px` }} title={title(n)}>{title(n)}</li>)}</ul>
      <svg width={width} height={top + 8 + names.length * line} role="img" aria-label={rows.map((r) => `${names.filter((_, n) => r.inside[n]).map(title).join(" + ")}: ${f.count(r.count)}`).join("; ")}>
        {names.map((n, i) => i % 2 === 0 && <rect key={n} x={0} y={top + 8 + i * line} width={width} height={line} fill="var(--ant-color-fill-quaternary)" />)}
        {rows.map((row, n) => {
          const x = n * column + column / 2;
          const height = (row.count / most) * (top - 24);
          const dots = names.map((_, i) => i).filter((i) => row.inside[i]);
          const y = (i: number) => top + 8 + i * line + line / 2;
          return (
            <g key={row.inside.join()}>
              <rect x={x - 14} y={top - height} width={28} height={height} rx={2} fill="var(--ant-color-primary)" />
              <text x={x} y={top - height - 6} textAnchor="middle" fontSize="12" fill="var(--ant-color-text)">{f.count(row.count)}</text>
              {names.map((name, i) => <circle key={name} cx={x} cy={y(i)} r={6} fill={row.inside[i] ? "var(--ant-color-primary)" : "var(--ant-color-fill-secondary)"} />)}
              {dots.length > 1 && <line x1={x} x2={x} y1={y(dots[0] as number)} y2={y(dots[dots.length - 1] as number)} stroke="var(--ant-color-primary)" strokeWidth="3" />}
            </g>
          );
        })}
      </svg>
    </div>
  );
}

function Tgi({ names, title, tag }: { names: readonly string[]; title: (name: string) => string; tag: string }) {
  const f = useFormats();
  const t = useTexts(audience);
  const language = useLanguage();
  const found = useQueries({
    queries: names.map((when) => ({
      queryKey: ["ask", "/query/breakdown", { when, by: [tag], limit: 12 }, language],
      queryFn: ({ signal }: { signal: AbortSignal }) => post<BreakdownTold>("/query/breakdown", { when, by: [tag], limit: 12 }, signal), staleTime: 30_000, retry: false,
    })),
  });
  const failed = found.find((one) => one.error)?.error as Problem | undefined;
  if (failed) return <ErrorView error={failed} />;
  if (found.some((one) => !one.data)) return <Skeleton active />;
  const parts = found.map((one) => one.data?.tags[0]);
  const values = [...new Map(parts.flatMap((p) => p?.values ?? []).map((v) => [String(v.value), v])).values()].sort((a, b) => b.base_count - a.base_count).slice(0, 12);
  const label = (v: { value: unknown; title: unknown }) => titleOf(v.title, String(v.value), language);
  const cell = (n: number, value: unknown) => parts[n]?.values.find((v) => String(v.value) === String(value));
  const option = {
    grid: { left: 8, right: 24, top: 40, bottom: 8, containLabel: true }, legend: { top: 0, left: 0 }, tooltip: { trigger: "axis" },
    xAxis: { type: "value", name: "TGI" }, yAxis: { type: "category", inverse: true, data: values.map(label) },
    series: names.map((name, n) => ({
      type: "bar", name: title(name), data: values.map((v) => cell(n, v.value)?.tgi ?? null), barMaxWidth: 14, barGap: "15%",
      ...(n === 0 ? { markLine: { silent: true, symbol: "none", lineStyle: { type: "dashed", color: "#888" }, label: { show: false }, data: [{ xAxis: 100 }] } } : {}),
    })),
  };
  return (
    <>
      <Chart option={option} height={Math.max(220, 60 + values.length * (16 * names.length + 14))} label={`${t.compareBy}: ${tag}`} />
      <div className="scroll">
        <table className="plain">
          <thead><tr><th scope="col">{t.value}</th><th scope="col">{t.shareBase}</th>{names.map((n) => <th scope="col" key={n}>{title(n)}</th>)}</tr></thead>
          <tbody>{values.map((v) => <tr key={String(v.value)}><td>{label(v)}</td><td>{f.percent(v.base_share)}</td>{names.map((n, i) => { const c = cell(i, v.value); return <td key={n}>{f.percent(c?.share)} · {f.number(c?.tgi, 0)}</td>; })}</tr>)}</tbody>
        </table>
      </div>
    </>
  );
}
