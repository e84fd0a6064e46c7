// Takes the audience away as a file: which columns, which format, and why where masks shall fall.
import { App, Alert, Checkbox, Form, Input, Modal, Radio, Select } from "antd";
import { useState } from "react";
import { download, type Problem } from "../../api/client";
import { useMay } from "../../api/session";
import { useTexts } from "../../i18n";
import { audience } from "../../i18n/audience";
import { common } from "../../i18n/common";
import { useFormats } from "../../i18n/format";
import { ErrorView } from "../../parts";
import { useFields, useTitle } from "../../parts/condition/fields";

type Format = "csv" | "parquet";

export default function ExportDialog({ when, name, size, onClose }: { when: string; name: string; size: number; onClose: () => void }) {
  const t = useTexts(audience);
  const all = useTexts(common);
  const f = useFormats();
  const title = useTitle();
  const { message } = App.useApp();
  const fields = useFields();
  const mayUnmask = useMay("unmask");
  const [columns, setColumns] = useState<string[]>([]);
  const [format, setFormat] = useState<Format>("csv");
  const [unmask, setUnmask] = useState(false);
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const start = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await download("/query/export", { when, columns, format, unmask }, `${name}.${format}`, unmask ? reason : undefined);
      void message.success(t.exported);
      onClose();
    } catch (error) {
      setProblem(error as Problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal open title={t.exportTitle(f.count(size))} okText={t.start} cancelText={all.cancel} onCancel={onClose} onOk={() => void start()} confirmLoading={busy} okButtonProps={{ disabled: unmask && reason.trim().length < 5 }}>
      <Form layout="vertical">
        <Form.Item label={t.format} extra={format === "csv" ? t.csvHint : t.parquetHint}>
          <Radio.Group value={format} onChange={(e) => setFormat(e.target.value as Format)} options={[{ value: "csv", label: "CSV (Excel)" }, { value: "parquet", label: "Parquet" }]} />
        </Form.Item>
        <Form.Item label={t.columns} extra={t.columnsHint} htmlFor="export-columns">
          <Select
            id="export-columns" mode="multiple" aria-label={t.columns} value={columns} onChange={setColumns} optionFilterProp="label" loading={!fields.data} maxCount={200}
            options={(fields.data?.fields ?? []).map((x) => ({ value: x.name, label: title(x) }))}
          />
        </Form.Item>
        {mayUnmask && <Form.Item extra={t.unmaskHint}><Checkbox checked={unmask} onChange={(e) => setUnmask(e.target.checked)}>{t.unmask}</Checkbox></Form.Item>}
        {unmask && <Form.Item label={t.reason} extra={t.reasonHint} htmlFor="export-reason"><Input id="export-reason" value={reason} maxLength={500} onChange={(e) => setReason(e.target.value)} /></Form.Item>}
      </Form>
      {unmask && <Alert type="warning" showIcon title={t.unmaskHint} />}
      {problem && <ErrorView error={problem} />}
    </Modal>
  );
}
