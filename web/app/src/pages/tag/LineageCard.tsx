// Where a tag comes from and where it goes, drawn in columns from left to right. Each box leads to what it names.
import { useMemo } from "react";
import { Card } from "antd";
import { useNavigate } from "react-router";
import { useGet } from "../../api/hooks";
import { Answered } from "../../parts";
import { useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { tags } from "../../i18n/tags";
import { useTitle } from "../tags/parts";
import type { Lineage, Node } from "../tags/types";

const WIDTH = 158, HEIGHT = 42, GAP_X = 46, GAP_Y = 12, PAD = 8;
const ROOTS: Readonly<Record<string, string>> = { tag: "/tags/", audience: "/audiences/" };

interface Placed extends Node { readonly x: number; readonly y: number }

/** Columns by the longest way from a source; within one, in the order of what stands to the left. */
function place(of: Lineage): { nodes: readonly Placed[]; width: number; height: number } {
  const before = new Map<string, string[]>();
  for (const [from, to] of of.edges) before.set(to, [...(before.get(to) ?? []), from]);
  const depths = new Map<string, number>();
  const depth = (id: string, seen: ReadonlySet<string>): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    if (seen.has(id)) return 0;
    const found = Math.max(-1, ...(before.get(id) ?? []).map((one) => depth(one, new Set([...seen, id])))) + 1;
    depths.set(id, found);
    return found;
  };
  const columns = new Map<number, Node[]>();
  for (const node of of.nodes) columns.set(depth(node.id, new Set()), [...(columns.get(depth(node.id, new Set())) ?? []), node]);
  const most = Math.max(...[...columns.values()].map((c) => c.length));
  const height = most * (HEIGHT + GAP_Y) + PAD * 2;
  const rows = new Map<string, number>();
  const placed: Placed[] = [];
  for (const column of [...columns.keys()].sort((a, b) => a - b)) {
    const own = columns.get(column) ?? [];
    const middle = (node: Node) => { const ys = (before.get(node.id) ?? []).map((id) => rows.get(id) ?? 0); return ys.length ? ys.reduce((a, b) => a + b, 0) / ys.length : 0; };
    const sorted = [...own].sort((a, b) => middle(a) - middle(b));
    const top = (height - sorted.length * (HEIGHT + GAP_Y) + GAP_Y) / 2;
    sorted.forEach((node, i) => { const y = top + i * (HEIGHT + GAP_Y); rows.set(node.id, y); placed.push({ ...node, x: PAD + column * (WIDTH + GAP_X), y }); });
  }
  return { nodes: placed, width: PAD * 2 + columns.size * (WIDTH + GAP_X) - GAP_X, height };
}

function cut(text: string): string {
  let room = 21;
  for (let i = 0; i < text.length; i += 1) {
    room -= text.charCodeAt(i) > 255 ? 1.75 : 1;
    if (room < 0) return `${text.slice(0, i - 1)}…`;
  }
  return text;
}

function Graph({ of }: { of: Lineage }) {
  const t = useTexts(tags).page;
  const go = useNavigate();
  const title = useTitle();
  const { nodes, width, height } = useMemo(() => place(of), [of]);
  const at = new Map(nodes.map((node) => [node.id, node]));
  const box = (node: Placed) => {
    const root = node.side === "self" ? undefined : ROOTS[node.kind];
    const kind = t.kindsOf[node.kind as keyof typeof t.kindsOf];
    const name = title(node.title, node.name);
    const inner = (
      <g transform={`translate(${node.x} ${node.y})`} className={`${node.side}${node.status && node.status !== "online" ? " off" : ""}`}>
        <title>{`${kind} ${name} (${node.name})`}</title>
        <rect className="box" width={WIDTH} height={HEIGHT} rx={5} />
        <text className="kind" x={10} y={16}>{kind}</text>
        <text x={10} y={33}>{cut(name)}</text>
      </g>
    );
    return root ? <a key={node.id} href={`${root}${node.name}`} onClick={(e) => { e.preventDefault(); void go(`${root}${node.name}`); }}>{inner}</a> : <g key={node.id}>{inner}</g>;
  };
  return (
    <div className="lineage" tabIndex={0} role="group" aria-label={t.lineageNote}>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
        {of.edges.map(([from, to]) => {
          const a = at.get(from), b = at.get(to);
          if (!a || !b) return null;
          const [x1, y1, x2, y2] = [a.x + WIDTH, a.y + HEIGHT / 2, b.x, b.y + HEIGHT / 2];
          return <path key={`${from}>${to}`} d={`M${x1} ${y1}C${x1 + GAP_X / 2} ${y1} ${x2 - GAP_X / 2} ${y2} ${x2} ${y2}`} />;
        })}
        {nodes.map(box)}
      </svg>
    </div>
  );
}

export function LineageCard({ name }: { name: string }) {
  const t = useTexts(tags).page;
  const f = useFormats();
  const found = useGet<Lineage>(`/tags/${name}/lineage`);
  return (
    <Card size="small" title={t.tabs.lineage}>
      <Answered of={found}>{(of) => <><p className="soft small" style={{ marginBlockStart: 0 }}>{t.lineageNote}</p><Graph of={of} />{of.left_out > 0 && <div className="soft small">{t.leftOut(f.count(of.left_out))}</div>}</>}</Answered>
    </Card>
  );
}
