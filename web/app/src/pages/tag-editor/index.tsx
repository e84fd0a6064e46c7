// A tag is written here: choose a kind, fill in its rule, see at once what it would be, save it as a draft or hand it on for approval.
import { useEffect, useMemo, useState, type ReactNode } from "react";
import { Alert, App, Button, Card, Form, Input, Modal } from "antd";
import { Link, useBlocker, useNavigate, useParams, useSearchParams } from "react-router";
import { useAsk, useGet, useWrite } from "../../api/hooks";
import { useMay, useSession } from "../../api/session";
import { Answered, ErrorView, Page } from "../../parts";
import { useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { tags } from "../../i18n/tags";
import { useTitle } from "../tags/parts";
import { FieldInput } from "./fields";
import { PreviewCard } from "./PreviewCard";
import type { Definition, Field, Issue, Kind, Kinds, Preview, Saved, TagPage } from "../tags/types";

type Then = "stay" | "submit" | "approve";
const COMMON_KEYS = new Set(["name", "kind", "title", "description", "class", "attribute", "owner", "unit", "status", "values"]);
const TOUCHED = ["/tag-market", "/tags", "/tag-kinds", "/status"] as const;

function useSettled<T>(value: T, wait: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), wait);
    return () => clearTimeout(timer);
  }, [value, wait]);
  return settled;
}

