// The tag market: tree of classes, search, filters, cards or a table. All of it stands in the address.
import { useEffect, useState } from "react";
import { Alert, Button, Grid, Input, Segmented, Select, Table, Tree, type TableColumnsType } from "antd";
import { AppstoreOutlined, PlusOutlined, SearchOutlined, UnorderedListOutlined } from "../../icons";
import { Link, useSearchParams } from "react-router";
import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { Answered, Nothing, Page } from "../../parts";
import { useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { tags } from "../../i18n/tags";
import { CoverageBar, Freshness, Sketch, StatusMark, useChange, useSide, useTitle } from "./parts";
import type { Card, Kind, Market } from "./types";

const KEYS = ["q", "class", "theme", "kind", "status", "owner", "coverage"] as const;
const COVERAGES = [0.3, 0.5, 0.8, 0.95];

function useAddress() {
  const [params, setParams] = useSearchParams();
  const set = (changes: Readonly<Record<string, string | null>>) =>
    setParams((before) => {
      const after = new URLSearchParams(before);
      for (const [key, value] of Object.entries(changes)) value ? after.set(key, value) : after.delete(key);
      return after;
    }, { replace: true });
  return { params, set };
}

function Search({ value, onSearch }: { value: string; onSearch: (text: string) => void }) {
  const t = useTexts(tags);
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => onSearch(text), 250);
    return () => clearTimeout(timer);
  }, [text]);
  return <Input allowClear prefix={<SearchOutlined />} placeholder={t.search} aria-label={t.search} value={text} onChange={(e) => setText(e.target.value)} />;
}

function TagCard({ card }: { card: Card }) {
  const t = useTexts(tags);
  const f = useFormats();
  const title = useTitle();
  const side = useSide();
  const change = useChange()(card);
  return (
    <li>
      <article className="tag-card">
        <div className="top">
          <h2><Link to={`/tags/${card.name}`}>{title(card.title, card.name)}</Link></h2>
          <StatusMark card={card} />
        </div>
        <div className="id" title={side(card.description) || card.name}><span className="mono">{card.name}</span>{card.description && <> · {side(card.description)}</>}</div>
        <div className="figure-row">
          <div><div className="big">{card.built ? f.percent(card.coverage) : "–"}</div><div className="what">{card.built ? t.coverage : t.notBuilt}</div></div>
          <Sketch shares={card.sketch} />
        </div>
        <div className="facts">
          {card.kind && <span>{t.kinds[card.kind]}</span>}
          <span>{card.values !== null && card.value_type !== "boolean" ? t.values(f.count(card.values)) : card.value_type ? t.types[card.value_type as keyof typeof t.types] : ""}</span>
          <span>{card.users ? t.usedBy(f.count(card.users)) : t.unused}</span>
          <span>{card.owner ?? t.noOwner}</span>
          {change && <span className="changed">{change}</span>}
        </div>
      </article>
    </li>
  );
}

function TagTable({ cards }: { cards: readonly Card[] }) {
  const t = useTexts(tags);
  const f = useFormats();
  const title = useTitle();
  const change = useChange();
  const columns: TableColumnsType<Card> = [
    { title: t.name, key: "name", fixed: "left", width: 220, render: (_, c) => <><Link to={`/tags/${c.name}`}>{title(c.title, c.name)}</Link><div className="soft small mono">{c.name}</div></> },
    { title: t.status, key: "status", width: 110, render: (_, c) => <StatusMark card={c} /> },
    { title: t.kind, key: "kind", width: 110, render: (_, c) => (c.kind ? t.kinds[c.kind] : "–") },
    { title: t.coverage, key: "coverage", width: 150, align: "right", render: (_, c) => (c.built ? <CoverageBar share={c.coverage} /> : t.notBuilt) },
    { title: t.type, key: "type", width: 136, render: (_, c) => <span className="row"><Sketch shares={c.sketch} /></span> },
    { title: t.users, key: "users", width: 70, align: "right", render: (_, c) => f.count(c.users) },
    { title: t.change, key: "change", width: 130, render: (_, c) => change(c) || <span className="soft">{c.change ? t.same : "–"}</span> },
    { title: t.freshness, key: "fresh", width: 130, render: (_, c) => <Freshness card={c} /> },
    { title: t.owner, key: "owner", width: 110, render: (_, c) => c.owner ?? <span className="soft">–</span> },
  ];
  return <Table<Card> rowKey="name" size="small" columns={columns} dataSource={[...cards]} pagination={cards.length > 50 ? { pageSize: 50, showSizeChanger: false } : false} scroll={{ x: 1200 }} />;
}

function Classes({ of, chosen, onChoose }: { of: Market; chosen: string; onChoose: (key: string) => void }) {
  const t = useTexts(tags);
  const f = useFormats();
  const title = useTitle();
  const branch = (text: string, n: number) => <span className="branch"><span>{text}</span><span className="n">{f.count(n)}</span></span>;
  const all = of.tree.reduce((sum, one) => sum + one.tags, 0);
  const data = [
    { key: "", title: branch(t.allClasses, all) },
    ...of.tree.map((one) => ({
      key: one.class, title: branch(title(one.title, one.class), one.tags),
      children: one.themes.map((theme) => ({ key: `${one.class}/${theme.code}`, title: branch(title(theme.title, theme.code), theme.tags) })),
    })),
  ];
  return (
    <nav className="tree" aria-label={t.classes}>
      <Tree blockNode treeData={data} selectedKeys={[chosen]} defaultExpandedKeys={chosen.includes("/") ? [chosen.split("/")[0] as string] : []} onSelect={(keys) => onChoose(String(keys[0] ?? ""))} />
    </nav>
  );
}

