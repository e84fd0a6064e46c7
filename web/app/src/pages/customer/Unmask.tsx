// Personal values in full, to those who may and say why; the server notes it.
import { useState } from "react";
import { App, Checkbox, Form, Input, Modal, Select, Typography } from "antd";
import { post, Problem } from "../../api/client";
import { useTexts } from "../../i18n";
import { common } from "../../i18n/common";
import { customer } from "../../i18n/customer";
import type { CustomerData } from "./types";
import type { Opened } from "./index";
import { isMasked, useValues } from "./values";

interface Wanted { readonly fields: string[]; readonly reason: string; readonly purpose: string }

export function Unmask({ data, onClose, onShown }: { data: CustomerData; onClose: () => void; onShown: (opened: Opened) => void }) {
  const t = useTexts(customer);
  const c = useTexts(common);
  const { title } = useValues();
  const { message } = App.useApp();
  const [form] = Form.useForm<Wanted>();
  const [busy, setBusy] = useState(false);
  const fields = [...data.attributes, ...data.tags].filter((field) => isMasked(field.value)).map((field) => ({ value: field.name, label: title(field.title, field.name) }));
  const keys = [...new Set(data.identity.filter((key) => isMasked(key.value)).map((key) => key.key))].filter((key) => !fields.some((field) => field.value === key)).map((key) => ({ value: key, label: (t.names as Record<string, string>)[key] ?? key }));
  const options = [...fields, ...keys];
  const send = async (wanted: Wanted) => {
    setBusy(true);
    try {
      const told = await post<{ values: Opened }>(`/customers/${encodeURIComponent(data.customer_id)}/unmask`, wanted);
      onShown(told.values);
      onClose();
    } catch (error) {
      void message.error(error instanceof Problem ? error.message : c.failed);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal open title={t.unmaskTitle} onCancel={onClose} okText={t.show} cancelText={c.cancel} confirmLoading={busy} okButtonProps={{ disabled: !options.length }} onOk={() => form.submit()}>
      {options.length === 0 ? <Typography.Text>{t.nothingMasked}</Typography.Text> : (
        <Form form={form} layout="vertical" onFinish={(wanted) => void send(wanted)} initialValues={{ fields: options.slice(0, 1).map((o) => o.value), purpose: "service" }} requiredMark={false}>
          <Typography.Paragraph type="secondary">{t.unmaskAbout}</Typography.Paragraph>
          <Form.Item name="fields" label={t.fieldsLabel} rules={[{ required: true }]}><Checkbox.Group options={options} /></Form.Item>
          <Form.Item name="purpose" label={t.purpose}><Select options={Object.entries(t.purposes).map(([value, label]) => ({ value, label }))} /></Form.Item>
          <Form.Item name="reason" label={t.reason} rules={[{ required: true, min: 5, max: 500, whitespace: true, message: t.reasonHint }]}><Input.TextArea rows={3} maxLength={500} placeholder={t.reasonHint} /></Form.Item>
        </Form>
      )}
    </Modal>
  );
}
