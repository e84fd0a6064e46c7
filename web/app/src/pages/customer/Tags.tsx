// Tags as chips by class; each tells why it has its value.
import { useState } from "react";
import { Card, Input, Popover, Tag } from "antd";
import { SearchOutlined } from "../../icons";
import { Link } from "react-router";
import { useGet } from "../../api/hooks";
import { useTexts } from "../../i18n";
import { customer } from "../../i18n/customer";
import { useFormats } from "../../i18n/format";
import { Answered, Nothing } from "../../parts";
import { byClass } from "./Profile";
import type { CustomerData, Field, Part, WhyTag } from "./types";
import type { Opened } from "./index";
import { isThere, useValues } from "./values";

const SCORES = new Set(["rfm", "lifecycle", "model"]);

export function Tags({ data, opened }: { data: CustomerData; opened: Opened }) {
  const t = useTexts(customer);
  const f = useFormats();
  const { show, title } = useValues();
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const fits = (tag: Field) => !wanted || `${tag.name} ${title(tag.title, "")} ${show(tag)}`.toLowerCase().includes(wanted);
  const there = data.tags.filter((tag) => isThere(tag.value) && fits(tag));
  const scores = there.filter((tag) => SCORES.has(tag.kind ?? ""));
  const groups: [string, readonly Field[]][] = [...(scores.length ? [[t.scores, scores] as [string, readonly Field[]]] : []), ...byClass(there.filter((tag) => !scores.includes(tag))).map(([name, list]): [string, readonly Field[]] => [t.classes[name], list])];
  return (
    <div className="stack">
      <Input className="no-print" style={{ maxWidth: 320 }} allowClear prefix={<SearchOutlined />} placeholder={t.filterTags} aria-label={t.filterTags} value={text} onChange={(event) => setText(event.target.value)} />
      {!groups.length && <Card><Nothing title={t.none} /></Card>}
      {groups.map(([name, list]) => (
        <Card key={name} size="small" data-tour="why" title={<h2 className="plain-title">{name}</h2>} extra={<span className="quiet small figures">{f.count(list.length)}</span>}>
          <div className="tag-chips">{list.map((tag) => <Chip key={tag.name} tag={{ ...tag, value: opened[tag.name] ?? tag.value }} id={data.customer_id} />)}</div>
        </Card>
      ))}
    </div>
  );
}

function Chip({ tag, id }: { tag: Field; id: string }) {
  const { show, title } = useValues();
  const [open, setOpen] = useState(false);
  return (
    <Popover trigger="click" open={open} onOpenChange={setOpen} destroyOnHidden content={<Why id={id} name={tag.name} />}>
      <button type="button" className={tag.value === false ? "chip off" : "chip"} aria-expanded={open}><span className="name">{title(tag.title, tag.name)}</span> {show(tag)}</button>
    </Popover>
  );
}

function Why({ id, name }: { id: string; name: string }) {
  const answer = useGet<WhyTag>(`/customers/${encodeURIComponent(id)}/tags/${encodeURIComponent(name)}/why`);
  return <div className="why-box"><Answered of={answer}>{(why) => <Reasons why={why} />}</Answered></div>;
}

function Reasons({ why }: { why: WhyTag }) {
  const t = useTexts(customer);
  const f = useFormats();
  const { show, title } = useValues();
  return (
    <>
      <div><strong>{title(why.title, why.name)}</strong>{t.colon}{show(why)}{why.description ? <div className="quiet small">{title(why.description, "")}</div> : null}</div>
      <div><h3 className="plain-title">{t.definition}</h3><pre>{String(why.definition ?? "")}</pre></div>
      {why.tree && <Tree part={why.tree} decisive={new Set(why.decisive)} />}
      {why.inputs.length > 0 && (
        <div><h3 className="plain-title">{t.inputs}</h3>
          <table><tbody>{why.inputs.map((input) => <tr key={input.name}><td>{title(input.title, input.name)}{input.source && <div className="quiet small">{input.source}{input.confidence === null ? "" : ` · ${f.percent(input.confidence, 0)}`}</div>}</td><td>{show(input)}</td></tr>)}</tbody></table>
        </div>
      )}
      {why.rows.map((rows) => (
        <div key={rows.source}><h3 className="plain-title">{t.rows}</h3>
          <table><tbody><tr><td>{title(rows.title, rows.source)}{rows.first_at && <div className="quiet small">{t.between(f.day(rows.first_at), f.day(rows.last_at))}</div>}</td><td>{rows.window ? t.counted(f.count(rows.counted), f.count(rows.rows)) : t.rowsOf(f.count(rows.rows))}</td></tr></tbody></table>
        </div>
      ))}
      <div className="quiet small row">{why.fresh_to && <span>{t.freshTo} {f.day(why.fresh_to)}</span>}{why.owner && <span>{t.owner} {why.owner}</span>}{why.version !== null && <span>{t.version} {why.version}</span>}<Link to={`/tags/${encodeURIComponent(why.name)}`}>{t.openTag}</Link></div>
    </>
  );
}

function Tree({ part, decisive }: { part: Part; decisive: ReadonlySet<string> }) {
  const t = useTexts(customer);
  return (
    <div>
      <span className="row"><code>{part.text}</code><Tag color={part.state === "true" ? "success" : part.state === "false" ? "default" : "warning"}>{t.states[part.state]}</Tag>{decisive.has(part.text) && part.parts.length === 0 && <span className="quiet small">{t.decisive}</span>}</span>
      {part.parts.length > 0 && <ul>{part.parts.map((inner, n) => <li key={n}><Tree part={inner} decisive={decisive} /></li>)}</ul>}
    </div>
  );
}
