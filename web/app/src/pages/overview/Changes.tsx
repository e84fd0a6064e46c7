// What changed since the build before, and the sizes of audiences and personas.
import { Button, Table, Tag, Tooltip } from "antd";
import { QuestionCircleOutlined } from "../../icons";
import { Link } from "react-router";
import { Nothing } from "../../parts";
import { Section, Tracks } from "../../parts/heat";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { overview } from "../../i18n/overview";
import type { Drift, Overview } from "./types";

function useSigned() {
  const f = useFormats();
  return (n: number) => (n > 0 ? `+${f.count(n)}` : n < 0 ? `−${f.count(-n)}` : "0");
}

const digits = (n: number) => (Math.abs(n) < 10 ? 4 : 1);

function useDetail() {
  const t = useTexts(overview);
  const f = useFormats();
  const language = useLanguage();
  return (one: Drift) => {
    if (one.share !== null) {
      const told = typeof one.value === "boolean" || one.value === "true" || one.value === "false" ? t.boolean[String(one.value) as "true" | "false"] : titleOf(one.value_title, String(one.value), language);
      return t.of(told, f.percent(one.share_before), f.percent(one.share));
    }
    if (typeof one.mean === "number" && typeof one.mean_before === "number") return t.mean(f.number(one.mean_before, digits(one.mean_before)), f.number(one.mean, digits(one.mean)));
    return t.coverageOf(f.percent(one.coverage_before), f.percent(one.coverage));
  };
}

export function Changes({ of }: { of: Overview }) {
  const t = useTexts(overview);
  const f = useFormats();
  const language = useLanguage();
  const signed = useSigned();
  const detail = useDetail();
  const { changes } = of;
  if (!changes) return <Section title={t.changes}><Nothing title={t.firstBuild} hint={t.firstBuildHint} /></Section>;
  const named = (list: { name: string; title: unknown }[], linked: boolean) => list.slice(0, 12).map((one) => {
    const title = titleOf(one.title, one.name, language);
    return <Tag key={one.name}>{linked ? <Link to={`/tags/${one.name}`}>{title}</Link> : title}</Tag>;
  });
  return (
    <Section title={t.changes} base={`${t.then} ${f.day(changes.since_as_of)} · ${f.count(changes.customers_before)}　${t.now} ${f.day(of.as_of)} · ${f.count(of.customers.total)}`}>
      <div className="counts">
        <span><b>{signed(changes.joined)}</b>{t.joined}</span>
        <Tooltip title={t.goneHint}><span tabIndex={0}><b>{signed(-changes.gone)}</b>{t.gone}</span></Tooltip>
      </div>
      <h3 className="section-title" style={{ fontSize: 14, marginBlockEnd: 6 }}>{t.drift} <Tooltip title={t.distanceHint}><QuestionCircleOutlined tabIndex={0} aria-label={t.distanceHint} className="soft" /></Tooltip></h3>
      {changes.tags.length ? (
        <Tracks
          first="" heads={[t.distance, t.detail]}
          rows={changes.tags.map((one) => ({
            key: one.name, share: one.distance, to: `/tags/${one.name}`, name: titleOf(one.title, one.name, language),
            cells: [f.percent(one.distance), <span key="d" className="soft small">{detail(one)}{one.redefined && <> <Tag>{t.redefined}</Tag></>}</span>],
          }))}
        />
      ) : <div className="soft">{t.still}</div>}
      {changes.tags_new.length > 0 && <div className="persona-chips"><span className="soft small">{t.newTags}</span>{named(changes.tags_new, true)}</div>}
      {changes.tags_gone.length > 0 && <div className="persona-chips"><span className="soft small">{t.goneTags}</span>{named(changes.tags_gone, false)}</div>}
    </Section>
  );
}

export function Audiences({ of }: { of: Overview }) {
  const t = useTexts(overview);
  const f = useFormats();
  const language = useLanguage();
  const signed = useSigned();
  const add = <Link to="/audiences/new"><Button size="small">{t.newAudience}</Button></Link>;
  return (
    <Section title={t.audiences} base={t.base(f.count(of.customers.total), f.day(of.as_of))} extra={of.audiences.length ? add : undefined}>
      {of.audiences.length ? (
        <Table
          size="small" rowKey="name" pagination={of.audiences.length > 10 ? { pageSize: 10, size: "small" } : false} dataSource={of.audiences} scroll={{ x: "max-content" }}
          columns={[
            { title: t.audience, dataIndex: "name", render: (_, one) => <><Link to={`/audiences/${one.name}`}>{titleOf(one.title, one.name, language)}</Link>{one.stale && <> <Tag color="warning">{t.stale}</Tag></>}</> },
            { title: t.size, dataIndex: "size", align: "right", render: (n: number) => f.count(n) },
            { title: t.share, dataIndex: "share", align: "right", render: (n: number | null) => f.percent(n) },
            { title: t.then, dataIndex: "before", responsive: ["sm" as const], align: "right", render: (n: number | null) => f.count(n) },
            { title: t.change, dataIndex: "change", align: "right", render: (n: number | null) => (n === null ? "–" : signed(n)) },
          ]}
        />
      ) : <Nothing title={t.noAudiences} hint={t.noAudiencesHint} action={add} />}
    </Section>
  );
}

export function Personas({ of }: { of: Overview }) {
  const t = useTexts(overview);
  const f = useFormats();
  const language = useLanguage();
  if (!of.personas.length) return null;
  return (
    <Section title={titleOf(of.personas[0].set_title, t.personas, language)} base={t.base(f.count(of.customers.total), f.day(of.as_of))}>
      <Tracks
        first={t.personas} heads={[t.count, t.share]}
        rows={of.personas.map((one) => ({
          key: one.segment, share: one.share, to: `/personas/${one.set}/${one.segment}`, name: titleOf(one.name, one.segment, language), cells: [f.count(one.size), f.percent(one.share)],
        }))}
      />
    </Section>
  );
}
