// The nearest customers, and what brings them together.
import { Card, Table, Tooltip } from "antd";
import { Link } from "react-router";
import { useGet } from "../../api/hooks";
import { useTexts } from "../../i18n";
import { customer } from "../../i18n/customer";
import { useFormats } from "../../i18n/format";
import { Answered, Nothing } from "../../parts";
import type { Likeness, SimilarData } from "./types";
import { focusable, useValues } from "./values";

export default function Similar({ id }: { id: string }) {
  const t = useTexts(customer);
  const f = useFormats();
  const { one, title } = useValues();
  const answer = useGet<SimilarData>(`/customers/${encodeURIComponent(id)}/similar`, { limit: 20 });
  const named = (like: Likeness) => title(like.title, like.name);
  const shared = (like: Likeness) => (
    <Tooltip key={like.name} title={f.percent(like.weight)}><span className="chip" tabIndex={0}><span className="name">{named(like)}</span> {one(like.value, like.value_title, like.value_type, like.unit)}{String(like.value) === String(like.other) ? "" : ` ≈ ${one(like.other, like.other_title, like.value_type, like.unit)}`}</span></Tooltip>
  );
  return (
    <Answered of={answer}>
      {(found) => !found.similar.length ? <Card><Nothing title={t.similarNone} /></Card> : (
        <div className="stack">
          <span className="quiet small">{t.similarAbout(f.count(found.tags))}</span>
          <Table
            size="small" onRow={focusable} rowKey="customer_id" pagination={false} dataSource={[...found.similar]} scroll={{ x: "max-content" }}
            columns={[
              { title: t.person, key: "who", render: (_, one) => <div><Link to={`/customers/${encodeURIComponent(one.customer_id)}`}><strong>{one.name ?? t.nameless}</strong></Link><div className="quiet small figures">{one.phone ?? one.customer_id}</div></div> },
              { title: t.similarity, key: "similarity", render: (_, one) => <div className="nearness"><span>{f.percent(one.similarity)}</span><i style={{ width: `${Math.round(one.similarity * 100)}%` }} /></div> },
              { title: t.shared, key: "shared", render: (_, one) => <div className="tag-chips" style={{ maxWidth: 560 }}>{one.shared.slice(0, 5).map(shared)}</div> },
              { title: t.differ, key: "differ", render: (_, two) => <div className="quiet small" style={{ maxWidth: 240 }}>{two.differ.map((like) => `${named(like)}${t.colon}${one(like.other, like.other_title, like.value_type, like.unit)}`).join(" · ") || "–"}</div> },
            ]}
          />
        </div>
      )}
    </Answered>
  );
}
