// What the audience is like against a base, tag by tag.
import { Button, Card, Segmented, Select, Skeleton } from "antd";
import { useMemo } from "react";
import { useSearchParams } from "react-router";
import { useAsk } from "../../api/hooks";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { audience } from "../../i18n/audience";
import { condition } from "../../i18n/condition";
import { useFormats } from "../../i18n/format";
import { Chart } from "../../charts/Chart";
import { Answered, ErrorView } from "../../parts";
import { useFields } from "../../parts/condition/fields";
import type { Board, BreakdownTold, Cell, TagPart } from "./types";

const FIRST = 4;
const MOST = 20;
const MOST_ASKED = 60;

export default function Breakdown({ when, board, condition: defined }: { when: string; board: Board; condition?: string | null }) {
  const t = useTexts(audience);
  const f = useFormats();
  const language = useLanguage();
  const fields = useFields();
  const [search, setSearch] = useSearchParams();
  const base = search.get("base") ?? "valid";
  const mode = search.get("show") === "share" ? "share" : "tgi";
  const all = useMemo(() => (fields.data?.fields ?? []).filter((x) => ["enum", "boolean", "list"].includes(x.type)), [fields.data]);
  const own = new Set((defined ?? "").match(/[\p{L}_][\p{L}\p{N}_]*/gu)); // what the condition names differs by definition
  const other = [...all].sort((a, b) => Number(b.kind === "tag") - Number(a.kind === "tag")).filter((x) => !own.has(x.name));
  const named = (search.get("by") ?? "").split(",").filter((n) => all.some((x) => x.name === n));
  const scan = useAsk<BreakdownTold>("/query/breakdown", named.length === 0 && other.length ? { when, by: other.slice(0, MOST_ASKED).map((x) => x.name), base, limit: 30 } : null);
  const asked = useAsk<BreakdownTold>("/query/breakdown", named.length ? { when, by: named, base, limit: 30 } : null);
  const found = named.length ? asked : scan;
  const put = (key: string, value: string) => {
    const next = new URLSearchParams(search);
    if (value) next.set(key, value);
    else next.delete(key);
    setSearch(next, { replace: true });
  };
  if (fields.error) return <ErrorView error={fields.error} />;
  return (
    <>
      <Card size="small">
        <div className="row">
          <label className="row"><span className="quiet">{t.by2}</span>
            <Select
              mode="multiple" aria-label={t.by2} placeholder={t.notable} value={named} onChange={(v: string[]) => put("by", v.slice(0, 12).join(","))} style={{ width: 360, maxWidth: "calc(100vw - 60px)" }} maxTagCount="responsive"
              optionFilterProp="label" options={all.map((x) => ({ value: x.name, label: titleOf(x.title, x.name, language) }))} allowClear
            />
          </label>
          <label className="row"><span className="quiet">{t.base}</span>
            <Select
              aria-label={t.base} value={base} onChange={(v) => put("base", v === "valid" ? "" : v)} style={{ width: 230 }} popupMatchSelectWidth={false}
              options={[{ value: "valid", label: t.bases.valid }, { value: "all", label: t.bases.all }, { label: t.otherBase, options: board.audiences.filter((a) => a.size !== null && a.name !== when).map((a) => ({ value: `in_audience('${a.name}')`, label: titleOf(a.title, a.name, language) })) }]}
            />
          </label>
          <span className="spread" />
          <Segmented aria-label={t.mode} value={mode} onChange={(v) => put("show", v === "share" ? "share" : "")} options={[{ value: "tgi", label: t.modes.tgi }, { value: "share", label: t.modes.share }]} />
        </div>
        <p className="quiet hint">{t.tgiAbout}</p>
      </Card>
      <Answered of={found}>{(data) => (
        <>
          {named.length === 0 && <p className="quiet lead">{t.notable}</p>}
          <div className="grid two">
            {(named.length ? data.tags : [...data.tags].sort((a, b) => distance(b) - distance(a)).slice(0, FIRST)).map((tag) => (
              <TagCard key={tag.name} tag={tag} mode={mode} base={t.baseNamed(`${f.count(data.base.kind === "valid" ? tag.base_known : data.base.customers)} · ${f.day(data.as_of)}`)} onOnly={named.length ? undefined : () => put("by", tag.name)} />
            ))}
          </div>
        </>
      )}</Answered>
      {found.isFetching && !found.data && <Skeleton active />}
    </>
  );
}

/** How far the audience surely is from the base, as far as it is known. It only decides what is shown first. */
function distance(tag: TagPart): number {
  const sure = tag.values.filter((v) => v.tgi_low !== null && v.tgi_high !== null && (v.tgi_low > 100 || v.tgi_high < 100));
  return (tag.known / Math.max(1, tag.known + tag.missing)) * sure.reduce((sum, v) => sum + Math.abs((v.share ?? 0) - (v.base_share ?? 0)), 0);
}

