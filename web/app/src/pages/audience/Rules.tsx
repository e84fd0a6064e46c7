// Which values of tags go together in the audience.
import { Card, InputNumber, Spin, Table } from "antd";
import { useState } from "react";
import { useAsk } from "../../api/hooks";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { audience } from "../../i18n/audience";
import { condition } from "../../i18n/condition";
import { useFormats } from "../../i18n/format";
import { ErrorView, Nothing } from "../../parts";
import { useSettled } from "../../parts/condition/useCondition";

interface Part {
  readonly tag: string;
  readonly tag_title: unknown;
  readonly value: unknown;
  readonly value_title: unknown;
}
interface Rule {
  readonly antecedent: readonly Part[];
  readonly consequent: readonly Part[];
  readonly text: unknown;
  readonly count: number;
  readonly support: number;
  readonly confidence: number;
  readonly lift: number;
}
interface Told {
  readonly customers: number;
  readonly as_of: string;
  readonly rules: readonly Rule[];
}

export default function Rules({ when }: { when: string }) {
  const t = useTexts(audience);
  const c = useTexts(condition);
  const f = useFormats();
  const language = useLanguage();
  const [support, setSupport] = useState(5);
  const [lift, setLift] = useState(1.2);
  const asked = useSettled({ support, lift }, 400);
  const found = useAsk<Told>("/query/rules", { when, min_support: asked.support / 100, min_lift: asked.lift, limit: 50 });
  const words = (part: Part) => `${titleOf(part.tag_title, part.tag, language)}: ${typeof part.value === "boolean" ? (part.value ? c.yes : c.no) : titleOf(part.value_title, String(part.value), language)}`;
  const side = (parts: readonly Part[]) => parts.map(words).join(` ${c.and} `);
  return (
    <Card styles={{ body: { padding: 0 } }}>
      <div className="row list-tools">
        <label className="row"><span className="quiet">{t.minSupport}</span><InputNumber aria-label={t.minSupport} min={0.5} max={100} step={1} value={support} suffix="%" onChange={(v) => setSupport(v ?? 5)} style={{ width: 100 }} /></label>
        <label className="row"><span className="quiet">{t.minLift}</span><InputNumber aria-label={t.minLift} min={1} step={0.1} value={lift} onChange={(v) => setLift(v ?? 1.2)} style={{ width: 90 }} /></label>
        <span className="quiet small">{t.rulesAbout} {found.data && `${t.baseNamed(f.count(found.data.customers))} · ${f.day(found.data.as_of)}`}</span>
        {found.isFetching && <Spin size="small" />}
      </div>
      {found.error && <ErrorView error={found.error} />}
      <div className="scroll">
        <Table<Rule>
          rowKey={(r) => side(r.antecedent) + side(r.consequent)} size="small" dataSource={[...(found.data?.rules ?? [])]} loading={!found.data && !found.error} pagination={{ pageSize: 20, hideOnSinglePage: true }}
          locale={{ emptyText: <Nothing title={t.noRules} hint={t.noRulesHint} /> }}
          expandable={{ expandedRowRender: (r) => titleOf(r.text, "", language) }}
          columns={[
            { title: t.rule, key: "rule", render: (_, r) => <span className="wrap">{side(r.antecedent)} <span className="quiet">{t.then}</span> {side(r.consequent)}</span> },
            { title: t.count, dataIndex: "count", align: "right", width: 90, render: (v: number) => f.count(v) },
            { title: t.support, dataIndex: "support", align: "right", width: 90, responsive: ["sm"], render: (v: number) => f.percent(v) },
            { title: t.confidence, dataIndex: "confidence", align: "right", width: 90, responsive: ["sm"], render: (v: number) => f.percent(v) },
            { title: t.lift, dataIndex: "lift", align: "right", width: 90, defaultSortOrder: "descend", sorter: (a, b) => a.lift - b.lift, render: (v: number) => `${f.number(v, 2)}×` },
          ]}
        />
      </div>
    </Card>
  );
}
