// What the audience is made of, and what is made of it.
import { Card } from "antd";
import { useMemo } from "react";
import { Link, useNavigate } from "react-router";
import { useGet } from "../../api/hooks";
import { useTexts } from "../../i18n";
import { audience } from "../../i18n/audience";
import { Chart } from "../../charts/Chart";
import { Answered, Nothing } from "../../parts";
import { useFields, useTitle } from "../../parts/condition/fields";
import type { GraphTold } from "./types";

const PLACE: Readonly<Record<string, (name: string) => string>> = { tags: (n) => `/tags/${n}`, audiences: (n) => `/audiences/${n}`, sources: () => "/data/sources", personas: () => "/personas" };

export default function Graph({ name, title }: { name: string; title: string }) {
  const t = useTexts(audience);
  const navigate = useNavigate();
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
      const lay = (items: typeof left, x: number) => items.map((one, n) => ({ id: `${x}:${one.kind}:${one.name}`, name: read(one.name), kind: one.kind, raw: one.name, x, y: (n - (items.length - 1) / 2) * 44, category: one.kind }));
      const nodes = [...lay(left, -300), { id: "self", name: title, kind: "self", raw: name, x: 0, y: 0, category: "self" }, ...lay(right, 300)];
      const kinds = [...new Set(nodes.map((n) => n.category))];
      const option = {
        tooltip: { show: false }, legend: { top: 0, left: 0, data: kinds.map((k) => groupName(k)), icon: "roundRect", itemWidth: 12, itemHeight: 8 },
        series: [{
          type: "graph", layout: "none", roam: false, edgeSymbol: ["none", "arrow"], edgeSymbolSize: 7, lineStyle: { curveness: 0.05, width: 1.2, color: "#8c8c8c" }, symbol: "roundRect", symbolSize: [10, 18],
          left: 150, right: 150, top: 48, bottom: 20, label: { show: true, position: "right", width: 140, overflow: "truncate" }, categories: kinds.map((k) => ({ name: groupName(k) })),
          data: nodes.map((n) => ({ ...n, category: kinds.indexOf(n.category), label: { position: n.x < 0 ? "left" : n.x > 0 ? "right" : "bottom" } })),
          links: [...left.map((one) => ({ source: `-300:${one.kind}:${one.name}`, target: "self" })), ...right.map((one) => ({ source: "self", target: `300:${one.kind}:${one.name}` }))],
        }],
      };
      const lists = (parts: Readonly<Record<string, readonly string[]>>) => Object.entries(parts).filter(([, names]) => names.length).map(([kind, names]) => (
        <div key={kind}><span className="quiet">{groupName(kind)}</span>
          <ul className="link-list">{names.map((n) => { const to = PLACE[kind]?.(n); return <li key={n}>{to ? <Link to={to}>{read(n)}</Link> : read(n)}</li>; })}</ul></div>
      ));
      return (
        <>
          <Card>
            <Chart option={option} height={Math.max(260, Math.max(left.length, right.length) * 46 + 100)} label={`${t.reads}: ${left.map((n) => read(n.name)).join(", ")}; ${t.readBy}: ${right.map((n) => read(n.name)).join(", ") || t.nothingReads}`}
              onPick={({ data }) => { const one = data as { kind?: string; raw?: string } | undefined; const to = one?.kind && one.raw ? PLACE[one.kind]?.(one.raw) : undefined; if (to) void navigate(to); }} />
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
