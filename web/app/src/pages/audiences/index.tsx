import { App, Badge, Button, Card, Dropdown, Grid, Input, Select, Table, Tooltip, type TableProps } from "antd";
import { MoreOutlined, PlusOutlined } from "../../icons";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { call, get, type Problem } from "../../api/client";
import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { audience } from "../../i18n/audience";
import { useFormats } from "../../i18n/format";
import { Answered, Nothing, Page } from "../../parts";
import { Spark } from "../../parts/Spark";
import { restore } from "../audience-builder/SaveDialog";
import type { Board, Definition, Kind, Line } from "../audience/types";
import { Compare } from "./Compare";
import "../audience/style.css";

const MOST = 4;
const KINDS: readonly Kind[] = ["dynamic", "static", "frozen", "sql"];

export default function Audiences() {
  const t = useTexts(audience);
  const f = useFormats();
  const may = useMay("define");
  const [search] = useSearchParams();
  const board = useGet<Board>("/audience-board", {}, { stale: 5_000 });
  const compared = (search.get("compare") ?? "").split(",").filter(Boolean);
  const about = board.data && t.about(f.count(board.data.customers), f.day(board.data.as_of));
  if (compared.length) return <Page title={`${t.title} · ${t.compare}`} about={about}><Answered of={board}>{(data) => <Compare board={data} names={compared.slice(0, MOST)} />}</Answered></Page>;
  return (
    <Page title={t.title} about={about} actions={may && <Link to="/audiences/new"><Button type="primary" icon={<PlusOutlined />}>{t.create}</Button></Link>}>
      <Answered of={board}>{(data) => <List board={data} />}</Answered>
    </Page>
  );
}

function List({ board }: { board: Board }) {
  const t = useTexts(audience);
  const f = useFormats();
  const language = useLanguage();
  const navigate = useNavigate();
  const [search, setSearch] = useSearchParams();
  const may = useMay("define");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const text = search.get("q") ?? "";
  const kind = search.get("kind") ?? "";
  const put = (key: string, value: string) => {
    const next = new URLSearchParams(search);
    if (value) next.set(key, value);
    else next.delete(key);
    setSearch(next, { replace: true });
  };
  const phone = !(Grid.useBreakpoint().sm ?? true);
  const shown = board.audiences.filter((one) => {
    const words = `${one.name} ${titleOf(one.title, "", "zh-CN")} ${titleOf(one.title, "", "en")} ${one.owner ?? ""}`.toLowerCase();
    return words.includes(text.toLowerCase()) && (!kind || one.kind === kind);
  });
  const columns: TableProps<Line>["columns"] = [
    {
      title: t.name, key: "name", sorter: (a, b) => titleOf(a.title, a.name, language).localeCompare(titleOf(b.title, b.name, language), language),
      render: (_, one) => <div><Link to={`/audiences/${one.name}`}>{titleOf(one.title, one.name, language)}</Link><div className="quiet mono small">{one.name}</div>{phone && (one.stale || one.state !== "current") && <StateTag line={one} />}</div>,
    },
    { title: t.size, dataIndex: "size", align: "right", width: 110, sorter: (a, b) => (a.size ?? -1) - (b.size ?? -1), render: (v: number | null) => f.count(v) },
    { title: t.share, dataIndex: "share", align: "right", width: 90, responsive: ["md"], render: (v: number | null) => f.percent(v) },
    { title: t.change, key: "change", align: "right", width: 130, responsive: ["sm"], render: (_, one) => <Change line={one} /> },
    { title: t.trend, key: "trend", width: 130, responsive: ["lg"], render: (_, one) => <Spark values={one.sizes.map((s) => s.size)} label={one.sizes.map((s) => `${f.day(s.as_of)} ${f.count(s.size)}`).join(", ")} /> },
    { title: t.kind, dataIndex: "kind", width: 90, responsive: ["md"], render: (v: Kind) => <Tooltip title={t.kindHints[v]}><span>{t.kinds[v]}</span></Tooltip> },
    { title: t.owner, dataIndex: "owner", width: 130, responsive: ["md"], render: (v: string | null) => v ?? "–" },
    { title: t.status, key: "state", width: 160, responsive: ["sm"], render: (_, one) => <StateTag line={one} /> },
    { title: <span className="visually-hidden">{t.actions}</span>, key: "actions", width: 48, render: (_, one) => <Actions line={one} /> },
  ];
  if (!board.audiences.length) return <Card><Nothing title={t.empty} hint={t.emptyHint} action={may && <Link to="/audiences/new"><Button type="primary">{t.create}</Button></Link>} /></Card>;
  return (
    <Card styles={{ body: { padding: 0 } }}>
      <div className="row list-tools">
        <Input.Search allowClear aria-label={t.search} placeholder={t.search} defaultValue={text} onChange={(e) => put("q", e.target.value)} style={{ width: 280 }} />
        <Select aria-label={t.kind} value={kind} onChange={(v) => put("kind", v)} style={{ width: 120 }} options={[{ value: "", label: t.allKinds }, ...KINDS.map((k) => ({ value: k, label: t.kinds[k] }))]} />
        <span className="spread" />
        <Tooltip title={t.compareHint}><Button disabled={chosen.length < 2} onClick={() => void navigate(`/audiences?compare=${chosen.join(",")}`)}>{t.compare}{chosen.length ? ` (${chosen.length})` : ""}</Button></Tooltip>
      </div>
      <Table<Line>
        rowKey="name" size={phone ? "small" : "middle"} columns={columns} dataSource={shown} pagination={shown.length > 50 ? { pageSize: 50 } : false}
        locale={{ emptyText: <Nothing title={t.nothingFound} action={<Button onClick={() => setSearch({}, { replace: true })}>{t.clearSearch}</Button>} /> }}
        rowSelection={{
          columnWidth: 40, hideSelectAll: true, selectedRowKeys: [...chosen], onChange: (keys) => setChosen(keys.map(String).slice(0, MOST)),
          getCheckboxProps: (one) => ({ disabled: one.size === null || (chosen.length >= MOST && !chosen.includes(one.name)), "aria-label": `${t.compare}: ${titleOf(one.title, one.name, language)}` }) as never,
        }}
      />
    </Card>
  );
}

