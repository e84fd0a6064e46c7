// Which values of different tags the same customers have.
import { useMemo, useState } from "react";
import { Checkbox, Grid, Select, Table } from "antd";
import { Link } from "react-router";
import { useAsk } from "../../api/hooks";
import { Chart } from "../../charts/Chart";
import { Section } from "../../parts/heat";
import { Nothing } from "../../parts";
import { SERIES } from "../../shell/theme";
import { useSettings } from "../../shell/settings";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { analysis } from "../../i18n/analysis";
import { AnalysisPage, Ask, AudiencePicker, audienceOf, Labelled, NumberPicker, numberIn, Result, useBaseOf, useQuestion, useTagOptions, useValue, type Head, type Known } from "./parts";

interface Node { id: string; tag: string; title: unknown; value: unknown; value_title: unknown; customers: number; share: number | null; when: string; edges: number }
interface Edge { from: string; to: string; customers: number; known: number; lift: number; phi: number; q: number }
interface Told extends Head { tags: string[]; tested: number; significant: number; nodes: Node[]; edges: Edge[] }
interface Question { tags: string[]; edges: number; both: boolean; audience: string }

function Form({ known, question, ask, busy }: { known: Known; question: Question; ask: (question: Question) => void; busy: boolean }) {
  const t = useTexts(analysis);
  const [draft, setDraft] = useState(question);
  const options = useTagOptions(known, ["enum", "boolean", "list"]);
  const change = (part: Partial<Question>) => setDraft((now) => ({ ...now, ...part }));
  return (
    <Ask onRun={() => ask(draft)} busy={busy} disabled={draft.tags.length === 1}>
      <Labelled name={t.network.tags}>
        <Select mode="multiple" aria-label={t.network.tags} style={{ width: 380 }} maxTagCount={4} maxCount={30} allowClear value={draft.tags} placeholder={t.network.auto} showSearch={{ optionFilterProp: "search" }} onChange={(tags: string[]) => change({ tags })} options={options} />
      </Labelled>
      <NumberPicker name={t.network.edges} value={draft.edges} least={1} most={300} onChange={(edges) => change({ edges })} />
      <AudiencePicker known={known} value={draft.audience} onChange={(audience) => change({ audience })} />
      <Checkbox checked={draft.both} onChange={(event) => change({ both: event.target.checked })}>{t.network.both}</Checkbox>
    </Ask>
  );
}