export default function Tags() {
  const t = useTexts(tags);
  const f = useFormats();
  const title = useTitle();
  const { params, set } = useAddress();
  const mayDefine = useMay("define_tags");
  const narrow = !(Grid.useBreakpoint().lg ?? true);
  const asked = Object.fromEntries(KEYS.map((key) => [key, params.get(key)]));
  const sort = params.get("sort") ?? "definition";
  const found = useGet<Market>("/tag-market", { ...asked, sort, limit: 1000 }, { keep: true });
  const filtered = KEYS.some((key) => params.get(key));
  const chosen = [params.get("class"), params.get("theme")].filter(Boolean).join("/");
  const choose = (key: string) => {
    const [class_, theme] = key.split("/");
    set({ class: class_ || null, theme: theme ?? null });
  };
  const about = found.data && [t.about(f.count(found.data.total), f.day(found.data.as_of)), ...(found.data.before ? [t.since(f.day(found.data.before.as_of))] : [])].join(" · ");
  const facet = (key: "kind" | "status" | "owner", name: (value: string) => string) =>
    Object.entries(found.data?.facets[key] ?? {}).map(([value, n]) => ({ value, label: `${name(value)} (${f.count(n)})` }));
  return (
    <Page title={t.title} about={about} actions={mayDefine && <Link to="/tags/new"><Button type="primary" icon={<PlusOutlined />}>{t.create}</Button></Link>}>
      <Answered of={found}>
        {(of) => (
          <div className="market">
            <Classes of={of} chosen={chosen} onChoose={choose} />
            <div className="results">
              {of.problem && <Alert type="warning" showIcon title={t.problem} />}
              <div className="filters" role="search">
                <Search value={params.get("q") ?? ""} onSearch={(q) => set({ q })} />
                {narrow && <Select allowClear placeholder={t.allClasses} aria-label={t.classes} value={params.get("class")} onChange={(v?: string | null) => choose(v ?? "")} options={of.tree.map((one) => ({ value: one.class, label: `${title(one.title, one.class)} (${f.count(one.tags)})` }))} style={{ minWidth: 140 }} />}
                <Select allowClear placeholder={t.kind} aria-label={t.kind} value={params.get("kind")} onChange={(kind) => set({ kind: kind ?? null })} options={facet("kind", (k) => t.kinds[k as Kind])} style={{ minWidth: 112 }} />
                <Select allowClear placeholder={t.status} aria-label={t.status} value={params.get("status")} onChange={(status) => set({ status: status ?? null })} options={[...facet("status", (s) => t.states[s as keyof typeof t.states]), { value: "review", label: t.states.review }]} style={{ minWidth: 112 }} />
                <Select allowClear placeholder={t.owner} aria-label={t.owner} value={params.get("owner")} onChange={(owner) => set({ owner: owner ?? null })} options={facet("owner", (o) => o)} style={{ minWidth: 112 }} />
                <Select allowClear placeholder={t.minCoverage} aria-label={t.coverage} value={params.get("coverage")} onChange={(coverage) => set({ coverage: coverage ?? null })} options={COVERAGES.map((c) => ({ value: String(c), label: t.atLeast(f.percent(c, 0)) }))} style={{ minWidth: 128 }} />
              </div>
              <div className="page-head">
                <div className="row told" aria-live="polite">
                  {t.found(f.count(of.found), f.count(of.total))}
                  {filtered && <Button size="small" type="link" onClick={() => set(Object.fromEntries(KEYS.map((key) => [key, null])))}>{t.clear}</Button>}
                </div>
                <div className="row">
                  <Select aria-label={t.sort} value={sort} onChange={(value) => set({ sort: value === "definition" ? null : value })} options={Object.entries(t.sorts).map(([value, label]) => ({ value, label }))} style={{ minWidth: 168 }} />
                  <Segmented aria-label={t.view} value={params.get("view") ?? "cards"} onChange={(view) => set({ view: view === "cards" ? null : String(view) })} options={[{ value: "cards", label: t.cards, icon: <AppstoreOutlined /> }, { value: "table", label: t.table, icon: <UnorderedListOutlined /> }]} />
                </div>
              </div>
              {of.tags.length === 0 ? (of.total ? <Nothing title={t.none} hint={t.noneHint} action={filtered && <Button onClick={() => set(Object.fromEntries(KEYS.map((key) => [key, null])))}>{t.clear}</Button>} /> : <Nothing title={t.noTags} hint={t.noTagsHint} action={mayDefine && <Link to="/tags/new"><Button type="primary" tabIndex={-1}>{t.create}</Button></Link>} />) : params.get("view") === "table" ? <TagTable cards={of.tags} /> : <ul className="tag-cards" data-tour="market">{of.tags.map((card) => <TagCard key={card.name} card={card} />)}</ul>}
            </div>
          </div>
        )}
      </Answered>
    </Page>
  );
}
