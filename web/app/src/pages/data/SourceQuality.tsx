// One source: its history, why rows were set aside, what was repaired, and every column.
import { useMemo } from "react";
import { Alert, Button, Table } from "antd";
import { Chart } from "../../charts/Chart";
import { Section, Tracks } from "../../parts/heat";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { data } from "../../i18n/data";
import { useFormats } from "../../i18n/format";
import { LightMark, ShareBar } from "./marks";
import type { Finding, QualitySource } from "./types";

function History({ of }: { of: QualitySource }) {
  const t = useTexts(data).quality;
  const f = useFormats();
  const lines = of.trend;
  const option = useMemo(() => {
    const shares = lines.flatMap((one) => [one.complete, one.valid_rows]).filter((one): one is number => one !== null);
    const floor = Math.floor(Math.max(0, Math.min(...shares, 1) - 0.05) * 10) / 10;
    return {
      grid: { left: 8, right: 8, top: 44, bottom: 4, containLabel: true }, legend: { top: 4, left: 4, itemGap: 20 }, tooltip: { trigger: "axis" },
      xAxis: { type: "category", data: lines.map((one) => f.time(one.snapshot.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d).*$/, "$1-$2-$3T$4:$5Z")).slice(5)) },
      yAxis: [{ type: "value", min: floor, max: 1, axisLabel: { formatter: (v: number) => f.percent(v, 0) } }, { type: "value", axisLabel: { formatter: (v: number) => f.short(v) }, splitLine: { show: false } }],
      series: [
        { name: t.completeLine, type: "line", data: lines.map((one) => one.complete), tooltip: { valueFormatter: (v: number) => f.percent(v) } },
        { name: t.validLine, type: "line", symbol: "rect", lineStyle: { type: "dashed" }, data: lines.map((one) => one.valid_rows), tooltip: { valueFormatter: (v: number) => f.percent(v) } },
        { name: t.rowsLine, type: "bar", yAxisIndex: 1, barMaxWidth: 24, itemStyle: { opacity: 0.35 }, data: lines.map((one) => one.rows), tooltip: { valueFormatter: (v: number) => f.count(v) } },
      ],
    };
  }, [lines, f, t]);
  const last = lines.at(-1);
  return (
    <Section title={t.history} base={t.historyBase(lines.length)}>
      {lines.length < 2 ? <span className="soft">{t.oneBuild}</span> : <Chart option={option} height={240} label={`${t.history}: ${t.completeLine} ${f.percent(last?.complete)}, ${t.validLine} ${f.percent(last?.valid_rows)}, ${t.rowsLine} ${f.count(last?.rows)}`} />}
    </Section>
  );
}

export function SourceQuality({ of, findings, onRows }: { of: QualitySource; findings: readonly Finding[]; onRows: (which: "rejected" | "repairs") => void }) {
  const t = useTexts(data);
  const f = useFormats();
  const language = useLanguage();
  const repairs = [...of.repairs.reduce((all, one) => all.set(one.kind, { text: one.text, values: (all.get(one.kind)?.values ?? 0) + one.values }), new Map<string, { text: typeof of.repairs[number]["text"]; values: number }>())].sort((a, b) => b[1].values - a[1].values);
  return (
    <>
      {findings.map((one, n) => <Alert key={n} type={one.light === "bad" ? "error" : "warning"} showIcon title={titleOf(one.text, "", language)} description={titleOf(one.advice, "", language)} />)}
      <div className="two-columns">
        <Section title={t.quality.reasons} base={t.quality.rows(f.count(of.set_aside))} extra={of.set_aside > 0 && <Button size="small" onClick={() => onRows("rejected")}>{t.quality.showRows}</Button>}>
          {of.reasons.length ? <Tracks first={t.quality.reason} heads={[t.quality.rowsLine, "%"]} rows={of.reasons.map((one) => ({ key: one.code, name: titleOf(one.text, one.code, language), share: one.rows / Math.max(of.set_aside, 1), cells: [f.count(one.rows), f.percent(one.rows / Math.max(of.set_aside, 1))] }))} /> : <span className="soft">{t.quality.clean}</span>}
          {of.left_out_reasons.length > 0 && <div style={{ marginBlockStart: 16 }}><Tracks first={t.quality.leftOutReasons} heads={[t.quality.rowsLine, "%"]} rows={of.left_out_reasons.map((one) => ({ key: one.code, name: titleOf(one.text, one.code, language), share: one.rows / Math.max(of.left_out, 1), cells: [f.count(one.rows), f.percent(one.rows / Math.max(of.left_out, 1))] }))} /></div>}
        </Section>
        <Section title={t.quality.repairs} base={t.quality.values(f.count(of.repaired))} extra={repairs.length > 0 && <Button size="small" onClick={() => onRows("repairs")}>{t.quality.showRows}</Button>}>
          {repairs.length ? <Tracks first={t.quality.kind} heads={["", ""]} rows={repairs.map(([kind, one]) => ({ key: kind, name: titleOf(one.text, kind, language), share: one.values / repairs[0][1].values, cells: [f.count(one.values), ""] }))} /> : <span className="soft">{t.quality.none}</span>}
        </Section>
      </div>
      <History of={of} />
      <Section title={t.quality.columns}>
        <Table
          size="small" rowKey="name" pagination={false} dataSource={of.columns} scroll={{ x: 620 }}
          columns={[
            { title: t.quality.column, key: "name", render: (_, one) => <span className="mono">{one.name}</span> },
            { title: t.sources.type, key: "type", render: (_, one) => t.types[one.type as keyof typeof t.types] ?? one.type ?? "–" },
            { title: t.quality.complete, key: "complete", render: (_, one) => <ShareBar share={one.complete} />, sorter: (a, b) => (a.complete ?? 2) - (b.complete ?? 2) },
            { title: t.quality.valid, key: "valid", align: "end", render: (_, one) => f.percent(one.valid), sorter: (a, b) => (a.valid ?? 2) - (b.valid ?? 2) },
            { title: t.quality.unique, key: "unique", align: "end", render: (_, one) => f.percent(one.unique) },
            { title: t.quality.drift, key: "drift", align: "end", render: (_, one) => f.number(one.drift, 3), sorter: (a, b) => (a.drift ?? -1) - (b.drift ?? -1) },
            { title: t.quality.repairs, key: "repaired", align: "end", render: (_, one) => f.count(one.repaired) },
            { title: t.quality.light, key: "light", render: (_, one) => (one.light ? <LightMark light={one.light} /> : "–") },
          ]}
        />
      </Section>
    </>
  );
}
