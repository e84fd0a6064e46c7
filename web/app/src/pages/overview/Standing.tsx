// Where customers stand: the RFM grid, its classes, and the lifecycle.
import { useState } from "react";
import { Button, Segmented } from "antd";
import { Link } from "react-router";
import { Nothing } from "../../parts";
import { Section, tint, Tracks } from "../../parts/heat";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { overview } from "../../i18n/overview";
import { audienceOf, type Overview, type Stages } from "./types";

export function Lacking({ part, to }: { part: "worth" | "lifecycle" | "rfm" | "regions" | "activity"; to?: string }) {
  const t = useTexts(overview);
  const place = to ?? (part === "activity" ? "/data/sources" : "/tags");
  return <Nothing title={t.lacks[part].title} hint={t.lacks[part].hint} action={<Link to={place}><Button>{place === "/tags" ? t.toTags : t.toSources}</Button></Link>} />;
}

export function useBase(of: Overview) {
  const t = useTexts(overview);
  const f = useFormats();
  return (known: number, missing: number) => `${t.base(f.count(known), f.day(of.as_of))}${missing ? ` · ${t.without(f.count(missing))}` : ""}`;
}

export function StageTracks({ of }: { of: Stages }) {
  const t = useTexts(overview);
  const f = useFormats();
  const language = useLanguage();
  const worth = of.values.some((one) => one.worth_share !== null);
  return (
    <Tracks
      first={t.stage}
      heads={worth ? [t.count, t.share, t.worthShare] : [t.count, t.share]}
      rows={of.values.map((one) => ({
        key: String(one.value), name: titleOf(one.title, String(one.value), language), share: one.share ?? 0, to: audienceOf(one.when),
        cells: [f.count(one.count), f.percent(one.share), ...(worth ? [f.percent(one.worth_share)] : [])],
      }))}
    />
  );
}

export function Rfm({ of }: { of: Overview }) {
  const t = useTexts(overview);
  const f = useFormats();
  const base = useBase(of);
  const [by, setBy] = useState<"count" | "worth">("count");
  const rfm = of.rfm;
  if (!rfm) return <Section title={t.rfm}><Lacking part="rfm" /></Section>;
  const shown = (cell: { share: number | null; worth_share: number | null }) => (by === "count" ? cell.share : cell.worth_share) ?? 0;
  const most = Math.max(...rfm.cells.map(shown), 1e-9);
  const worth = rfm.cells.some((cell) => cell.worth_share !== null);
  return (
    <Section
      title={t.rfm}
      tour="rfm"
      base={`${base(rfm.known, rfm.missing)} · ${t.rfmHint}`}
      extra={worth && <Segmented size="small" value={by} onChange={setBy} options={[{ value: "count", label: t.byCount }, { value: "worth", label: t.byWorth }]} />}
    >
      <div className="rfm-axes" aria-hidden><span>{t.frequency}</span><span>{t.recency}</span></div>
      <div className="scroll">
          <table className="heat centred">
            <thead><tr><th aria-label={t.rfm} />{rfm.levels.r.map((r) => <th key={r} scope="col">R{r}</th>)}</tr></thead>
            <tbody>
              {[...rfm.levels.f].reverse().map((level) => (
                <tr key={level}>
                  <th scope="row">F{level}</th>
                  {rfm.levels.r.map((r) => {
                    const cell = rfm.cells.find((one) => one.r === r && one.f === level);
                    if (!cell) return <td key={r} />;
                    return (
                      <td key={r} style={tint(shown(cell) / most)}>
                        <Link to={audienceOf(cell.when)} title={t.cell(String(r), String(level), f.count(cell.count), f.percent(cell.share))}>
                          <span className="visually-hidden">R{r} F{level} </span>
                          {by === "count" ? f.count(cell.count) : f.percent(cell.worth_share)}<small>{by === "count" ? f.percent(cell.share) : f.count(cell.count)}</small>
                        </Link>
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
      </div>
    </Section>
  );
}

export function Lifecycle({ of }: { of: Overview }) {
  const t = useTexts(overview);
  const base = useBase(of);
  const classes = of.rfm?.classes;
  return (
    <Section title={t.lifecycle} base={of.lifecycle && base(of.lifecycle.known, of.lifecycle.missing)}>
      {of.lifecycle ? <StageTracks of={of.lifecycle} /> : <Lacking part="lifecycle" />}
      {classes && (
        <>
          <h3 className="section-title" style={{ marginBlock: "18px 2px", fontSize: 14 }}>{t.classes}</h3>
          <div className="soft small section-base">{base(classes.known, classes.missing)}</div>
          <StageTracks of={classes} />
        </>
      )}
    </Section>
  );
}
