// One persona: who they are in sentences, each with its evidence; versions; wording; print and picture.
import { useState } from "react";
import { Alert, App, Button, Dropdown, Tag } from "antd";
import { EditOutlined, MoreOutlined, PictureOutlined, PrinterOutlined, TeamOutlined } from "../../icons";
import { Link, useNavigate, useParams } from "react-router";
import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { personas } from "../../i18n/personas";
import { Answered, CopyLink, Figure, Page } from "../../parts";
import { Section } from "../../parts/heat";
import { Editor } from "./Editor";
import { Evidence, Whisker } from "./Evidence";
import { savePicture } from "./picture";
import { History } from "./Versions";
import { amount, highOf, indexOf, lowOf, type Card, type Statement } from "./types";
import "./persona.css";

function Statements({ of, card, known }: { of: readonly Statement[]; card: Card; known: Map<string, Statement> }) {
  const t = useTexts(personas);
  const f = useFormats();
  const language = useLanguage();
  return (
    <ul className="statements">
      {of.map((one) => (
        <li key={one.id}>
          <span className="said">
            {titleOf(one.text, "", language)} {card.edited[one.id] && <Tag icon={<EditOutlined />}>{t.edited}</Tag>}
            {indexOf(one) !== null && <span className="paper">{t.print1(f.count(indexOf(one)), f.count(lowOf(one)), f.count(highOf(one)), f.count(one.n_segment), f.percent(one.missing_base))}</span>}
          </span>
          <Whisker of={one} />
          <Evidence of={one} known={known} edited={card.edited[one.id]} />
        </li>
      ))}
    </ul>
  );
}

function Body({ of }: { of: Card }) {
  const t = useTexts(personas);
  const f = useFormats();
  const language = useLanguage();
  const known = new Map(of.sections.flatMap((section) => section.statements.map((one) => [one.id, one] as const)));
  return (
    <>
      {of.fell_away.length > 0 && <Alert type="warning" showIcon closable title={t.fell} description={<ul style={{ margin: 0, paddingInlineStart: 18 }}>{of.fell_away.map((one) => <li key={one.part}>{titleOf(one.text, "", language)} <span className="soft">({t.fellWhy[one.why]} · {t.by(one.edited_by, f.time(one.edited_at))})</span></li>)}</ul>} />}
      <div className="grid">
        <Figure name={t.figures.count} value={f.count(of.size)} note={t.share(f.percent(of.share), f.count(of.base_size))} />
        {of.worth && <Figure name={t.worth(titleOf(of.worth.title, "", language))} value={amount(of.worth.mean, of.worth.unit, f)} note={`${t.index(f.count(of.worth.index))} · ${t.median(amount(of.worth.median, of.worth.unit, f))} · ${t.ofTotal(f.percent(of.worth.share_of_total))}`} />}
      </div>
      <div className="card-sections" data-tour="evidence">
        {of.sections.filter((section) => section.statements.length || section.unknown).map((section) => (
          <Section key={section.id} title={titleOf(section.title, section.id, language)}>
            {section.statements.length > 0 && <Statements of={section.statements} card={of} known={known} />}
            {section.unknown && <div className="persona-unknown" style={{ marginBlockStart: section.statements.length ? 8 : 0 }}>{titleOf(section.unknown, "", language)}</div>}
          </Section>
        ))}
      </div>
    </>
  );
}

export default function Persona() {
  const t = useTexts(personas);
  const f = useFormats();
  const language = useLanguage();
  const { set = "", segment = "" } = useParams();
  const may = useMay("define_tags");
  const { message } = App.useApp();
  const go = useNavigate();
  const [editing, setEditing] = useState(false);
  const path = `/personas/${encodeURIComponent(set)}/${encodeURIComponent(segment)}`;
  const found = useGet<Card>(path);
  const of = found.data;
  const name = titleOf(of?.name, segment, language);
  const picture = () => of && void savePicture(of, language, { base: t.base(f.count(of.base_size), f.day(of.as_of)), worth: t.worth(titleOf(of.worth?.title, "", language)), count: t.figures.count, unknown: t.unknown }, f).catch((fault: unknown) => message.error(String(fault)));
  const actions = of && (
    <>
      {of.condition && <Link to={`/audiences/new?when=${encodeURIComponent(of.condition)}`}><Button type="primary" icon={<TeamOutlined />} tabIndex={-1}>{t.audience}</Button></Link>}
      {may && <Button icon={<EditOutlined />} onClick={() => setEditing(true)}>{t.edit}</Button>}
      <Button icon={<PrinterOutlined />} onClick={() => window.print()}>{t.print}</Button>
      <Dropdown trigger={["click"]} menu={{ items: [
        { key: "png", icon: <PictureOutlined />, label: t.png, onClick: picture },
        { key: "report", label: <a href="/api/v1/report" target="_blank" rel="noopener">{t.report}</a> },
        { key: "compare", label: t.compare, onClick: () => void go(`/personas?pick=${encodeURIComponent(`${set}/${segment}`)}&set=${encodeURIComponent(set)}`) },
      ] }}><Button icon={<MoreOutlined />} aria-label={t.report} /></Dropdown>
      <CopyLink />
    </>
  );
  return (
    <Page title={<>{name} {of?.edited.title && <Tag icon={<EditOutlined />}>{t.edited}</Tag>}</>} about={<><Link to={`/personas?set=${encodeURIComponent(set)}`} className="no-print">{t.back}</Link><span className="no-print"> · </span>{of && <>{t.base(f.count(of.base_size), f.day(of.as_of))}{of.comparisons ? ` · ${t.tests(f.count(of.comparisons), f.percent(of.alpha, 0))}` : ""}</>}</>} actions={actions}>
      <Answered of={found}>
        {(card) => (
          <div className="persona-card" style={{ display: "flex", flexDirection: "column", gap: 16 }}>
            <p style={{ margin: 0, fontSize: 15, lineHeight: 1.7 }}>{titleOf(card.summary, "", language)} {card.edited.summary && <Tag icon={<EditOutlined />}>{t.edited}</Tag>}</p>
            <Body of={card} />
            <div className="no-print"><History path={path} /></div>
          </div>
        )}
      </Answered>
      {of && may && <Editor open={editing} path={path} card={of} onClose={() => setEditing(false)} />}
    </Page>
  );
}
