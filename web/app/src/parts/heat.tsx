// Figures drawn by their place and size, in plain HTML: sharp, readable aloud, and clickable.
import { Fragment, type ReactNode } from "react";
import { Card } from "antd";
import { Link } from "react-router";
import "./heat.css";

/** The tint of a cell: `strength` from 0 to 1 of the accent, or of the warning colour where it is negative. */
export function tint(strength: number): { background: string } | undefined {
  const part = Math.min(1, Math.abs(strength)) * 46;
  if (!Number.isFinite(part) || part < 0.5) return undefined;
  const colour = strength < 0 ? "var(--ant-color-warning)" : "var(--ant-color-primary)";
  return { background: `color-mix(in srgb, ${colour} ${part.toFixed(1)}%, var(--ant-color-bg-container))` };
}

/** A part of a page with its title, and what its figures are counted over. */
export function Section({ title, base, extra, tour, children }: { title: ReactNode; base?: ReactNode; extra?: ReactNode; tour?: string; children: ReactNode }) {
  return (
    <Card size="small" className="section" data-tour={tour} title={<h2 className="section-title">{title}</h2>} extra={extra}>
      {base && <div className="soft small section-base">{base}</div>}
      {children}
    </Card>
  );
}

export interface Track { key: string; name: ReactNode; share: number; cells: ReactNode[]; to?: string }

/** Bars beside each other's names and figures; `heads` names the columns after the bar. */
export function Tracks({ rows, heads, first, most }: { rows: Track[]; heads: ReactNode[]; first: ReactNode; most?: number }) {
  const top = most ?? Math.max(...rows.map((row) => row.share), 1e-9);
  return (
    <div className={heads.length > 2 ? "tracks wide" : "tracks"}>
      <span className="head">{first}</span><span />{heads.map((head, n) => <span key={n} className="head end">{head}</span>)}
      {rows.map((row) => (
        <Fragment key={row.key}>
          <span>{row.to ? <Link to={row.to}>{row.name}</Link> : row.name}</span>
          <span className="track" aria-hidden><i style={{ width: `${(row.share / top) * 100}%` }} /></span>
          {row.cells.map((cell, n) => <span key={n} className="end">{cell}</span>)}
        </Fragment>
      ))}
    </div>
  );
}
