// The household of a customer, and the company whose contact she is.
import { Card, Table, Tag, Typography } from "antd";
import { Link } from "react-router";
import { useGet } from "../../api/hooks";
import { useTexts } from "../../i18n";
import { customer } from "../../i18n/customer";
import { useFormats } from "../../i18n/format";
import { Answered } from "../../parts";
import type { RelationsData } from "./types";
import { focusable, isThere, useValues } from "./values";

export default function Relations({ id }: { id: string }) {
  const t = useTexts(customer);
  const f = useFormats();
  const { one, show, title } = useValues();
  const answer = useGet<RelationsData>(`/customers/${encodeURIComponent(id)}/relations`);
  const link = (to: string, name: unknown) => (to === id ? <strong>{String(name ?? t.nameless)}</strong> : <Link to={`/customers/${encodeURIComponent(to)}?tab=relations`}>{String(name ?? t.nameless)}</Link>);
  return (
    <Answered of={answer}>
      {(found) => (
        <div className="stack">
          <Card size="small" title={<h2 className="plain-title">{t.household}</h2>} extra={found.household && <span className="quiet small">{title(found.household.rule_title, found.household.household_id)} · {t.members(f.count(found.household.customers))}</span>}>
            {!found.household ? <Typography.Text type="secondary">{t.noHousehold}</Typography.Text> : (
              <Table
                size="small" onRow={focusable} rowKey="customer_id" pagination={false} dataSource={[...found.household.members]} scroll={{ x: "max-content" }}
                columns={[
                  { title: t.person, key: "who", render: (_, m) => <span className="row">{link(m.customer_id, m.name)}{m.head && <Tag>{t.head}</Tag>}</span> },
                  { title: t.phone, key: "phone", render: (_, m) => <span className="figures">{m.phone ?? "–"}</span> },
                  ...found.columns.filter((c) => c.role !== "segment").map((column) => ({
                    title: title(column.title, column.name), key: column.name, align: column.value_type === "money" ? ("right" as const) : ("left" as const),
                    render: (_: unknown, m: (typeof found.household & object)["members"][number]) => one(m.values[column.name]?.value, m.values[column.name]?.value_title, column.value_type, column.unit),
                  })),
                ]}
              />
            )}
          </Card>
          <Card size="small" title={<h2 className="plain-title">{t.account}</h2>} extra={found.account && <span className="quiet small mono">{found.account.account_id}</span>}>
            {!found.account ? <Typography.Text type="secondary">{t.noAccount}</Typography.Text> : (
              <div className="stack">
                <dl className="customer-facts">{found.account.attributes.filter((a) => isThere(a.value)).map((a) => <div key={a.name}><dt>{title(a.title, a.name)}</dt><dd>{show(a)}</dd></div>)}</dl>
                <Table
                  size="small" onRow={focusable} rowKey={(p) => String(p.customer_id)} pagination={false} dataSource={[...found.account.people]} scroll={{ x: "max-content" }}
                  columns={[
                    { title: t.people, key: "who", render: (_, p) => link(String(p.customer_id), p.name) },
                    { title: t.role, key: "role", render: (_, p) => one(p.decision_role, null) },
                    { title: t.position, key: "position", render: (_, p) => one(p.position, null) },
                    { title: t.phone, key: "phone", render: (_, p) => <span className="figures">{one(p.phone, null)}</span> },
                  ]}
                />
              </div>
            )}
          </Card>
        </div>
      )}
    </Answered>
  );
}
