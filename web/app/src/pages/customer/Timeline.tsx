// What happened, newest first, by day; sources can be chosen.
import { useState } from "react";
import { Button, Card, Checkbox, Skeleton } from "antd";
import { usePages } from "../../api/hooks";
import { useTexts } from "../../i18n";
import { common } from "../../i18n/common";
import { customer } from "../../i18n/customer";
import { useFormats } from "../../i18n/format";
import { ErrorView, Nothing } from "../../parts";
import type { Moment, TimelinePage } from "./types";
import { useValues } from "./values";

const PART = 40;

export default function Timeline({ id }: { id: string }) {
  const t = useTexts(customer);
  const c = useTexts(common);
  const f = useFormats();
  const { title } = useValues();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const pages = usePages<TimelinePage, Moment>(`/customers/${encodeURIComponent(id)}/timeline`, { limit: PART, source: chosen }, (page) => page.items);
  const sources = pages.data?.pages[0]?.sources ?? [];
  if (pages.error) return <ErrorView error={pages.error} onRetry={() => void pages.refetch()} />;
  if (pages.isPending && !sources.length) return <Card><Skeleton active /></Card>;
  const named = new Map(sources.map((s) => [s.source, title(s.title, s.source)]));
  const days: [string, Moment[]][] = [];
  for (const moment of pages.rows) {
    const day = f.day(moment.at);
    if (days.at(-1)?.[0] !== day) days.push([day, []]);
    days.at(-1)?.[1].push(moment);
  }
  if (!sources.length) return <Card><Nothing title={t.timelineNone} hint={t.timelineNoneHint} /></Card>;
  return (
    <Card size="small">
      <div className="row no-print" role="group" aria-label={t.tabs.timeline}>
        <Checkbox checked={!chosen.length} onChange={() => setChosen([])}>{t.allSources}</Checkbox>
        {sources.map((source) => (
          <Checkbox key={source.source} checked={chosen.includes(source.source)} onChange={(event) => setChosen(event.target.checked ? [...chosen, source.source] : chosen.filter((s) => s !== source.source))}>
            {named.get(source.source)} <span className="quiet small figures">{f.count(source.rows)}</span>
          </Checkbox>
        ))}
      </div>
      {days.map(([day, moments], n) => (
        <section key={`${day}-${n}`}>
          <h3 className="day plain-title">{day}</h3>
          <ul className="moments">{moments.map((moment, k) => <Row key={k} moment={moment} source={named.get(moment.source) ?? moment.source} />)}</ul>
        </section>
      ))}
      {pages.hasNextPage && <div className="row no-print" style={{ justifyContent: "center", marginBlockStart: 12 }}><Button loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>{c.more}</Button></div>}
    </Card>
  );
}

function Row({ moment, source }: { moment: Moment; source: string }) {
  const t = useTexts(customer);
  const { one, title } = useValues();
  const body = moment.fields.find((field) => field.name === "body");
  const rest = moment.fields.filter((field) => field !== body && !(field.value_type === "money" && Number(field.value) === 0));
  return (
    <li className="moment">
      <time dateTime={moment.at ?? undefined}>{moment.at ? moment.at.slice(11, 16) : "–"}</time>
      <div><span className={`origin ${moment.entity}`}>{source}</span></div>
      <div className="body">
        <strong>{title(moment.title, moment.source)}</strong>
        {body && <blockquote>{String(body.value)}</blockquote>}
        {moment.lines.length > 0 && <ul>{moment.lines.map((line, n) => <li key={n}>{title(line.title, "")}</li>)}</ul>}
        {rest.length > 0 && <span className="quiet small">{rest.map((field) => `${(t.fields as Record<string, string>)[field.name] ?? field.name}${t.colon}${one(field.value, null, field.value_type, null)}`).join(" · ")}</span>}
      </div>
    </li>
  );
}
