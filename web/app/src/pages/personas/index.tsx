// All personas: the sets with their cards, and two of them side by side.
import { useEffect, useState } from "react";
import { Button, Card, Checkbox, Segmented, Tag, Typography } from "antd";
import { EditOutlined, FileTextOutlined } from "../../icons";
import { Link, useSearchParams } from "react-router";
import { useGet } from "../../api/hooks";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { personas } from "../../i18n/personas";
import { Answered, Nothing, Page } from "../../parts";
import { Compare } from "../persona/Compare";
import { amount, type Line, type SetOf, type Sets } from "../persona/types";
import "../persona/persona.css";

function Tile({ set, of, chosen, full, onChoose }: { set: SetOf; of: Line; chosen: boolean; full: boolean; onChoose: (on: boolean) => void }) {
  const t = useTexts(personas);
  const f = useFormats();
  const language = useLanguage();
  const name = titleOf(of.name, of.segment, language);
  return (
    <Card size="small" className="persona-tile">
      <div className="row" style={{ justifyContent: "space-between", alignItems: "flex-start", flexWrap: "nowrap" }}>
        <h3><Link to={`/personas/${encodeURIComponent(set.name)}/${encodeURIComponent(of.segment)}`}>{name}</Link></h3>
        <Checkbox checked={chosen} disabled={full && !chosen} onChange={(event) => onChoose(event.target.checked)} aria-label={`${t.choose}: ${name}`} />
      </div>
      <div className="row" style={{ gap: 4 }}><Tag className="mono">{of.segment}</Tag>{of.edited > 0 && <Tag icon={<EditOutlined />}>{t.editedParts(of.edited)}</Tag>}</div>
      <div className="facts">
        <div><b>{f.count(of.size)}</b><span className="soft small">{t.share(f.percent(of.share), f.count(set.base_size))}</span></div>
        {of.worth && of.worth.mean !== null && <div><b>{amount(of.worth.mean, of.worth.unit, f)}</b><span className="soft small">{t.worth(titleOf(of.worth.title, "", language))}{of.worth.index !== null && ` · ${t.index(f.count(of.worth.index))}`}</span></div>}
      </div>
      <span className="size-bar" aria-hidden><i style={{ width: `${of.share * 100}%` }} /></span>
      <div className="summary">{titleOf(of.summary, "", language)}</div>
    </Card>
  );
}

export default function Personas() {
  const t = useTexts(personas);
  const f = useFormats();
  const language = useLanguage();
  const [search, setSearch] = useSearchParams();
  const found = useGet<Sets>("/personas");
  const [picked, setPicked] = useState(() => search.getAll("pick")); // also in the address, but there a click waits for the page
  const set = (change: (next: URLSearchParams) => void) => setSearch((old) => { const next = new URLSearchParams(old); change(next); return next; }, { replace: true });
  const choose = (key: string, on: boolean) => setPicked((old) => [...old.filter((one) => one !== key), ...(on ? [key] : [])]);
  useEffect(() => {
    if (search.getAll("pick").join("\n") !== picked.join("\n") && !search.get("left")) set((next) => { next.delete("pick"); for (const one of picked) next.append("pick", one); });
  }, [picked]);
  const comparing = search.get("left") && search.get("right");
  if (found.data && comparing) return <Compare sets={found.data} />;
  return (
    <Page title={t.title} about={found.data && t.about(f.day(found.data.as_of))} actions={found.data && found.data.sets.length > 0 && <Button icon={<FileTextOutlined />} href="/api/v1/report" target="_blank" rel="noopener">{t.report}</Button>}>
      <Answered of={found}>
        {(of) => {
          if (!of.sets.length) return <Nothing title={t.empty} hint={t.emptyHint} action={<Link to="/audiences"><Button type="primary" tabIndex={-1}>{t.emptyLead}</Button></Link>} />;
          const shown = of.sets.find((one) => one.name === search.get("set")) ?? of.sets[0];
          return (
            <>
              {of.sets.length > 1 && <div><Segmented value={shown.name} onChange={(value) => set((next) => next.set("set", String(value)))} options={of.sets.map((one) => ({ value: one.name, label: `${titleOf(one.title, one.name, language)} ${one.cards.length}` }))} /></div>}
              {shown.cards.length === 0 && <Nothing title={t.noCards} hint={titleOf(shown.note, "", language)} />}
              <div className="gallery">
                {shown.cards.map((one) => {
                  const key = `${shown.name}/${one.segment}`;
                  return <Tile key={key} set={shown} of={one} chosen={picked.includes(key)} full={picked.length >= 2} onChoose={(on) => choose(key, on)} />;
                })}
              </div>
              {picked.length > 0 && (
                <div className="compare-bar no-print" role="status">
                  <Typography.Text>{t.comparePick(picked.length)}{picked.length === 1 && <span className="soft"> · {t.compareHint}</span>}</Typography.Text>
                  <Link aria-disabled={picked.length < 2} to={picked.length === 2 ? `/personas?left=${encodeURIComponent(picked[0])}&right=${encodeURIComponent(picked[1])}` : "#"}><Button type="primary" disabled={picked.length < 2} tabIndex={-1}>{t.compare}</Button></Link>
                  <Button onClick={() => setPicked([])}>{t.clear}</Button>
                </div>
              )}
            </>
          );
        }}
      </Answered>
    </Page>
  );
}
