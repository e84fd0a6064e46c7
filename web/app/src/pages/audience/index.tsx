import { Alert, Badge, Button, Card, Dropdown, Grid, Select, Spin, Tabs, Tooltip } from "antd";
import { DownloadOutlined, EditOutlined, MoreOutlined } from "../../icons";
import { lazy, Suspense, useState } from "react";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";
import { useAsk, useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { audience } from "../../i18n/audience";
import { common } from "../../i18n/common";
import { useFormats } from "../../i18n/format";
import { Answered, CopyLink, Figure, Page } from "../../parts";
import { StateTag, useRemove } from "../audiences";
import { Overview } from "./Overview";
import type { Board, Definition, History, Line } from "./types";
import "./style.css";

const Breakdown = lazy(() => import("./Breakdown"));
const Numbers = lazy(() => import("./Numbers"));
const Lookalike = lazy(() => import("./Lookalike"));
const Rules = lazy(() => import("./Rules"));
const Graph = lazy(() => import("./Graph"));
const ExportDialog = lazy(() => import("./ExportDialog"));
const TABS = ["overview", "breakdown", "numbers", "lookalike", "rules", "graph"] as const;
type Tab = (typeof TABS)[number];

export default function Audience() {
  const { name = "" } = useParams();
  const board = useGet<Board>("/audience-board", {}, { stale: 5_000 });
  const definition = useGet<Definition>(`/audiences/${name}/definition`, {}, { stale: 5_000 });
  const language = useLanguage();
  const line = board.data?.audiences.find((one) => one.name === name);
  if (!board.data || (!line && !definition.data)) return <Page title={name}><Answered of={board.data ? definition : (board as never)}>{() => null}</Answered></Page>;
  return <Shown key={name} name={name} line={line} board={board.data} definition={definition.data} title={titleOf(line?.title ?? definition.data?.title, name, language)} />;
}

function Shown({ name, line, board, definition, title }: { name: string; line?: Line; board: Board; definition?: Definition; title: string }) {
  const t = useTexts(audience);
  const all = useTexts(common);
  const f = useFormats();
  const language = useLanguage();
  const navigate = useNavigate();
  const [search, setSearch] = useSearchParams();
  const [exporting, setExporting] = useState(false);
  const mayDefine = useMay("define");
  const mayExport = useMay("export");
  const remove = useRemove();
  const unbuilt = !line || line.state === "unbuilt";
  const count = useAsk<{ count: number; base: number }>("/query/count", unbuilt && definition?.when ? { when: definition.when } : null);
  const size = unbuilt ? count.data?.count : (line.size ?? undefined);
  const history = useGet<History>(unbuilt ? null : `/audiences/${name}/history`);
  const [last, before] = history.data?.sizes ?? [];
  const signed = (by: number) => (by > 0 ? `+${f.count(by)}` : by < 0 ? `−${f.count(-by)}` : t.noChange);
  const kind = definition?.kind ?? line?.kind ?? "dynamic";
  const description = titleOf(line?.description ?? definition?.description, "", language);
  const tab = (TABS.find((one) => one === search.get("tab")) ?? "overview") as Tab;
  const when = unbuilt && definition?.when ? definition.when : name;
  const editable = mayDefine && definition?.when;
  const phone = !(Grid.useBreakpoint().md ?? true);
  const show = (key: string) => setSearch(key === "overview" ? {} : { tab: key });
  const body = () => {
    if (tab === "overview") return <Overview name={name} unbuilt={unbuilt} definition={definition} />;
    if (tab === "breakdown") return <Breakdown when={when} board={board} condition={definition?.when} />;
    if (tab === "numbers") return <Numbers when={when} />;
    if (tab === "lookalike") return <Lookalike when={when} board={board} />;
    if (tab === "rules") return <Rules when={when} />;
    return <Graph name={name} title={title} />;
  };
  const more = [
    { key: "compare", label: t.compare, disabled: unbuilt }, mayDefine && definition?.when && { key: "copy", label: t.copyFrom }, mayDefine && definition && { key: "remove", label: t.remove, danger: true },
  ].filter((one) => one !== false && one !== null && one !== undefined && one !== "");
  return (
    <Page
      title={title}
      about={<span className="row"><span className="mono">{name}</span>{line && <StateTag line={line} />}<Tooltip title={t.kindHints[kind]}><span>{t.kinds[kind]}</span></Tooltip>{definition?.owner && <span>{t.owner}: {definition.owner}</span>}<span>{all.asOf(f.day(board.as_of))}</span></span>}
      actions={<>
        <CopyLink />
        {mayExport && <Button icon={<DownloadOutlined />} disabled={size === undefined} onClick={() => setExporting(true)}>{t.export}</Button>}
        {editable && <Link to={`/audiences/${name}/edit`}><Button type="primary" icon={<EditOutlined />}>{t.edit}</Button></Link>}
        <Dropdown
          trigger={["click"]}
          menu={{
            items: more,
            onClick: ({ key }) => {
              if (key === "compare") void navigate(`/audiences?compare=${name}`);
              if (key === "copy") void navigate(`/audiences/new?from=${name}`);
              if (key === "remove") remove(name, title, () => void navigate("/audiences"));
            },
          }}
        ><Button icon={<MoreOutlined />} aria-label={t.actions} /></Dropdown>
      </>}
    >
      <div className="six">
        <Figure name={t.size} value={f.count(size)} note={size === undefined ? undefined : t.of(f.percent(size / Math.max(1, board.customers)), f.count(board.customers))} />
        {before && last && <Figure name={t.change} value={signed(last.size - before.size)} note={`${t.since(f.day(before.as_of))} · ${last.size > before.size ? "+" : ""}${f.percent((last.size - before.size) / Math.max(1, before.size))}`} />}
        {last?.joined !== null && last?.joined !== undefined && <Figure name={t.joined} value={f.count(last.joined)} note={before && t.since(f.day(before.as_of))} />}
        {last?.left !== null && last?.left !== undefined && <Figure name={t.left} value={f.count(last.left)} note={before && t.since(f.day(before.as_of))} />}
      </div>
      {description && <p className="lead">{description}</p>}
      {unbuilt && <Alert type="info" showIcon title={t.states.unbuilt} description={t.unbuiltHint} />}
      {line?.stale && <Card size="small"><Badge status="warning" text={t.staleHint(titleOf(line.stale.reason ?? line.stale.message, "", language))} /></Card>}
      {phone
        ? <Select aria-label={title} value={tab} onChange={show} options={TABS.map((key) => ({ value: key, label: t.tabs[key] }))} />
        : <Tabs activeKey={tab} items={TABS.map((key) => ({ key, label: t.tabs[key] }))} destroyOnHidden onChange={show} />}
      <Suspense fallback={<div className="waiting"><Spin aria-label={all.loading} /></div>}>{body()}</Suspense>
      {exporting && <Suspense fallback={null}><ExportDialog when={when} name={name} size={size ?? 0} onClose={() => setExporting(false)} /></Suspense>}
    </Page>
  );
}
