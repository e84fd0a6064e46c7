// How the file is written, as recognised; what can be said otherwise; and rows that are at fault.
import { Alert, Descriptions, Form as Fields, InputNumber, Select, Table } from "antd";
import { titleOf, useLanguage, useTexts } from "../../../i18n";
import { data } from "../../../i18n/data";
import { useFormats } from "../../../i18n/format";
import { wizard } from "../../../i18n/wizard";
import { Section } from "../../../parts/heat";
import { ShareBar } from "../marks";
import type { Form, Read, ReadColumn } from "./model";

export function ReadStep({ of, form, onForm }: { of: Read; form: Form; onForm: (form: Form) => void }) {
  const t = useTexts(wizard);
  const d = useTexts(data);
  const f = useFormats();
  const language = useLanguage();
  const parts: Record<string, string> = { ",": t.comma, "\t": t.tab, ";": t.semicolon, "|": t.pipe };
  const text = of.format === "csv" || of.format === "tsv" || of.format === null;
  return (
    <>
      {of.fault && <Alert type="error" showIcon title={t.fault} description={titleOf(of.fault, "", language)} />}
      <Section title={of.name} base={`${(of.format ?? "?").toUpperCase()} · ${f.count(of.rows)} ${t.rows}${of.complete ? "" : t.partly} · ${of.columns.length} ${t.columns}`}>
        <Fields layout="vertical" component="div" style={{ display: "grid", gap: "0 16px", gridTemplateColumns: "repeat(auto-fill, minmax(180px, 1fr))" }}>
          {text && <Fields.Item label={t.encoding} extra={of.encoding && t.found(of.encoding.toUpperCase())}><Select aria-label={t.encoding} value={form.encoding} onChange={(encoding: string) => onForm({ ...form, encoding })} options={[{ value: "auto", label: t.auto }, ...["utf-8", "gb18030", "gbk", "utf-16"].map((value) => ({ value, label: value.toUpperCase() }))]} /></Fields.Item>}
          {text && <Fields.Item label={t.delimiter} extra={of.delimiter && t.found(parts[of.delimiter] ?? of.delimiter)}><Select aria-label={t.delimiter} value={form.delimiter} onChange={(delimiter: string) => onForm({ ...form, delimiter })} options={[{ value: "auto", label: t.auto }, { value: ",", label: t.comma }, { value: "tab", label: t.tab }, { value: ";", label: t.semicolon }, { value: "|", label: t.pipe }]} /></Fields.Item>}
          {of.sheets.length > 0 && <Fields.Item label={t.sheet}><Select aria-label={t.sheet} value={form.sheet || of.sheets[0]} onChange={(sheet: string) => onForm({ ...form, sheet, header_row: 0 })} options={of.sheets.map((value) => ({ value, label: value }))} /></Fields.Item>}
          {(text || of.sheets.length > 0) && <Fields.Item label={t.header} extra={form.header_row === 0 && t.found(String(of.header_row))}><InputNumber aria-label={t.header} min={1} max={1000} value={of.header_row} onChange={(value) => onForm({ ...form, header_row: value ?? 0 })} style={{ width: "100%" }} /></Fields.Item>}
        </Fields>
        {of.problem_rows > 0 ? (
          <Alert type="warning" showIcon title={t.problems(f.count(of.problem_rows))} description={<><div className="soft small">{t.problemHint}</div><Descriptions size="small" column={1} items={of.problems.slice(0, 8).map((one) => ({ key: `${one.row} ${one.column}`, label: `${t.row} ${f.count(one.row)}`, children: titleOf(one.text, one.code, language) }))} /></>} />
        ) : !of.fault && <span className="soft">{t.noProblems}</span>}
      </Section>
      <Table<ReadColumn>
        size="small" rowKey="name" pagination={of.columns.length > 60 ? { pageSize: 60 } : false} dataSource={of.columns} scroll={{ x: 560 }}
        columns={[
          { title: t.column, dataIndex: "name" },
          { title: t.type, key: "type", render: (_, one) => d.types[one.type as keyof typeof d.types] ?? one.type },
          { title: t.filled, key: "filled", render: (_, one) => <ShareBar share={one.filled} /> },
          { title: t.distinct, dataIndex: "distinct", align: "end", render: (value: number) => f.count(value) },
          { title: t.examples, key: "examples", render: (_, one) => (one.hidden ? <span className="soft small">{t.hidden[one.hidden]}</span> : <div className="examples">{one.examples.map((value) => <span key={value}>{value}</span>)}</div>) },
        ]}
      />
    </>
  );
}
