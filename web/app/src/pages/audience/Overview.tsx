// How big the audience was at each build, who joined and left, what it is and was.
import { Card, Empty, Table } from "antd";
import { useMemo } from "react";
import { useGet } from "../../api/hooks";
import { useTexts } from "../../i18n";
import { audience } from "../../i18n/audience";
import { useFormats } from "../../i18n/format";
import { Chart } from "../../charts/Chart";
import { Answered, Nothing } from "../../parts";
import { FieldsContext, useFields } from "../../parts/condition/fields";
import { Words } from "../../parts/condition/Words";
import type { Definition, History, Size } from "./types";

export function Overview({ name, unbuilt, definition }: { name: string; unbuilt: boolean; definition?: Definition }) {
  const t = useTexts(audience);
  const f = useFormats();
  const fields = useFields();
  const history = useGet<History>(unbuilt ? null : `/audiences/${name}/history`);
  return (
    <>
      <div className="grid two">
        <Card title={<h2 className="card-title">{t.definition}</h2>}>
          {definition?.form && fields.data && <FieldsContext.Provider value={fields.data}><Words form={definition.form} /></FieldsContext.Provider>}
          {definition?.when && <pre className="mono condition">{definition.when}</pre>}
          {definition?.sql && <pre className="mono condition">{definition.sql}</pre>}
          {!definition && <Empty image={null} description="–" />}
          {definition && (
            <dl className="audience-facts">
              {definition.list && <><dt>{t.list}</dt><dd>{definition.list}</dd></>}
              {definition.frozen_at && <><dt>{t.frozenAt}</dt><dd>{f.day(definition.frozen_at)}</dd></>}
              <dt>{t.file}</dt><dd className="mono">{definition.place}</dd>
            </dl>
          )}
          {history.data && history.data.versions.length > 0 && (
            <>
              <h3 className="card-title below">{t.versions}</h3>
              <div className="scroll">
                <table className="plain texts">
                  <thead><tr><th scope="col">{t.version}</th><th scope="col">{t.day}</th><th scope="col">{t.definition}</th><th scope="col">{t.by}</th></tr></thead>
                  <tbody>{history.data.versions.map((v) => <tr key={String(v.version)}><td>{v.version}</td><td>{f.day(v.as_of)}</td><td className="mono wrap">{v.definition}</td><td>{v.by ?? "–"}</td></tr>)}</tbody>
                </table>
              </div>
            </>
          )}
        </Card>
        {unbuilt ? <Card><Nothing title={t.onlyAfterBuild} hint={t.unbuiltHint} /></Card> : (
          <Card title={<h2 className="card-title">{t.sizeOver}</h2>}>
            <Answered of={history}>{(data) => (data.sizes.length > 1 ? <Sizes sizes={data.sizes} /> : <Nothing title={t.noHistory} hint={t.noHistoryHint} />)}</Answered>
          </Card>
        )}
      </div>
      {!unbuilt && (
        <Answered of={history}>{(data) => (
            <Card title={<h2 className="card-title">{t.joined} · {t.left}</h2>} styles={{ body: { padding: 0 } }}>
              <div className="scroll">
                <Table<Size>
                  rowKey="snapshot" size="small" dataSource={[...data.sizes]} pagination={data.sizes.length > 12 ? { pageSize: 12, size: "small" } : false}
                  columns={[
                    { title: t.day, dataIndex: "as_of", render: (v: string) => f.day(v) },
                    { title: t.size, dataIndex: "size", align: "right", render: (v: number) => f.count(v) },
                    { title: t.joined, dataIndex: "joined", align: "right", render: (v: number | null) => (v === null ? "–" : `+${f.count(v)}`) },
                    { title: t.left, dataIndex: "left", align: "right", render: (v: number | null) => (v === null ? "–" : `−${f.count(v)}`) },
                    { title: t.gone, dataIndex: "gone", align: "right", responsive: ["sm"], render: (v: number | null) => f.count(v) },
                  ]}
                />
              </div>
            </Card>
        )}</Answered>
      )}
    </>
  );
}

function Sizes({ sizes }: { sizes: readonly Size[] }) {
  const t = useTexts(audience);
  const f = useFormats();
  const option = useMemo(() => {
    const rows = [...sizes].reverse();
    return {
      grid: { left: 8, right: 12, top: 36, bottom: 4, containLabel: true }, legend: { top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 8 }, tooltip: { trigger: "axis" },
      xAxis: { type: "category", data: rows.map((r) => f.day(r.as_of)) }, yAxis: { type: "value" },
      series: [
        { type: "line", name: t.size, data: rows.map((r) => r.size), symbolSize: 7, areaStyle: { opacity: 0.08 } },
        { type: "bar", name: t.joined, stack: "moves", barMaxWidth: 22, data: rows.map((r) => r.joined) },
        { type: "bar", name: t.left, stack: "moves", barMaxWidth: 22, data: rows.map((r) => (r.left === null ? null : -r.left)) },
      ],
    };
  }, [sizes, t]);
  return <Chart option={option} height={260} label={`${t.sizeOver}: ${[...sizes].reverse().map((s) => `${f.day(s.as_of)} ${f.count(s.size)}`).join(", ")}`} />;
}
