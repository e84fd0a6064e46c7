// What the audience is made of, and what is made of it.
import { Card } from "antd";
import { useMemo } from "react";
import { Link } from "react-router";
import { useGet } from "../../api/hooks";
import { useTexts } from "../../i18n";
import { audience } from "../../i18n/audience";
import { Answered, Nothing } from "../../parts";
import { useFields, useTitle } from "../../parts/condition/fields";
import type { GraphTold } from "./types";

const PLACE: Readonly<Record<string, (name: string) => string>> = { tags: (n) => `/tags/${n}`, audiences: (n) => `/audiences/${n}`, sources: () => "/data/sources", personas: () => "/personas" };

export default function Graph({ name, title }: { name: string; title: string }) {
  const t = useTexts(audience);
  const found = useGet<GraphTold>("/audience-graph", { name });
  const fields = useFields();
  const word = useTitle();
  const titles = useMemo(() => {
    const all = fields.data ? [...fields.data.fields, ...fields.data.sources, ...fields.data.audiences] : [];
    return new Map(all.map((one) => [one.name, word(one)]));
  }, [fields.data]);
  const read = (n: string) => titles.get(n) ?? n;
  return (
    <Answered of={found}>{({ audiences }) => {
      const node = audiences[0];
      if (!node) return <Nothing title={t.nothingReads} />;
      const left = Object.entries(node.reads).flatMap(([kind, names]) => names.map((n) => ({ kind, name: n })));
      const right = Object.entries(node.read_by).flatMap(([kind, names]) => names.map((n) => ({ kind, name: n })));
      const lists = (parts: Readonly<Record<string, readonly string[]>>) => Object.entries(parts).filter(([, names]) => names.length).map(([kind, names]) => (
        <div key={kind}><span className="quiet">{groupName(kind)}</span>
          <ul className="link-list">{names.map((n) => { const to = PLACE[kind]?.(n); return <li key={n}>{to ? <Link to={to}>{read(n)}</Link> : read(n)}</li>; })}</ul></div>
      ));
      return (
        <>
          <Card className="wide-only">
            <Drawing left={left.map((one) => ({ ...one, text: read(one.name) }))} right={right.map((one) => ({ ...one, text: read(one.name) }))} title={title} group={groupName}
              label={`${t.reads}: ${left.map((n) => read(n.name)).join(", ")}; ${t.readBy}: ${right.map((n) => read(n.name)).join(", ") || t.nothingReads}`} />
          </Card>
          <div className="links">
            <Card size="small" title={<h3 className="card-title">{t.reads}</h3>}>{lists(node.reads)}</Card>
            <Card size="small" title={<h3 className="card-title">{t.readBy}</h3>}>{right.length ? lists(node.read_by) : <Nothing title={t.nothingReads} />}</Card>
          </div>
        </>
      );
    }}</Answered>
  );
  function groupName(kind: string): string {
    return kind === "self" ? t.self : (t.groups[kind as "tags"] ?? kind);
  }
}

interface Named {
  readonly kind: string;
  readonly name: string;
  readonly text: string;
}

/** Left what is read, right what reads it, lines from one to the other. */
function Drawing({ left, right, title, group, label }: { left: readonly Named[]; right: readonly Named[]; title: string; group: (kind: string) => string; label: string }) {
  const [line, box, width, middle] = [44, 220, 900, 240];
  const height = Math.max(left.length, right.length, 1) * line + 24;
  const y = (n: number, count: number) => height / 2 + (n - (count - 1) / 2) * line;
  const bend = (x1: number, y1: number, x2: number, y2: number) => `M${x1},${y1} C${(x1 + x2) / 2},${y1} ${(x1 + x2) / 2},${y2} ${x2},${y2}`;
  const [from, to] = [(width - middle) / 2, (width + middle) / 2];
  const node = (one: Named, x: number, at: number) => (
    <g key={`${one.kind}:${one.name}`}>
      <rect x={x} y={at - 17} width={box} height={34} rx={6} className="node" />
      <text x={x + 10} y={at + 5}>{one.text.length > 11 ? `${one.text.slice(0, 10)}…` : one.text}</text>
      <text x={x + box - 10} y={at + 4} textAnchor="end" className="kind">{group(one.kind)}</text>
    </g>
  );
  return (
    <svg viewBox={`0 0 ${width} ${height}`} className="dependencies" role="img" aria-label={label} style={{ maxHeight: Math.max(120, height) }}>
      {left.map((one, n) => <path key={one.kind + one.name} d={bend(box, y(n, left.length), from, height / 2)} />)}
      {right.map((one, n) => <path key={one.kind + one.name} d={bend(to, height / 2, width - box, y(n, right.length))} />)}
      {left.map((one, n) => node(one, 0, y(n, left.length)))}
      <rect x={from} y={height / 2 - 20} width={middle} height={40} rx={6} className="node self" />
      <text x={width / 2} y={height / 2 + 5} textAnchor="middle" className="self">{title.length > 18 ? `${title.slice(0, 17)}…` : title}</text>
      {right.map((one, n) => node(one, width - box, y(n, right.length)))}
    </svg>
  );
}
