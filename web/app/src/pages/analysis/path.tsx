// What customers did next after an event, or last before it.
import { useMemo, useState } from "react";
import { Button, Checkbox, Segmented, Table, Tag } from "antd";
import { DeleteOutlined, PlusOutlined } from "../../icons";
import { useAsk } from "../../api/hooks";
import { Chart } from "../../charts/Chart";
import { Section } from "../../parts/heat";
import { SERIES } from "../../shell/theme";
import { useSettings } from "../../shell/settings";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { analysis } from "../../i18n/analysis";
import { AnalysisPage, Ask, AudiencePicker, dated, EventPicker, Labelled, Nobody, NumberPicker, numberIn, readEvent, Result, useBaseOf, useQuestion, writeEvent, type Event, type Head, type Known } from "./parts";

interface Node { kind: "anchor" | "event" | "other" | "end"; source: string | null; title: unknown; value: string | null }
interface Told extends Head {
  anchor: { source: string; title: unknown; where: string | null; customers: number }; direction: "after" | "before"; window_days: number; journeys: number;
  nodes: (Node & { id: string; step: number; customers: number; share: number | null })[]; links: { from: string; to: string; customers: number }[]; paths: { nodes: Node[]; customers: number; share: number | null }[];
}
interface Question { anchor: Event; events: Event[]; direction: "after" | "before"; depth: number; window: number; top: number; audience: string }

/** The field that usually tells events apart. */
function usualBy(known: Known, name: string): string | undefined {
  const fields = known.sources.find((one) => one.name === name)?.fields ?? [];
  return fields.find((one) => one.type === "text" && ["event", "event_name", "action", "kind", "type"].includes(one.name))?.name;
}

function Form({ known, question, ask, busy }: { known: Known; question: Question; ask: (question: Question) => void; busy: boolean }) {
  const t = useTexts(analysis);
  const [draft, setDraft] = useState(question);
  const change = (part: Partial<Question>) => setDraft((now) => ({ ...now, ...part }));
  const { events } = draft;
  const left = dated(known).find((one) => !events.some((event) => event.source === one.name));
  return (
    <Ask onRun={() => ask(draft)} busy={busy}>
      <Labelled name={t.path.anchor}><EventPicker known={known} name={t.path.anchor} value={draft.anchor} onChange={(anchor) => change({ anchor })} /></Labelled>
      <Labelled name={t.path.direction}><Segmented value={draft.direction} onChange={(direction) => change({ direction })} options={(["after", "before"] as const).map((value) => ({ value, label: t.path.directions[value] }))} /></Labelled>
      <div className="steps">
        <span className="name">{t.path.events}</span>
        {events.map((event, n) => (
          <div className="one" key={`${n}-${event.source}`}>
            <EventPicker known={known} by name={`${t.source} ${n + 1}`} value={event} onChange={(one) => change({ events: events.map((other, at) => (at === n ? one : other)) })} />
            <Button type="text" size="small" icon={<DeleteOutlined />} aria-label={`${t.source} ${n + 1} ${t.removeOne}`} disabled={events.length <= 1} onClick={() => change({ events: events.filter((_, at) => at !== n) })} />
          </div>
        ))}
        <div><Button icon={<PlusOutlined />} size="small" disabled={events.length >= 12 || !left} onClick={() => left && change({ events: [...events, { source: left.name, by: usualBy(known, left.name) }] })}>{t.add}</Button></div>
      </div>
      <NumberPicker name={t.path.depth} value={draft.depth} least={1} most={8} onChange={(depth) => change({ depth })} />
      <NumberPicker name={t.window} value={draft.window} least={1} most={366} after={t.days} onChange={(window) => change({ window })} />
      <NumberPicker name={t.path.top} value={draft.top} least={1} most={30} onChange={(top) => change({ top })} />
      <AudiencePicker known={known} value={draft.audience} onChange={(audience) => change({ audience })} />
    </Ask>
  );
}

