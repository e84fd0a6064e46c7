// Records of one customer on an ellipse, and the evidence between them. Lines and records are reached by the keyboard too.
import { useMemo, type KeyboardEvent } from "react";
import { useTexts } from "../../i18n";
import { customer } from "../../i18n/customer";
import type { Evidence, IdentityRecord } from "./types";

const WIDTH = 720;
const HEIGHT = 430;
const R = 19;
export const MOST = 36;
export type Picked = { readonly edge: Evidence } | { readonly record: IdentityRecord } | null;

interface Props {
  readonly records: readonly IdentityRecord[]; readonly linked: readonly Evidence[]; readonly selected: ReadonlySet<string>; readonly picked: Picked;
  readonly nameOf: (source: string) => string; readonly onPick: (picked: Picked) => void;
}

/** Records in an order in which what is linked lies side by side. */
function ordered(records: readonly IdentityRecord[], linked: readonly Evidence[]): readonly IdentityRecord[] {
  const near = new Map<string, string[]>();
  for (const e of linked) {
    near.set(e.left, [...(near.get(e.left) ?? []), e.right]);
    near.set(e.right, [...(near.get(e.right) ?? []), e.left]);
  }
  const known = new Map(records.map((r) => [r.digest, r]));
  const seen = new Set<string>();
  const walk = (digest: string) => {
    if (seen.has(digest) || !known.has(digest)) return;
    seen.add(digest);
    for (const next of near.get(digest) ?? []) walk(next);
  };
  for (const r of records) walk(r.digest);
  return [...seen].map((d) => known.get(d)).filter((r) => r !== undefined);
}

export function Graph({ records, linked, selected, picked, nameOf, onPick }: Props) {
  const t = useTexts(customer).identity;
  const shown = useMemo(() => ordered(records, linked).slice(0, MOST), [records, linked]);
  const places = useMemo(() => new Map(shown.map((record, n) => {
    const angle = (2 * Math.PI * n) / shown.length - Math.PI / 2;
    const alone = shown.length === 1;
    return [record.digest, { x: WIDTH / 2 + (alone ? 0 : Math.cos(angle) * (WIDTH / 2 - 80)), y: HEIGHT / 2 - 10 + (alone ? 0 : Math.sin(angle) * (HEIGHT / 2 - 50)) }];
  })), [shown]);
  const edges = linked.filter((e) => places.has(e.left) && places.has(e.right));
  const doubled = new Map<string, number>();
  const press = (act: () => void) => (event: KeyboardEvent) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      act();
    }
  };
  const path = (edge: Evidence) => {
    const a = places.get(edge.left)!;
    const b = places.get(edge.right)!;
    const pair = [edge.left, edge.right].sort().join();
    const nth = doubled.get(pair) ?? 0;
    doubled.set(pair, nth + 1);
    const bend = (nth % 2 ? -1 : 1) * Math.ceil(nth / 2) * 26;
    const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
    return `M${a.x},${a.y} Q${(a.x + b.x) / 2 + (bend * (a.y - b.y)) / length},${(a.y + b.y) / 2 + (bend * (b.x - a.x)) / length} ${b.x},${b.y}`;
  };
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="group" aria-label={t.graph(String(records.length), String(linked.length))}>
      {edges.map((edge, n) => {
        const d = path(edge);
        const on = picked && "edge" in picked && picked.edge === edge;
        const pick = () => onPick({ edge });
        return (
          <g key={n}>
            <path d={d} className={`edge ${edge.kind}${on ? " on" : ""}`} />
            <path d={d} className="hit" role="button" tabIndex={0} aria-pressed={Boolean(on)} aria-label={`${t.evidence}: ${t.kinds[edge.kind]} ${edge.rule}`} onClick={pick} onKeyDown={press(pick)} />
          </g>
        );
      })}
      {shown.map((record) => {
        const at = places.get(record.digest)!;
        const on = picked && "record" in picked && picked.record.digest === record.digest;
        const pick = () => onPick({ record });
        const name = record.fields.name;
        return (
          <g key={record.digest} className={`node${name ? " person" : ""}${on ? " on" : ""}${selected.has(record.digest) ? " out" : ""}`} role="button" tabIndex={0} aria-pressed={Boolean(on)} onClick={pick} onKeyDown={press(pick)}>
            <circle cx={at.x} cy={at.y} r={R} />
            <text x={at.x} y={at.y + R + 14}>{nameOf(record.source).replace(/\s*[（(].*$/, "").slice(0, 14)}</text>
            {name && shown.length <= 16 && <text x={at.x} y={at.y + R + 28} className="soft">{name.slice(0, 14)}</text>}
            <text x={at.x} y={at.y + 4} className="soft">{record.rows > 999 ? "999+" : record.rows}</text>
          </g>
        );
      })}
    </svg>
  );
}
