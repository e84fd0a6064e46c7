// Two personas side by side: every trait that one of them states, with the figures of both.
import { Fragment, useState } from "react";
import { Button, Checkbox, Select, Tag, Tooltip } from "antd";
import { ArrowLeftOutlined, SwapOutlined } from "../../icons";
import { Link, useSearchParams } from "react-router";
import { useGet } from "../../api/hooks";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { personas } from "../../i18n/personas";
import { Answered, CopyLink, Page } from "../../parts";
import { Section } from "../../parts/heat";
import { amount, type Cell, type Compared, type Row, type Sets } from "./types";

const CLEAR = 40;
/** Points of TGI that two personas differ by, to be called clearly different. */
function differs(row: Row): boolean {
  const [left, right] = row.cells;
  return Math.abs((left?.index ?? 100) - (right?.index ?? 100)) >= CLEAR;
}

function Figures({ of, row }: { of: Cell | null; row: Row }) {
  const t = useTexts(personas);
  const f = useFormats();
  if (!of) return <span className="quiet">{t.noFigure}</span>;
  const value = row.kind === "share" ? f.percent(of.figure) : amount(of.figure, row.unit, f);
  return (
    <div className={`figure-line${of.stated ? "" : " quiet"}`}>
      <b>{value}</b>
      <span>{row.kind === "share" ? "TGI" : t.index("").trim()} {f.count(of.index)}{of.low !== null && of.high !== null && <span className="soft small"> ({f.count(of.low)}–{f.count(of.high)})</span>}</span>
      {!of.stated && <Tooltip title={t.notStatedHint}><Tag>{t.notStated}</Tag></Tooltip>}
    </div>
  );
}

function Table({ of, only }: { of: Compared; only: boolean }) {
  const t = useTexts(personas);
  const f = useFormats();
  const language = useLanguage();
  const rows = of.rows.filter((row) => !only || differs(row));
  const sections = [...new Set(rows.map((row) => row.section))];
  return (
    <table className="compare-table">
      <thead><tr><th scope="col">{t.trait}</th>{of.cards.map((card) => <th key={card.segment} scope="col"><Link to={`/personas/${card.set}/${card.segment}`}>{titleOf(card.name, card.segment, language)}</Link></th>)}</tr></thead>
      <tbody>
        <tr><th scope="row">{t.sizeRow}</th>{of.cards.map((card) => <td key={card.segment}><b>{f.count(card.size)}</b> <span className="soft small">{t.share(f.percent(card.share), f.count(card.base_size))}</span></td>)}</tr>
        <tr><th scope="row">{t.worthRow}</th>{of.cards.map((card) => <td key={card.segment}>{card.worth ? <><b>{amount(card.worth.mean, card.worth.unit, f)}</b> <span className="soft small">{t.index(f.count(card.worth.index))} · {t.ofTotal(f.percent(card.worth.share_of_total))}</span></> : "–"}</td>)}</tr>
        {sections.map((section) => (
          <Fragment key={section}>
            <tr className="section"><th scope="rowgroup" colSpan={3}>{titleOf(rows.find((row) => row.section === section)?.section_title, section, language)}</th></tr>
            {rows.filter((row) => row.section === section).map((row) => (
              <tr key={`${row.tag} ${row.value}`}>
                <th scope="row">{titleOf(row.tag_title, row.tag, language)}{row.value_title && <> · {titleOf(row.value_title, row.value ?? "", language)}</>}</th>
                {row.cells.map((cell, n) => <td key={n}><Figures of={cell} row={row} /></td>)}
              </tr>
            ))}
          </Fragment>
        ))}
      </tbody>
    </table>
  );
}

export function Compare({ sets }: { sets: Sets }) {
  const t = useTexts(personas);
  const f = useFormats();
  const language = useLanguage();
  const [search, setSearch] = useSearchParams();
  const [only, setOnly] = useState(false);
  const left = search.get("left") ?? "";
  const right = search.get("right") ?? "";
  const found = useGet<Compared>("/persona-comparison", { left, right }, { keep: true });
  const options = sets.sets.map((one) => ({ label: titleOf(one.title, one.name, language), options: one.cards.map((card) => ({ value: `${one.name}/${card.segment}`, label: titleOf(card.name, card.segment, language) })) }));
  const go = (next: { left: string; right: string }) => setSearch(next);
  return (
    <Page title={t.compareTitle} about={found.data && `${t.compareAbout(found.data.rows.length)} · ${t.version(f.day(found.data.as_of))}`} actions={<><Link to="/personas"><Button icon={<ArrowLeftOutlined />}>{t.back}</Button></Link><CopyLink /></>}>
      <div className="row no-print">
        <Select aria-label={t.pickLeft} value={left} options={options} onChange={(value: string) => go({ left: value, right })} style={{ minWidth: 240, flex: "1 1 240px", maxWidth: 420 }} />
        <Button icon={<SwapOutlined />} aria-label={t.swap} onClick={() => go({ left: right, right: left })} />
        <Select aria-label={t.pickRight} value={right} options={options} onChange={(value: string) => go({ left, right: value })} style={{ minWidth: 240, flex: "1 1 240px", maxWidth: 420 }} />
        <Checkbox checked={only} onChange={(event) => setOnly(event.target.checked)}>{t.onlyDifferent}</Checkbox>
      </div>
      <Section title={t.versus}><Answered of={found}>{(of) => <Table of={of} only={only} />}</Answered></Section>
    </Page>
  );
}