function Change({ line }: { line: Line }) {
  const t = useTexts(audience);
  const f = useFormats();
  const [before, now] = line.sizes.slice(-2);
  if (!before || !now) return <span className="quiet">–</span>;
  const by = now.size - before.size;
  if (by === 0) return <span className="quiet">{t.noChange}</span>;
  return <Tooltip title={t.since(f.day(before.as_of))}><span className="figures">{by > 0 ? "+" : "−"}{f.count(Math.abs(by))} <span className="quiet">({by > 0 ? "+" : "−"}{f.percent(Math.abs(by) / Math.max(1, before.size))})</span></span></Tooltip>;
}

export function StateTag({ line }: { line: Pick<Line, "state" | "stale"> }) {
  const t = useTexts(audience);
  const language = useLanguage();
  if (line.stale) return <Tooltip title={t.staleHint(titleOf(line.stale.reason ?? line.stale.message, "", language))}><span><Badge status="warning" text={t.states.stale} /></span></Tooltip>;
  if (line.state === "current") return <Badge status="success" text={t.states.current} />;
  return <Tooltip title={t.stateHints[line.state]}><span><Badge status={line.state === "removed" ? "default" : "processing"} text={t.states[line.state]} /></span></Tooltip>;
}

function Actions({ line }: { line: Line }) {
  const t = useTexts(audience);
  const navigate = useNavigate();
  const may = useMay("define");
  const language = useLanguage();
  const remove = useRemove();
  const editable = may && line.kind === "dynamic" && line.state !== "removed";
  const items = [
    { key: "open", label: t.open }, editable && { key: "edit", label: t.edit }, editable && { key: "copy", label: t.copyFrom },
    may && line.state !== "removed" && { key: "remove", label: t.remove, danger: true },
  ].filter((one) => one !== false);
  const go = ({ key }: { key: string }) => {
    if (key === "open") void navigate(`/audiences/${line.name}`);
    if (key === "edit") void navigate(`/audiences/${line.name}/edit`);
    if (key === "copy") void navigate(`/audiences/new?from=${line.name}`);
    if (key === "remove") remove(line.name, titleOf(line.title, line.name, language));
  };
  return <Dropdown trigger={["click"]} menu={{ items, onClick: go }}><Button type="text" icon={<MoreOutlined />} aria-label={`${t.actions}: ${titleOf(line.title, line.name, language)}`} /></Dropdown>;
}

/** Asks, takes an audience out, and offers to put it back. */
export function useRemove(): (name: string, title: string, done?: () => void) => void {
  const t = useTexts(audience);
  const { modal, message } = App.useApp();
  const client = useQueryClient();
  const anew = () => client.invalidateQueries({ predicate: (q) => q.queryKey.some((part) => typeof part === "string" && part.startsWith("/audience")) });
  return (name, title, done) => {
    modal.confirm({
      title: t.removeTitle(title), content: t.removeText, okText: t.remove, okButtonProps: { danger: true },
      onOk: async () => {
        try {
          const was = await get<Definition>(`/audiences/${name}/definition`);
          await call("DELETE", `/audiences/${name}`, { query: { expected: was.digest } });
          await anew();
          done?.();
          const back = async () => { await restore(was); await anew(); message.destroy(name); void message.success(t.restored); };
          void message.success({ key: name, duration: 12, content: <span>{t.removed} <Button type="link" size="small" onClick={() => void back()}>{t.undo}</Button></span> });
        } catch (error) {
          void modal.error({ title: t.remove, content: (error as Problem).message });
        }
      },
    });
  };
}
