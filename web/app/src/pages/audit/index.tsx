// Who saw and changed what; and whether the log is whole.
import { useState } from "react";
import { Alert, Button, DatePicker, Input, Select, Table, Tag, Typography } from "antd";
import { SafetyCertificateOutlined } from "../../icons";
import dayjs from "dayjs";
import { useSearchParams } from "react-router";
import { get, Problem } from "../../api/client";
import { usePages } from "../../api/hooks";
import { useTexts } from "../../i18n";
import { common } from "../../i18n/common";
import { useFormats } from "../../i18n/format";
import { people } from "../../i18n/people";
import { ErrorView, Page } from "../../parts";

interface Entry { number: number; at: string; who: string; role: string; action: string; object: string; snapshot: string | null; detail: Record<string, unknown>; hash: string }
interface Verified { valid: boolean; entries: number; head: string; anchors: number; faults: { number: number; code: string }[] }
const ACTIONS = ["login", "logout", "login_failed", "customer", "search", "export", "ids", "unmask", "raw", "why", "examples", "define", "wording", "upload", "list", "build", "schedule", "decide", "user_added", "user_changed", "token_created", "token_revoked"];

function Verify() {
  const t = useTexts(people).audit;
  const f = useFormats();
  const [told, setTold] = useState<Verified | null>(null);
  const [fault, setFault] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    setFault(null);
    try { setTold(await get<Verified>("/audit/verify")); } catch (error) { if (error instanceof Problem) setFault(error); }
    setBusy(false);
  };
  return {
    button: <Button type="primary" icon={<SafetyCertificateOutlined />} loading={busy} onClick={() => void run()}>{t.verify}</Button>,
    result: <>
      {fault && <ErrorView error={fault} />}
      {told && (
        <div role="status"><Alert type={told.valid ? "success" : "error"} showIcon closable title={told.valid ? t.whole(f.count(told.entries)) : t.broken(told.faults.length)}
          description={<>{told.faults.slice(0, 10).map((one) => <div key={one.number}>#{f.count(one.number)} {t.fault[one.code] ?? one.code}</div>)}<div className="small">{t.head} <Typography.Text copyable className="mono" style={{ overflowWrap: "anywhere" }}>{told.head}</Typography.Text> · {t.anchors(f.count(told.anchors))}</div></>} /></div>
      )}
    </>,
  };
}

export default function Audit() {
  const t = useTexts(people).audit;
  const roles = useTexts(people).roles;
  const c = useTexts(common);
  const f = useFormats();
  const [search, setSearch] = useSearchParams();
  const filters = Object.fromEntries(["who", "action", "object", "since", "until"].map((key) => [key, search.get(key) ?? ""]));
  const set = (key: string, value: string) => setSearch((old) => { const next = new URLSearchParams(old); if (value) next.set(key, value); else next.delete(key); return next; }, { replace: true });
  const found = usePages<{ entries: Entry[]; next?: string | null }, Entry>("/audit", { ...filters, limit: 50 }, (page) => page.entries);
  const verify = Verify();
  const used = Object.values(filters).some(Boolean);
  return (
    <Page title={t.title} about={t.about} actions={verify.button}>
      {verify.result}
      <div className="row" role="search">
        <Input allowClear aria-label={t.who} placeholder={t.anyone} value={filters.who} onChange={(event) => set("who", event.target.value)} style={{ width: 150 }} />
        <Select allowClear showSearch aria-label={t.action} placeholder={t.anyAction} value={filters.action || null} onChange={(value: string | undefined) => set("action", value ?? "")} options={ACTIONS.map((value) => ({ value, label: value }))} style={{ width: 160 }} />
        <Input allowClear aria-label={t.objectFind} placeholder={t.objectFind} value={filters.object} onChange={(event) => set("object", event.target.value)} style={{ width: 180 }} />
        <DatePicker aria-label={t.since} placeholder={t.since} value={filters.since ? dayjs(filters.since) : null} onChange={(value) => set("since", value ? value.format("YYYY-MM-DD") : "")} />
        <DatePicker aria-label={t.until} placeholder={t.until} value={filters.until ? dayjs(filters.until) : null} onChange={(value) => set("until", value ? value.format("YYYY-MM-DD") : "")} />
        {used && <Button onClick={() => setSearch({}, { replace: true })}>{t.clear}</Button>}
      </div>
      {found.error ? <ErrorView error={found.error} onRetry={() => void found.refetch()} /> : (
        <Table<Entry>
          size="small" rowKey="number" pagination={false} loading={found.isLoading} dataSource={found.rows} locale={{ emptyText: t.empty }}
          expandable={{ expandedRowRender: (one) => <div className="mono pre-wrap">{Object.entries(one.detail).map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`).join("\n")}{`\n#${one.number} ${one.hash}`}</div> }}
          columns={[
            { title: t.at, dataIndex: "at", render: (value: string) => f.time(value) },
            { title: t.who, key: "who", render: (_, one) => <>{one.who} <span className="soft small">{roles[one.role as keyof typeof roles] ?? one.role}</span></> },
            { title: t.action, dataIndex: "action", render: (value: string) => <Tag className="mono">{value}</Tag> },
            { title: t.object, dataIndex: "object", responsive: ["sm"], render: (value: string) => <span style={{ overflowWrap: "anywhere" }}>{value}</span> },
            { title: t.reason, key: "reason", responsive: ["lg"], render: (_, one) => String(one.detail.reason ?? "") },
            { title: t.snapshot, dataIndex: "snapshot", responsive: ["xl"], render: (value: string | null) => <span className="mono soft">{value}</span> },
          ]}
        />
      )}
      {found.hasNextPage && <Button onClick={() => void found.fetchNextPage()} loading={found.isFetchingNextPage}>{c.more}</Button>}
    </Page>
  );
}
