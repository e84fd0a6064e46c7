// Wording a card anew: what it says may change, the placeholders of its figures may not.
import { useEffect, useMemo, useState } from "react";
import { Alert, App, Badge, Button, Drawer, Input } from "antd";
import { useGet, useWrite } from "../../api/hooks";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { common } from "../../i18n/common";
import { useFormats } from "../../i18n/format";
import { personas } from "../../i18n/personas";
import { Answered, ErrorView } from "../../parts";
import { lang, type Both, type Card, type Wording } from "./types";

type Drafts = Record<string, Both | null>;
const marks = (text: string) => text.match(/\{\w+\}/g) ?? [];
const minus = (from: string[], what: string[]) => { const rest = [...what]; return from.filter((one) => { const at = rest.indexOf(one); if (at >= 0) rest.splice(at, 1); return at < 0; }); };

function useFault(): (text: string, original: string) => string | null {
  const t = useTexts(personas);
  return (text, original) => {
    const lost = minus(marks(original), marks(text));
    if (lost.length) return t.lost(lost.join(" "));
    const extra = minus(marks(text), marks(original));
    if (extra.length) return t.extra(extra.join(" "));
    const digits = (one: string): string[] => one.replace(/\{\w+\}/g, "").match(/\d+/g) ?? [];
    return digits(text).some((one) => !digits(original).includes(one)) ? t.digits : null;
  };
}

function Part({ name, now, original, template, onChange, onRestore, changed }: { name: string; now: Both; original: string; template: Both; onChange: (text: Both) => void; onRestore: () => void; changed: boolean }) {
  const t = useTexts(personas);
  const fault = useFault();
  return (
    <div className="edit-part">
      <div className="row" style={{ justifyContent: "space-between" }}><b>{name} {changed && <Badge status="processing" />}</b>{changed && <Button size="small" onClick={onRestore}>{t.restore}</Button>}</div>
      <div className="soft small">{t.original}: {original}</div>
      {(["zh", "en"] as const).map((one) => {
        const wrong = fault(now[one], template[one]);
        return (
          <label key={one}><span className="soft small">{t[one]}</span>
            <Input.TextArea rows={1} className="growing" value={now[one]} status={wrong ? "error" : ""} aria-invalid={wrong !== null} onChange={(event) => onChange({ ...now, [one]: event.target.value.replace(/\n/g, " ") })} />
            {wrong && <span role="alert" className="small" style={{ color: "var(--ant-color-error)" }}>{wrong}</span>}
          </label>
        );
      })}
    </div>
  );
}

function Form({ of, card, onDone, path }: { of: Wording; card: Card; path: string; onDone: () => void }) {
  const t = useTexts(personas);
  const c = useTexts(common);
  const f = useFormats();
  const language = useLanguage();
  const fault = useFault();
  const { message } = App.useApp();
  const [drafts, setDrafts] = useState<Drafts>({});
  const [past, setPast] = useState<Drafts[]>([]);
  useEffect(() => { setDrafts({}); setPast([]); }, [of.digest]);
  const save = useWrite<Wording, { path: string; body: unknown }>("PUT", ["/personas"]);
  const originals = useMemo(() => {
    const found: Record<string, string> = { title: titleOf(card.edited.title?.original ?? card.name, "", language), summary: titleOf(card.edited.summary?.original ?? card.summary, "", language) };
    for (const section of card.sections) for (const one of section.statements) found[one.id] = titleOf(card.edited[one.id]?.original ?? one.text, "", language);
    return found;
  }, [card, language]);
  const put = (part: string, text: Both | null) => { setPast((old) => [...old.slice(-49), drafts]); setDrafts((old) => ({ ...old, [part]: text })); };
  const undo = () => { const last = past.at(-1); if (last) { setDrafts(last); setPast((old) => old.slice(0, -1)); } };
  const count = Object.keys(drafts).length;
  const bad = Object.entries(drafts).some(([part, text]) => text && (["zh", "en"] as const).some((one) => !text[one].trim() || fault(text[one], of.templates[part][one])));
  const keep = () => save.mutate({ path: `${path}/wording`, body: { texts: drafts, expected: of.digest } }, { onSuccess: () => { void message.success(t.saved); onDone(); } });
  const nameOf = (part: string) => (part === "title" ? t.part.title : part === "summary" ? t.part.summary : titleOf(card.sections.flatMap((s) => s.statements).find((one) => one.id === part)?.tag_title, titleOf(card.sections.find((s) => s.statements.some((one) => one.id === part))?.title, part, language), language));
  return (
    <>
      <Alert type="info" showIcon title={t.editHint} style={{ marginBlockEnd: 8 }} />
      {save.error && <ErrorView error={save.error} />}
      {Object.entries(of.templates).map(([part, template]) => (
        <Part key={part} name={nameOf(part)} now={drafts[part] ?? template} original={originals[part] ?? ""} template={template} changed={part in drafts || part in card.edited} onChange={(text) => put(part, text)} onRestore={() => put(part, null)} />
      ))}
      <div className="row" style={{ position: "sticky", insetBlockEnd: 0, padding: "12px 0", background: "var(--ant-color-bg-elevated)", borderBlockStart: "1px solid var(--ant-color-border-secondary)", justifyContent: "space-between" }}>
        <span className="soft">{t.changes(count)}</span>
        <span className="row"><Button disabled={!past.length} onClick={undo}>{c.undo}</Button><Button type="primary" disabled={!count || bad} loading={save.isPending} onClick={keep}>{c.save}</Button></span>
      </div>
      {of.versions.length > 0 && <details><summary>{t.history} ({of.versions.length})</summary><ul>{of.versions.map((one) => <li key={one.version}>v{one.version} · {t.by(one.by, f.time(one.at))}: {Object.values(one.parts).map((text) => text[lang(language)]).join(" · ") || t.none}</li>)}</ul></details>}
    </>
  );
}

export function Editor({ open, path, card, onClose }: { open: boolean; path: string; card: Card; onClose: () => void }) {
  const t = useTexts(personas);
  const found = useGet<Wording>(open ? `${path}/wording` : null);
  return <Drawer open={open} onClose={onClose} size={720} title={t.editTitle} destroyOnHidden>{open && <Answered of={found}>{(of) => <Form of={of} card={card} path={path} onDone={onClose} />}</Answered>}</Drawer>;
}
