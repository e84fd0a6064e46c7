// One tag: what it means, its figures, where it comes from, who uses it, and what became of it.
import { Alert, Button, Card, Collapse, Tabs } from "antd";
import { EditOutlined } from "../../icons";
import { Link, useParams, useSearchParams } from "react-router";
import { useGet } from "../../api/hooks";
import { Answered, CopyLink, Figure, Nothing, Page } from "../../parts";
import { useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { tags } from "../../i18n/tags";
import { StatusMark, useChange, useSide, useTitle, valueText } from "../tags/parts";
import { DistributionCard } from "./Distribution";
import { LineageCard } from "./LineageCard";
import { Steps } from "./Steps";
import { TrendCard } from "./Trend";
import { Uses } from "./Uses";
import { Diff, Versions } from "./Versions";
import type { History, TagPage } from "../tags/types";

function Figures({ page }: { page: TagPage }) {
  const t = useTexts(tags).page;
  const f = useFormats();
  const title = useTitle();
  const { card, distribution } = page;
  const known = page.customers - (card.missing ?? 0);
  const p50 = distribution?.p50;
  const show = (v: unknown) => valueText(v, page.value_titles, card.unit, f, { yes: "", no: "", title });
  return (
    <div className="grid">
      <Figure name={t.known} value={f.count(known)} note={t.knownNote(f.percent(card.coverage), f.count(page.customers))} />
      {distribution?.kind === "numbers" ? <Figure name={`${t.median}${card.unit && card.unit !== "%" ? ` (${card.unit})` : ""}`} value={show(p50)} note={t.mean(show(distribution.mean))} /> : <Figure name={t.distinct} value={f.count(card.values)} note={t.distributionNote(f.count(known))} />}
      <Figure name={t.users} value={f.count(card.users)} note={t.usersNote} />
      <Figure name={t.fresh} value={f.day(card.fresh_to)} note={card.lag_days !== null ? t.lag(f.count(card.lag_days)) : undefined} />
      {card.change && page.before && (card.change.moved !== null || card.change.coverage !== null) && <Figure name={card.change.moved !== null ? t.change : t.coverageChange} value={card.change.moved !== null ? f.percent(card.change.moved) : `${(card.change.coverage ?? 0) > 0 ? "+" : ""}${f.percent(card.change.coverage)}`} note={`${card.change.redefined ? `${t.redefined} · ` : ""}${t.since(f.day(page.before.as_of))}`} />}
    </div>
  );
}

function Rule({ page }: { page: TagPage }) {
  const t = useTexts(tags);
  const title = useTitle();
  const side = useSide();
  const { card } = page;
  const facts: readonly (readonly [string, React.ReactNode])[] = [
    ...(card.description ? [[t.page.description, side(card.description)] as const] : []),
    [t.kind, card.kind ? t.kinds[card.kind] : "–"],
    ...(card.theme ? [[t.page.theme, title(card.theme.title, card.theme.code)] as const] : []),
    [t.owner, card.owner ?? t.noOwner],
    ...(page.columns.length ? [[t.page.columns, <span key="c" className="row">{page.columns.map((c) => <Link key={c} to={`/tags/${c}`}>{c}</Link>)}</span>] as const] : []),
  ];
  return (
    <Card size="small" title={t.page.rule} extra={page.place && <span className="soft small mono">{t.page.place(page.place)}</span>}>
      <p className="tag-words">{title(page.words, "")}</p>
      <dl className="facts-list">{facts.map(([name, value]) => <div key={name} style={{ display: "contents" }}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
      <Collapse ghost size="small" style={{ marginBlockStart: 8 }} items={[
        ...(page.yaml ? [{ key: "yaml", label: t.page.yaml, children: <pre className="code" tabIndex={0}>{page.yaml}</pre> }] : []),
        ...(page.sql ? [{ key: "sql", label: t.page.sql, children: <pre className="code" tabIndex={0}>{page.sql}</pre> }] : []),
      ]} />
    </Card>
  );
}

function Proposal({ page }: { page: TagPage }) {
  const t = useTexts(tags).page;
  const f = useFormats();
  const { review } = page.card;
  if (!page.proposal || !review) return null;
  return <Card size="small" title={t.proposal} extra={<span className="soft small">{t.proposalBy(review.who, f.time(review.at))}</span>}>{review.note && <p>{review.note}</p>}<Diff before={page.yaml ?? ""} after={page.proposal.yaml} /></Card>;
}

function Body({ page }: { page: TagPage }) {
  const t = useTexts(tags).page;
  const [params, setParams] = useSearchParams();
  const history = useGet<History>(`/tags/${page.card.name}/history`);
  const { card, distribution } = page;
  const known = page.customers - (card.missing ?? 0);
  const figures = (
    <div className="tag-stack">
      {card.built && distribution ? <Figures page={page} /> : <Card size="small"><Nothing title={t.notBuilt} hint={t.notBuiltHint} /></Card>}
      <Proposal page={page} />
      <div className="two-thirds">
        {card.built && distribution ? <DistributionCard shape={distribution} known={known} titles={page.value_titles} unit={card.unit} type={card.value_type} /> : <Rule page={page} />}
        {card.built && <div className="tag-stack"><Rule page={page} /></div>}
      </div>
      {card.built && <TrendCard history={history} page={page} />}
    </div>
  );
  const items = [
    { key: "figures", label: t.tabs.figures, children: figures },
    { key: "lineage", label: t.tabs.lineage, children: <LineageCard name={card.name} /> },
    { key: "uses", label: `${t.tabs.uses} (${card.users})`, children: <Uses name={card.definition} /> },
    { key: "versions", label: t.tabs.versions, children: <Versions history={history} /> },
  ].filter((item) => page.written || (item.key !== "lineage" && item.key !== "uses"));
  return <Tabs activeKey={params.get("tab") ?? "figures"} onChange={(tab) => setParams(tab === "figures" ? {} : { tab }, { replace: true })} items={items} destroyOnHidden />;
}

export default function TagView() {
  const { name = "" } = useParams();
  const t = useTexts(tags);
  const f = useFormats();
  const title = useTitle();
  const change = useChange();
  const found = useGet<TagPage>(`/tag-market/${name}`, {}, { keep: true, stale: 5_000 });
  const page = found.data;
  const shown = page && (page.card.name === name || page.card.definition === name) ? page : undefined;
  const actions = shown && (
    <>
      <CopyLink />
      {shown.may_edit && shown.written && <Link to={`/tags/${shown.card.definition}/edit`}><Button icon={<EditOutlined />}>{t.page.edit}</Button></Link>}
      <Steps page={shown} />
    </>
  );
  const about = shown && <span className="row"><StatusMark card={shown.card} /><span className="mono">{shown.card.name}</span><span>{t.page.asOf(f.day(shown.as_of), f.count(shown.customers))}</span>{change(shown.card) && <span>{change(shown.card)}</span>}</span>;
  return (
    <Page title={shown ? title(shown.card.title, name) : name} about={about ?? <Link to="/tags">{t.page.back}</Link>} actions={actions}>
      {shown?.unbuilt && <Alert type="info" showIcon title={t.page.unbuilt} />}
      <Answered of={found}>{(of) => <Body page={of} key={of.card.name} />}</Answered>
    </Page>
  );
}