function TagCard({ tag, mode, base, onOnly }: { tag: TagPart; mode: "tgi" | "share"; base: string; onOnly?: () => void }) {
  const t = useTexts(audience);
  const c = useTexts(condition);
  const f = useFormats();
  const language = useLanguage();
  const values = tag.values.slice(0, MOST);
  const label = (v: Cell) => (typeof v.value === "boolean" ? (v.value ? c.yes : c.no) : titleOf(v.title, String(v.value), language));
  const title = titleOf(tag.title, tag.name, language);
  const option = useMemo(() => (mode === "tgi" ? tgiOption(values, label, t, f) : shareOption(values, label, t, f)), [tag, mode, language]);
  return (
    <Card size="small" title={<h3 className="card-title">{title}</h3>} extra={onOnly && <Button size="small" type="link" onClick={onOnly}>{t.open}</Button>}>
      <div className="quiet small">{t.known(f.count(tag.known))} · {t.missing(f.count(tag.missing))} · {base}</div>
      <Chart option={option} height={Math.max(140, 44 + values.length * (mode === "tgi" ? 26 : 34))} label={`${title}: ${values.map((v) => `${label(v)} ${f.percent(v.share)} TGI ${f.number(v.tgi, 0)}`).join("; ")}`} />
      <details>
        <summary>{t.asTable}</summary>
        <div className="scroll">
          <table className="plain">
            <thead><tr><th scope="col">{t.value}</th><th scope="col">{t.count}</th><th scope="col">{t.shareIn}</th><th scope="col">{t.shareBase}</th><th scope="col">{t.tgi}</th><th scope="col">{t.interval}</th></tr></thead>
            <tbody>
              {tag.values.map((v) => (
                <tr key={String(v.value)}>
                  <td>{label(v)}</td><td>{f.count(v.count)}</td><td>{f.percent(v.share)}</td><td>{f.percent(v.base_share)}</td><td>{f.number(v.tgi, 1)}</td>
                  <td>{v.tgi_low === null ? "–" : `${f.number(v.tgi_low, 0)} – ${f.number(v.tgi_high, 0)}`}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </Card>
  );
}

type Texts = ReturnType<typeof useTexts<(typeof audience)["en"]>>;
type Formats = ReturnType<typeof useFormats>;

function tgiOption(values: readonly Cell[], label: (v: Cell) => string, t: Texts, f: Formats) {
  const tallest = Math.max(120, ...values.map((v) => v.tgi ?? 0));
  const most = Math.max(150, ...values.map((v) => Math.min(v.tgi_high ?? 0, tallest * 1.4)));
  return {
    grid: { left: 4, right: 4, top: 8, bottom: 4, containLabel: true },
    tooltip: {
      trigger: "axis",
      formatter: ([first]: { dataIndex: number }[]) => {
        const v = first && values[first.dataIndex];
        return v ? `${label(v)}\n${t.tgi} ${f.number(v.tgi, 1)} (${f.number(v.tgi_low, 0)} – ${f.number(v.tgi_high, 0)})\n${t.shareIn} ${f.percent(v.share)} · ${t.shareBase} ${f.percent(v.base_share)}\n${t.count} ${f.count(v.count)}` : "";
      },
    },
    xAxis: { type: "value", max: Math.ceil(most / 50) * 50 }, yAxis: [
      { type: "category", inverse: true, data: values.map(label), axisLabel: { width: 110, overflow: "truncate" } },
      { type: "category", inverse: true, position: "right", data: values.map((v) => f.number(v.tgi, 0)), axisLine: { show: false }, axisLabel: { fontWeight: 600 } },
    ],
    series: [
      {
        type: "bar", name: t.tgi, barMaxWidth: 14, data: values.map((v) => ({ value: v.tgi, itemStyle: { opacity: (v.tgi_low ?? 0) <= 100 && (v.tgi_high ?? 0) >= 100 ? 0.4 : 1 } })),
        markLine: { silent: true, symbol: "none", animation: false, lineStyle: { type: "dashed" }, label: { show: false }, data: [{ xAxis: 100 }] },
      },
      {
        type: "custom", clip: true, silent: true, z: 5, data: values.map((v, n) => [n, v.tgi_low, v.tgi_high]), encode: { x: [1, 2], y: 0 },
        renderItem: (_: unknown, api: { value: (n: number) => number; coord: (at: number[]) => [number, number]; visual: (key: string) => string }) => {
          const row = api.value(0);
          const [a, y] = api.coord([api.value(1), row]);
          const [b] = api.coord([api.value(2), row]);
          const style = { stroke: "#8c8c8c", lineWidth: 1.5 };
          const line = (x1: number, y1: number, x2: number, y2: number) => ({ type: "line", shape: { x1, y1, x2, y2 }, style });
          return { type: "group", children: [line(a, y, b, y), line(a, y - 4, a, y + 4), line(b, y - 4, b, y + 4)] };
        },
      },
    ],
  };
}

function shareOption(values: readonly Cell[], label: (v: Cell) => string, t: Texts, f: Formats) {
  return {
    grid: { left: 4, right: 52, top: 32, bottom: 4, containLabel: true }, legend: { top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 8 },
    tooltip: { trigger: "axis", valueFormatter: (v: number) => f.percent(v) },
    xAxis: { type: "value", axisLabel: { formatter: (v: number) => f.percent(v, 0) } }, yAxis: { type: "category", inverse: true, data: values.map(label), axisLabel: { width: 110, overflow: "truncate" } },
    series: [
      { type: "bar", name: t.shareIn, barMaxWidth: 12, data: values.map((v) => v.share), label: { show: true, position: "right", formatter: ({ value }: { value: number }) => f.percent(value) } },
      { type: "bar", name: t.shareBase, barMaxWidth: 12, itemStyle: { opacity: 0.45 }, data: values.map((v) => v.base_share) },
    ],
  };
}
