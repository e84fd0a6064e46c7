import { useEffect, useRef, useState } from "react";
import { Alert, App, Button, Card, Progress, Spin, Tooltip } from "antd";
import { CopyOutlined, RedoOutlined, UndoOutlined } from "../../icons";
import { useBlocker, useNavigate, useParams, useSearchParams } from "react-router";
import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { audience } from "../../i18n/audience";
import { common } from "../../i18n/common";
import { condition } from "../../i18n/condition";
import { useFormats } from "../../i18n/format";
import { Answered, CopyLink, Nothing, Page } from "../../parts";
import { Builder } from "../../parts/condition/Builder";
import { FieldsContext, useFields, type Fields } from "../../parts/condition/fields";
import { TextForm } from "../../parts/condition/TextForm";
import { useCondition } from "../../parts/condition/useCondition";
import type { Definition } from "../audience/types";
import { SaveDialog } from "./SaveDialog";
import "../audience/style.css";

export default function AudienceBuilder() {
  const { name } = useParams();
  const [search] = useSearchParams();
  const t = useTexts(audience);
  const from = name ?? search.get("from");
  const fields = useFields();
  const definition = useGet<Definition>(from ? `/audiences/${from}/definition` : null, {}, { stale: 0 });
  const language = useLanguage();
  const [again, setAgain] = useState(0);
  const title = name ? t.inEdit(titleOf(definition.data?.title, name, language)) : t.inNew;
  if (!fields.data || (from && (!definition.data || definition.isFetching))) {
    return <Page title={title}>{fields.error || definition.error ? <Answered of={fields.error ? (fields as never) : (definition as never)}>{() => null}</Answered> : <div className="waiting"><Spin /></div>}</Page>;
  }
  if (definition.data && definition.data.when === null) return <Page title={title}><Nothing title={t.notCondition} /></Page>;
  return <Editor key={`${from ?? ""}:${again}`} title={title} fields={fields.data} editing={name} definition={definition.data} when={search.get("when")} onReload={() => void definition.refetch().then(() => setAgain(again + 1))} />;
}

interface EditorProps {
  readonly title: string;
  readonly fields: Fields;
  readonly editing?: string;
  readonly definition?: Definition;
  readonly when: string | null;
  readonly onReload: () => void;
}

function Editor({ title, fields, editing, definition, when, onReload }: EditorProps) {
  const t = useTexts(audience);
  const c = useTexts(condition);
  const { message, modal } = App.useApp();
  const navigate = useNavigate();
  const may = useMay("define");
  const [search, setSearch] = useSearchParams();
  const start = when ?? definition?.when ?? "";
  const edited = useCondition({ text: start || undefined, form: when ? null : definition?.form });
  const [saving, setSaving] = useState(false);
  const [done, setDone] = useState(false);
  const { text, settled, isEmpty, problem } = edited;
  const dirty = !done && !isEmpty && text !== (definition?.when ?? "") && text !== start; // what came by the address isn't lost by leaving
  useEffect(() => {
    if (!settled || (search.get("when") ?? "") === text || (!search.has("when") && text === start)) return;
    const next = new URLSearchParams(search);
    if (text && text.length < 3000) next.set("when", text);
    else next.delete("when");
    setSearch(next, { replace: true });
  }, [text, settled]);
  const blocker = useBlocker(({ currentLocation, nextLocation }) => dirty && currentLocation.pathname !== nextLocation.pathname);
  useEffect(() => {
    if (blocker.state !== "blocked") return;
    modal.confirm({ title: t.leave, onOk: () => blocker.proceed(), onCancel: () => blocker.reset() });
  }, [blocker.state]);
  const ready = settled && !isEmpty && !problem;
  return (
    <FieldsContext.Provider value={fields}>
      <Page
        title={title}
        actions={<>
          <CopyLink />
          {may && <Button type="primary" disabled={!ready} onClick={() => setSaving(true)}>{editing ? t.saveChanges : t.save}</Button>}
        </>}
      >
        <div className="with-side">
          <Card
            title={<h2 className="card-title">{t.rules}</h2>}
            extra={<span className="row">
              <Tooltip title={c.undo}><Button type="text" icon={<UndoOutlined />} aria-label={c.undo} disabled={!edited.undo} onClick={edited.undo} /></Tooltip>
              <Tooltip title={c.redo}><Button type="text" icon={<RedoOutlined />} aria-label={c.redo} disabled={!edited.redo} onClick={edited.redo} /></Tooltip>
            </span>}
          >
            <Builder root={edited.root} onChange={edited.change} fault={edited.fault} />
            {edited.open > 0 && <p className="quiet" role="status">{c.open(edited.open)}</p>}
          </Card>
          <aside className="side" aria-label={t.estimate}>
            <Estimate edited={edited} base={fields} />
            <Card
              size="small" title={<h2 className="card-title">{c.text}</h2>}
              extra={<Tooltip title={c.copyText}><Button type="text" size="small" icon={<CopyOutlined />} aria-label={c.copyText} onClick={() => void navigator.clipboard?.writeText(text).then(() => message.success(c.copyText))} /></Tooltip>}
            >
              <TextForm text={text} onChange={edited.type} problem={edited.fault ? null : problem} />
              <p className="quiet hint">{c.textHint}</p>
            </Card>
          </aside>
        </div>
        {saving && (
          <SaveDialog
            when={text} editing={editing} definition={editing ? definition : undefined} onClose={() => setSaving(false)} onReload={() => { setSaving(false); onReload(); }}
            onSaved={(name) => { setDone(true); void message.success(t.saved); setTimeout(() => void navigate(`/audiences/${name}`)); }}
          />
        )}
      </Page>
    </FieldsContext.Provider>
  );
}

function Estimate({ edited, base }: { edited: ReturnType<typeof useCondition>; base: Fields }) {
  const t = useTexts(audience);
  const all = useTexts(common);
  const f = useFormats();
  const { count, isEmpty, problem } = edited;
  const last = useRef(count.data);
  if (count.data) last.current = count.data;
  const found = isEmpty || problem ? undefined : (count.data ?? last.current); // text is wrong between two keys: the last number stays meanwhile
  const everyone = useGet<{ customers: number }>(isEmpty && !problem && !edited.open ? "/status" : null).data?.customers;
  return (
    <Card size="small" className="figure estimate" data-tour="count">
      <div className="name">{t.estimate}</div>
      <div className="value" aria-live="polite" aria-busy={edited.busy}>{found ? f.count(found.count) : everyone !== undefined ? f.count(everyone) : "–"}</div>
      {found ? (
        <>
          <Progress percent={(found.count / Math.max(1, found.base)) * 100} showInfo={false} size="small" strokeColor="var(--ant-color-primary)" aria-label={t.share} />
          <div className="note">{t.of(f.percent(found.count / Math.max(1, found.base)), f.count(found.base))}</div>
          <div className="note">{t.took(found.elapsed_ms < 0.1 ? "<0.1" : f.number(found.elapsed_ms, 1))} · {all.asOf(base.as_of)}</div>
        </>
      ) : <div className="note">{problem ? <Alert type="error" title={problem.message} /> : everyone !== undefined ? t.everyone : isEmpty ? t.waiting : all.loading}</div>}
    </Card>
  );
}