/** Without what was left empty: unfilled rows of layers and bands count as empty. */
function filled(definition: Definition): Definition {
  const kept = Object.entries(definition).filter(([key, value]) => value !== undefined && value !== "" && !key.startsWith("$"));
  return Object.fromEntries(kept.map(([key, value]) => {
    if (key === "layers" && Array.isArray(value)) return [key, value.filter((row: Definition) => row.value || row.when)];
    if (key === "bounds" && Array.isArray(value)) return [key, value.filter((bound) => bound !== null)];
    if (key === "title" && value && typeof value === "object") { const both = value as { zh?: string; en?: string }; return [key, { zh: both.zh || both.en, en: both.en || both.zh }]; }
    return [key, value];
  }));
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

function KindChoice({ kinds, value, onChoose }: { kinds: Kinds; value: unknown; onChoose: (kind: Kind) => void }) {
  const t = useTexts(tags).editor;
  const title = useTitle();
  return (
    <div className="kinds" role="radiogroup" aria-label={t.chooseKind}>
      {kinds.kinds.map((kind) => (
        <button key={kind.name} type="button" role="radio" aria-checked={kind.name === value} className="kind" onClick={() => onChoose(kind.name)}>
          <b>{title(kind.title, kind.name)}</b><span>{title(kind.about, "")}</span>
        </button>
      ))}
    </div>
  );
}

function Editor({ kinds, page, reload }: { kinds: Kinds; page: TagPage | null; reload: () => Promise<TagPage | undefined> }) {
  const t = useTexts(tags);
  const e = t.editor;
  const f = useFormats();
  const title = useTitle();
  const go = useNavigate();
  const { message } = App.useApp();
  const [params] = useSearchParams();
  const mayApprove = useMay("approve");
  const alone = useSession().way === "local";
  const start = useMemo<Definition>(() => (page ? { ...(page.proposal?.definition ?? page.written), $kept: true } : { ...Object.fromEntries([...params].filter(([key]) => !key.startsWith("$"))) }), [page?.digest]);
  const [definition, setDefinition] = useState<Definition>(start);
  const [digest, setDigest] = useState(page?.digest ?? null);
  const [tried, setTried] = useState(false);
  const [note, setNote] = useState("");
  const [done, setDone] = useState(false);
  const [loading, setLoading] = useState(false);
  const [refused, setRefused] = useState<readonly Issue[]>([]);
  const changed = definition !== start && !done;
  const set = (changes: Definition) => { setRefused([]); setDefinition((before) => ({ ...before, ...changes })); };
  const kind = kinds.kinds.find((one) => one.name === definition.kind);
  const shown = (kind?.fields ?? []).filter((field) => field.key !== "labels" && (!field.shown_for || field.shown_for.includes(String(definition.measure ?? ""))));
  const wanted = filled(definition);
  const needed = (field: Field) => field.required || (field.key === "of" && kinds.measures.find((m) => m.name === definition.measure)?.of === "needed");
  const missing = shown.filter((field) => needed(field) && isEmpty(wanted[field.key]));
  const missingAbout = kinds.common.filter((field) => field.required && isEmpty(wanted[field.key]));
  const taken = !page && kinds.names.includes(String(definition.name ?? ""));
  const asked = useSettled(JSON.stringify(kind && missing.length === 0 ? { definition: { ...wanted, name: wanted.name || "new_tag" } } : null), 350);
  const preview = useAsk<Preview>("/tags/preview", JSON.parse(asked) as unknown);
  const issues = refused.length ? refused : missing.length === 0 ? preview.data?.issues ?? [] : [];
  const save = useWrite<Saved, { path: string; body?: unknown; match?: string | null }>("PUT", TOUCHED);
  const step = useWrite<Saved, { path: string; body?: unknown; match?: string | null }>("POST", TOUCHED);
  const blocker = useBlocker(changed);
  const online = page?.card.status === "online";
  const told = (pointer: string): string[] => issues.filter((i) => i.severity === "error" && i.pointer === pointer).map((i) => title(i.message, i.code));
  const fault = (pointer: string): ReactNode => { const texts = told(pointer); return texts.length ? <div className="fault" role="alert">{texts.join(" ")}</div> : null; };
  const item = (field: Field) => {
    const empty = tried && needed(field) && isEmpty(wanted[field.key]);
    const texts = [...(empty ? [e.needed] : []), ...(field.key === "name" && taken ? [e.exists] : []), ...told(field.key)];
    return (
      <Form.Item key={field.key} label={title(field.label, field.key)} htmlFor={`field-${field.key}`} required={needed(field)} validateStatus={texts.length ? "error" : undefined} help={texts.length ? texts.join(" ") : undefined} extra={field.help ? title(field.help, "") : undefined}>
        <FieldInput field={field} definition={definition} kinds={kinds} set={set} fault={fault} />
      </Form.Item>
    );
  };
  const carryOut = async (then: Then) => {
    setTried(true);
    if (!kind || missing.length || missingAbout.length || taken) return;
    try {
      const saved = await save.mutateAsync({ path: `/tags/${String(wanted.name)}`, body: { definition: wanted, note: note || null }, match: digest });
      if (then !== "stay" && !(then === "submit" && saved.review)) await step.mutateAsync({ path: `/tags/${saved.name}/status`, body: { action: then, note: note || null }, match: saved.digest });
      setDone(true);
      void message.success(e.saved);
      setTimeout(() => void go(`/tags/${saved.name}`));
    } catch { /* shown below */ }
  };
  useEffect(() => { if (save.error?.told.tag_issues) setRefused(save.error.told.tag_issues as Issue[]); }, [save.error]);
  const problem = save.error ?? step.error;
  const conflict = problem?.status === 409 && page ? problem : null;
  const latest = async (mine: boolean) => {
    setLoading(true);
    const fresh = await reload();
    setLoading(false);
    save.reset();
    setDigest(fresh?.digest ?? null);
    if (!mine && fresh?.written) setDefinition({ ...fresh.written, $kept: true });
  };
  const busy = save.isPending || step.isPending || loading;
  return (
    <div className="editor">
      <Form layout="vertical" component="div" className="stack">
        {online && <Alert type="info" showIcon title={e.online} />}
        {!page && <Card size="small" title={e.chooseKind}><KindChoice kinds={kinds} value={definition.kind} onChoose={(name) => setDefinition((before) => ({ ...Object.fromEntries(Object.entries(before).filter(([key]) => COMMON_KEYS.has(key))), kind: name }))} /></Card>}
        {kind && <Card size="small" title={`${e.rule} · ${title(kind.title, kind.name)}`}>{shown.map(item)}{fault("")}</Card>}
        {kind && <Card size="small" title={e.basics}>{kinds.common.map(item)}</Card>}
        {kind && (
          <div className="foot">
            {conflict && (
              <Alert type="warning" showIcon title={e.conflict(String(conflict.told.who ?? ""), f.time(conflict.told.at as string | null))} description={conflict.told.who ? undefined : conflict.message} style={{ flexBasis: "100%" }}
                action={<div className="row"><Button size="small" loading={loading} onClick={() => void latest(true)}>{e.keepMine}</Button><Button size="small" onClick={() => void latest(false)}>{e.takeTheirs}</Button></div>} />
            )}
            {problem && !conflict && !refused.length && <div style={{ flexBasis: "100%" }} role="alert"><ErrorView error={problem} /></div>}
            <Input aria-label={e.note} placeholder={e.note} value={note} onChange={(x) => setNote(x.target.value)} maxLength={2000} style={{ flex: "1 1 200px" }} />
            {online ? <Button type="primary" loading={busy} onClick={() => void carryOut("stay")}>{e.saveChange}</Button> : page && page.card.status === "offline" ? <Button type="primary" loading={busy} onClick={() => void carryOut("stay")}>{e.save}</Button> : (
              <>
                <Button loading={busy} onClick={() => void carryOut("stay")}>{e.saveDraft}</Button>
                {mayApprove && alone ? <Button type="primary" loading={busy} onClick={() => void carryOut("approve")}>{e.saveApprove}</Button> : <Button type="primary" loading={busy} onClick={() => void carryOut("submit")}>{e.saveSubmit}</Button>}
              </>
            )}
          </div>
        )}
      </Form>
      {kind && <aside className="side" aria-label={e.preview}><PreviewCard of={preview.data} waiting={preview.isFetching} error={preview.error} missing={missing.map((field) => title(field.label, field.key))} unit={(definition.unit as string | undefined) ?? null} /></aside>}
      <Modal open={blocker.state === "blocked"} title={e.leave} okText={e.go} cancelText={e.stay} onOk={() => blocker.proceed?.()} onCancel={() => blocker.reset?.()}>{e.leaveHint}</Modal>
    </div>
  );
}

export default function TagEditor() {
  const { name } = useParams();
  const t = useTexts(tags);
  const title = useTitle();
  const kinds = useGet<Kinds>("/tag-kinds", {}, { stale: 5_000 });
  const page = useGet<TagPage>(name ? `/tag-market/${name}` : null, {}, { stale: 0 });
  const heading = name ? t.editor.edit(page.data ? title(page.data.card.title, name) : name) : t.editor.new;
  const reload = async () => (await page.refetch()).data;
  return (
    <Page title={heading} about={<Link to={name ? `/tags/${name}` : "/tags"}>{name ? title(page.data?.card.title, name) : t.page.back}</Link>}>
      <Answered of={kinds}>
        {(of) => (name ? <Answered of={page}>{(one) => <Editor kinds={of} page={one} reload={reload} key={name} />}</Answered> : <Editor kinds={of} page={null} reload={reload} key="new" />)}
      </Answered>
    </Page>
  );
}
