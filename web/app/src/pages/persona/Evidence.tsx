// What stands behind a statement: its figures, how sure they are, and what it rests on.
import { Button, Popover } from "antd";
import { InfoCircleOutlined } from "../../icons";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { personas } from "../../i18n/personas";
import { amount, highOf, indexOf, lowOf, type Edited, type Statement } from "./types";

const MOST = 300;
/** TGI with its interval on a scale of 0 to 300, the base at 100. */
export function Whisker({ of }: { of: Statement }) {
  const f = useFormats();
  const index = indexOf(of);
  if (index === null) return <span />;
  const place = (value: number) => `${(Math.min(Math.max(value, 0), MOST) / MOST) * 100}%`;
  const low = lowOf(of) ?? index;
  const high = highOf(of) ?? index;
  return (
    <span className={`whisker ${index >= 100 ? "more" : "less"}`} role="img" aria-label={`${f.count(index)} (${f.count(low)}–${f.count(high)})`}>
      <i style={{ insetInlineStart: place(low), width: `calc(${place(high)} - ${place(low)})`, minWidth: 2 }} /><b style={{ insetInlineStart: place(index) }} />
    </span>
  );
}

function Figures({ of }: { of: Statement }) {
  const t = useTexts(personas);
  const f = useFormats();
  const mean = of.kind === "mean";
  const rows: [string, string][] = mean
    ? [[t.figures.mean, amount(of.mean_segment, of.unit, f)], [t.figures.meanBase, amount(of.mean_base, of.unit, f)], [t.figures.median, `${amount(of.median_segment, of.unit, f)} / ${amount(of.median_base, of.unit, f)}`]]
    : [[t.figures.share, f.percent(of.share_segment)], [t.figures.base, f.percent(of.share_base)], [t.figures.count, f.count(of.count_segment)]];
  rows.push([mean ? t.figures.index : t.figures.tgi, f.count(indexOf(of))], [t.figures.interval, `${f.count(lowOf(of))}–${f.count(highOf(of))}`], [t.figures.n, f.count(of.n_segment)], [t.figures.nBase, f.count(of.n_base)],
    [t.figures.missing, `${f.percent(of.missing_segment)} / ${f.percent(of.missing_base)}`], [t.figures.q, of.q === null ? "–" : of.q < 0.001 ? "< 0.001" : f.number(of.q, 3)]);
  return <dl>{rows.map(([name, value]) => [<dt key={name}>{name}</dt>, <dd key={`${name} value`}>{value}</dd>])}</dl>;
}

export function Evidence({ of, known, edited }: { of: Statement; known: Map<string, Statement>; edited?: Edited }) {
  const t = useTexts(personas);
  const f = useFormats();
  const language = useLanguage();
  const content = (
    <div className="evidence">
      {of.kind === "advice" ? <><b>{t.because}</b><ul style={{ margin: "4px 0 0", paddingInlineStart: 18, maxWidth: 340 }}>{of.because.map((id) => <li key={id}>{titleOf(known.get(id)?.text, id, language)}</li>)}</ul><p className="soft">{t.advice}</p></> : <Figures of={of} />}
      {of.defines_segment && <p className="soft">{t.defines}</p>}
      {edited && <p><b>{t.original}</b><br />{titleOf(edited.original, "", language)}<br /><span className="soft small">{t.by(edited.edited_by, f.time(edited.edited_at))}</span></p>}
    </div>
  );
  return (
    <Popover title={t.evidence} content={content} trigger={["hover", "focus"]} placement="left">
      <Button type="text" size="small" className="why" icon={<InfoCircleOutlined />} aria-label={`${t.why}: ${titleOf(of.text, "", language)}`} />
    </Popover>
  );
}