function Shown({ of, known }: { of: Told; known: Known }) {
  const t = useTexts(analysis);
  const f = useFormats();
  const language = useLanguage();
  const { dark } = useSettings();
  const base = useBaseOf();
  const value = useValue();
  const nodes = new Map(of.nodes.map((one) => [one.id, one]));
  const short = (one: Node) => (typeof one.value === "boolean" ? titleOf(one.title, one.tag, language) : value(one.value, one.value_title));
  const full = (one: Node) => (typeof one.value === "boolean" ? `${titleOf(one.title, one.tag, language)}：${value(one.value, null)}` : `${titleOf(one.title, one.tag, language)}：${short(one)}`);
  const phone = !(Grid.useBreakpoint().md ?? true); // a ring fits any width, forces don't
  const option = useMemo(() => {
    const series = dark ? SERIES.dark : SERIES.light;
    const tags = [...new Set(of.nodes.map((one) => one.tag))];
    const titles = tags.map((tag) => titleOf(of.nodes.find((one) => one.tag === tag)?.title, tag, language));
    const symbols = ["circle", "rect", "triangle", "diamond", "roundRect", "pin"];
    const least = dark ? "#f0964a" : "#c8590a";
    return {
      legend: { type: "scroll", top: 0, left: 0, itemGap: 16, itemWidth: 12, itemHeight: 12, data: titles.map((title, n) => ({ name: title, icon: symbols[Math.floor(n / series.length) % symbols.length] })) },
      tooltip: {
        formatter: (at: { dataType: string; data: { id?: string; at?: number } }) => {
          if (at.dataType === "edge") {
            const edge = of.edges[at.data.at ?? 0];
            const [a, b] = [nodes.get(edge.from), nodes.get(edge.to)];
            return a && b ? `${full(a)} ~ ${full(b)}\n${t.network.lift} ${f.number(edge.lift, 2)} · φ ${f.number(edge.phi, 2)}\n${t.network.together} ${f.count(edge.customers)}` : "";
          }
          const node = nodes.get(at.data.id ?? "");
          return node ? `${full(node)}\n${t.count} ${f.count(node.customers)} · ${f.percent(node.share)}` : "";
        },
      },
      series: [{
        type: "graph", ...(phone ? { layout: "circular", circular: { rotateLabel: true } } : { layout: "force" }), top: phone ? 96 : 50, bottom: phone ? 64 : 24, left: phone ? 64 : 40, right: phone ? 64 : 60, roam: false, draggable: false, force: { repulsion: 190, edgeLength: [40, 130], gravity: 0.12, layoutAnimation: false }, emphasis: { focus: "adjacency" },
        categories: tags.map((_, n) => ({ name: titles[n], itemStyle: { color: series[n % series.length] }, symbol: symbols[Math.floor(n / series.length) % symbols.length] })),
        label: { show: true, position: "right", fontSize: 12, color: dark ? "rgba(255,255,255,0.85)" : "rgba(0,0,0,0.85)", formatter: ({ data }: { data: { text: string } }) => data.text }, labelLayout: { hideOverlap: true },
        data: of.nodes.map((one) => ({ id: one.id, name: one.id, text: short(one), category: tags.indexOf(one.tag), symbolSize: 9 + 26 * Math.sqrt(one.share ?? 0), symbol: symbols[Math.floor(tags.indexOf(one.tag) / series.length) % symbols.length] })),
        edges: of.edges.map((one, n) => ({ source: one.from, target: one.to, at: n, value: Math.abs(one.phi), lineStyle: { width: 1 + 8 * Math.abs(one.phi), opacity: 0.45, color: one.phi < 0 ? least : dark ? "#8c99a6" : "#7d8995", type: one.phi < 0 ? "dashed" : "solid" } })),
      }],
    };
  }, [of, dark, f, t, language, phone]);
  if (!of.edges.length) return <Section title={t.network.graph} base={`${base(of, known)} · ${t.network.tested(f.count(of.tested), f.count(of.significant))}`}><Nothing title={t.network.none} hint={t.network.noneHint} /></Section>;
  const when = (edge: Edge) => `${nodes.get(edge.from)?.when} AND ${nodes.get(edge.to)?.when}`;
  return (
    <>
      <Section title={t.network.graph} base={`${base(of, known)} · ${t.network.tested(f.count(of.tested), f.count(of.significant))}`}>
        <div className={phone ? undefined : "wide-chart"} tabIndex={0} role="region" aria-label={t.network.graph}><Chart option={option} height={phone ? 460 : 620} label={t.network.label(of.nodes.length, of.edges.length)} /></div>
      </Section>
      <Section title={t.network.list} base={base(of, known)}>
        <Table
          size="small" rowKey={(one) => `${one.from}-${one.to}`} dataSource={of.edges} pagination={{ pageSize: 15, size: "small", showSizeChanger: false }} scroll={{ x: "max-content" }}
          columns={[
            { title: t.network.pair, render: (_, one) => { const [a, b] = [nodes.get(one.from), nodes.get(one.to)]; return a && b && <Link to={audienceOf(when(one))}>{full(a)} ~ {full(b)}</Link>; } },
            { title: t.network.phi, align: "right", sorter: (a, b) => a.phi - b.phi, render: (_, one) => f.number(one.phi, 2) },
            { title: t.network.lift, align: "right", sorter: (a, b) => a.lift - b.lift, render: (_, one) => f.number(one.lift, 2) },
            { title: t.network.together, align: "right", sorter: (a, b) => a.customers - b.customers, render: (_, one) => f.count(one.customers) },
            { title: t.network.q, align: "right", render: (_, one) => (one.q < 0.001 ? "< 0.001" : f.number(one.q, 3)) },
          ]}
        />
      </Section>
    </>
  );
}

function Asked({ known }: { known: Known }) {
  const { question, key, ask } = useQuestion<Question>(
    (search) => ({ tags: search.getAll("tag"), edges: numberIn(search, "edges", 40), both: search.get("both") === "1", audience: search.get("audience") ?? "" }),
    (q) => ({ tag: q.tags, edges: q.edges, both: q.both ? "1" : undefined, audience: q.audience }),
  );
  const found = useAsk<Told>("/analysis/network", { ...question, audience: question.audience || null });
  return <><Form key={key} known={known} question={question} ask={ask} busy={found.isFetching} /><Result of={found}>{(told) => <Shown of={told} known={known} />}</Result></>;
}

export default function Network() {
  const t = useTexts(analysis).network;
  return <AnalysisPage title={t.title} about={t.about}>{(known) => <Asked known={known} />}</AnalysisPage>;
}
