// When builds start by themselves, and which times were missed.
import { useEffect, useState } from "react";
import { Alert, App, Button, Switch, Tag, TimePicker } from "antd";
import dayjs from "dayjs";
import { useGet, useWrite } from "../../api/hooks";
import { useMay } from "../../api/session";
import { useTexts } from "../../i18n";
import { common } from "../../i18n/common";
import { data } from "../../i18n/data";
import { useFormats } from "../../i18n/format";
import { Answered, ErrorView } from "../../parts";
import { Section } from "../../parts/heat";
import type { Schedule } from "./types";

function Editor({ of }: { of: Schedule }) {
  const t = useTexts(data).runs;
  const c = useTexts(common);
  const f = useFormats();
  const may = useMay("build");
  const { message } = App.useApp();
  const [draft, setDraft] = useState({ at: of.at, weekdays: of.weekdays, enabled: of.enabled });
  useEffect(() => setDraft({ at: of.at, weekdays: of.weekdays, enabled: of.enabled }), [of.at, of.weekdays, of.enabled, of.version]);
  const save = useWrite<Schedule, { path: string; body: unknown }>("PUT", ["/schedule"]);
  const changed = draft.at !== of.at || draft.weekdays !== of.weekdays || draft.enabled !== of.enabled;
  const toggle = (day: string) => setDraft((old) => ({ ...old, weekdays: [...(old.weekdays.includes(day) ? old.weekdays.replace(day, "") : old.weekdays + day)].sort().join("") }));
  const keep = () => save.mutate({ path: "/schedule", body: { ...draft, expected: of.version } }, { onSuccess: () => void message.success(t.saved) });
  return (
    <div style={{ display: "flex", flexDirection: "column", gap: 12 }}>
      {of.missed > 0 && <Alert type="warning" showIcon title={t.missed(of.missed)} />}
      <div className="row" style={{ gap: 16 }}>
        <label className="row"><Switch size="small" checked={draft.enabled} disabled={!may} onChange={(enabled) => setDraft((old) => ({ ...old, enabled }))} />{t.on}</label>
        <TimePicker aria-label={t.at} format="HH:mm" value={dayjs(`2000-01-01T${draft.at}`)} allowClear={false} needConfirm={false} disabled={!may} onChange={(value) => { if (value) setDraft((old) => ({ ...old, at: value.format("HH:mm") })); }} style={{ width: 104 }} />
        <span className="weekdays" role="group" aria-label={t.weekdays}>
          {[..."1234567"].map((day, n) => <Button key={day} size="small" disabled={!may} type={draft.weekdays.includes(day) ? "primary" : "default"} aria-pressed={draft.weekdays.includes(day)} onClick={() => toggle(day)}>{t.days[n]}</Button>)}
        </span>
        {changed && <><Button size="small" onClick={() => setDraft({ at: of.at, weekdays: of.weekdays, enabled: of.enabled })}>{c.undo}</Button><Button size="small" type="primary" disabled={!draft.weekdays} title={draft.weekdays ? "" : t.pickDay} loading={save.isPending} onClick={keep}>{c.save}</Button></>}
      </div>
      {save.error && <ErrorView error={save.error} />}
      <div className="soft small">{of.next ? t.next(f.time(of.next)) : t.off} · {t.zone(of.timezone)}{of.changed_by ? ` · ${t.changedBy(of.changed_by, f.time(of.changed_at))}` : ""}</div>
      {of.runs.length > 0 && <div className="row" style={{ gap: 4 }}>{of.runs.slice(0, 7).map((one) => <Tag key={one.due} color={one.state === "started" ? "success" : one.state === "missed" || one.state === "failed" ? "warning" : "default"}>{f.time(one.due)} {t.dueStates[one.state]}</Tag>)}</div>}
    </div>
  );
}

export function ScheduleCard() {
  const t = useTexts(data).runs;
  const found = useGet<Schedule>("/schedule");
  return <Section title={t.schedule}><Answered of={found}>{(of) => <Editor of={of} />}</Answered></Section>;
}