function Shown({ of, known }: { of: Told; known: Known }) {
  const t = useTexts(analysis);
  const f = useFormats();
  const language = useLanguage();
  const { dark } = useSettings();
  const base = useBaseOf();
  const [ends, setEnds] = useState(false);
  const anchor = titleOf(of.anchor.title, of.anchor.source, language);
  const name = (node: Node) => (node.kind === "anchor" ? anchor : node.kind === "end" ? t.path.end : node.kind === "other" ? t.path.other : `${titleOf(node.title, node.source ?? "", language).replace(/（.*?）|\(.*?\)/g, "").trim()}${node.value ? `·${node.value}` : ""}`);
  const option = useMemo(() => {
    const series = dark ? SERIES.dark : SERIES.light;
    const sources = [...new Set(of.nodes.map((one) => one.source).filter((one) => one !== null))];
    const grey = dark ? "#5c6670" : "#b3bcc6";
    const soft = dark ? "rgba(255,255,255,0.85)" : "rgba(0,0,0,0.85)";
    const colour = (node: Node) => (node.kind === "anchor" ? series[0] : node.source === null ? grey : series[(sources.indexOf(node.source) + 1) % series.length]);
    const back = of.direction === "before";
    const links = of.links.filter((one) => ends || !one.to.endsWith(":end"));
    const joined = new Set(links.flatMap((one) => [one.from, one.to]));
    const nodes = of.nodes.filter((one) => joined.has(one.id));
    const last = Math.max(0, ...nodes.map((one) => one.step));
    const known = new Map(of.nodes.map((one) => [one.id, one]));
    return {
      tooltip: {
        trigger: "item",
        formatter: (at: { dataType: string; name: string; value: number; data: { source?: string; target?: string } }) => {
          if (at.dataType === "edge") {
            const [from, to] = [known.get(at.data.source ?? ""), known.get(at.data.target ?? "")];
            return from && to ? `${name(from)} → ${name(to)}\n${t.count} ${f.count(at.value)}` : "";
          }
          const node = known.get(at.name);
          return node ? `${name(node)}\n${t.count} ${f.count(node.customers)} · ${f.percent(node.share)}` : "";
        },
      },
      series: [{
        type: "sankey", left: 8, right: back ? 24 : 200, top: 8, bottom: 8, nodeGap: 20, nodeWidth: 12, draggable: false, layoutIterations: 32, labelLayout: { hideOverlap: true }, emphasis: { focus: "adjacency" },
        lineStyle: { color: "source", opacity: 0.28, curveness: 0.5 },
        label: { color: soft, fontSize: 12, position: "right", formatter: ({ name: id }: { name: string }) => { const node = known.get(id); return node ? `${name(node)}  ${f.count(node.customers)}` : ""; } },
        data: nodes.map((one) => ({ name: one.id, depth: back ? last - one.step : one.step, itemStyle: { color: colour(one) } })),
        links: links.map((one) => (back ? { source: one.to, target: one.from, value: one.customers } : { source: one.from, target: one.to, value: one.customers })),
      }],
    };
  }, [of, dark, f, t, language, ends]);
  if (!of.journeys) return <Nobody />;
  const steps = Math.max(...of.nodes.map((one) => of.nodes.filter((other) => other.step === one.step).length));
  return (
    <>
      <Section title={t.path.flow} base={`${base(of, known)} · ${t.path.journeys(f.count(of.journeys))} · ${t.window} ${of.window_days} ${t.days}`} extra={<Checkbox checked={ends} onChange={(event) => setEnds(event.target.checked)}>{t.path.showEnd}</Checkbox>}>
        <div className="wide-chart" tabIndex={0} role="region" aria-label={t.path.flow}><Chart option={option} height={Math.max(360, steps * 64)} label={t.path.label(f.count(of.journeys))} /></div>
      </Section>
      <Section title={t.path.frequent} base={base(of, known)}>
        <Table
          size="small" rowKey={(_, n) => String(n)} pagination={false} dataSource={of.paths.slice(0, 12)} scroll={{ x: "max-content" }}
          columns={[
            { title: t.path.path, render: (_, one) => {
              const chain = one.nodes.map(name);
              const whole = of.direction === "before" ? [...chain].reverse().concat(anchor) : [anchor, ...chain];
              return <span className="chain">{whole.map((text, n) => <span key={n}>{n > 0 && "→ "}<Tag color={text === anchor && (of.direction === "before" ? n === whole.length - 1 : n === 0) ? "blue" : undefined}>{text}</Tag></span>)}{!chain.length && <span className="soft small">{t.path.nothing}</span>}</span>;
            } },
            { title: t.count, align: "right", render: (_, one) => f.count(one.customers) },
            { title: t.share, align: "right", render: (_, one) => f.percent(one.share) },
          ]}
        />
      </Section>
    </>
  );
}

function Asked({ known }: { known: Known }) {
  const all = dated(known).filter((one) => ["order", "event", "interaction"].includes(one.entity));
  const usual = all.length ? all : dated(known);
  const { question, key, ask } = useQuestion<Question>(
    (search) => ({
      anchor: readEvent(search.get("anchor") ?? (usual.find((one) => one.entity === "event") ?? usual[0]).name), direction: search.get("direction") === "before" ? "before" : "after", depth: numberIn(search, "depth", 4), window: numberIn(search, "window", 30), top: numberIn(search, "top", 5),
      events: search.has("event") ? search.getAll("event").map(readEvent) : usual.slice(0, 4).map((one) => ({ source: one.name, by: usualBy(known, one.name) })), audience: search.get("audience") ?? "",
    }),
    (q) => ({ anchor: writeEvent(q.anchor), direction: q.direction, event: q.events.map(writeEvent), depth: q.depth, window: q.window, top: q.top, audience: q.audience }),
  );
  const found = useAsk<Told>("/analysis/path", { ...question, audience: question.audience || null });
  return <><Form key={key} known={known} question={question} ask={ask} busy={found.isFetching} /><Result of={found}>{(told) => <Shown of={told} known={known} />}</Result></>;
}

export default function Paths() {
  const t = useTexts(analysis).path;
  return <AnalysisPage title={t.title} about={t.about} needsEvents>{(known) => <Asked known={known} />}</AnalysisPage>;
}
