// Name and save. What somebody else saved meanwhile is shown beside one's own, and nothing is lost without being asked.
import { useState } from "react";
import { Alert, Button, Form, Input, Modal, Typography } from "antd";
import { call, get, type Problem } from "../../api/client";
import { useWrite } from "../../api/hooks";
import { useTexts } from "../../i18n";
import { audience } from "../../i18n/audience";
import { common } from "../../i18n/common";
import { ErrorView } from "../../parts";
import type { Definition } from "../audience/types";

interface Asked {
  readonly name: string;
  readonly title: string;
  readonly title_en?: string;
  readonly owner?: string;
  readonly description?: string;
}
interface Props {
  readonly when: string;
  readonly editing?: string;
  readonly definition?: Definition;
  readonly onClose: () => void;
  readonly onSaved: (name: string) => void;
  readonly onReload: () => void;
}
const NAME = /^[a-z][a-z0-9_]{0,62}$/;
const plain = (text: unknown): string => (typeof text === "string" ? text : ((text as { zh?: string; en?: string } | null)?.zh ?? ""));

export function SaveDialog({ when, editing, definition, onClose, onSaved, onReload }: Props) {
  const t = useTexts(audience);
  const all = useTexts(common);
  const [form] = Form.useForm<Asked>();
  const [expected, setExpected] = useState(definition?.digest ?? "new");
  const [conflict, setConflict] = useState<Definition | null>(null);
  const write = useWrite<unknown, { path: string; body: unknown }>("PUT", ["/audience", "/query/fields"]);
  const title = (definition?.title ?? {}) as { zh?: string; en?: string };
  const first: Partial<Asked> = definition
    ? { name: definition.name, title: plain(definition.title), title_en: title.en === title.zh ? undefined : title.en, owner: definition.owner ?? undefined, description: plain(definition.description) || undefined }
    : {};
  const save = async (digest: string) => {
    const asked = await form.validateFields().catch(() => null); // what is wrong stands at the fields
    if (!asked) return;
    const { name, ...told } = { ...asked, name: editing ?? asked.name };
    const filled = Object.fromEntries(Object.entries(told).filter(([, value]) => value));
    try {
      await write.mutateAsync({ path: `/audiences/${name}`, body: { ...filled, when, expected: digest } });
      onSaved(name);
    } catch (error) {
      if ((error as Problem).status !== 409) return; // told below
      setConflict(await get<Definition>(`/audiences/${name}/definition`).catch(() => null));
    }
  };
  const taken = conflict && !editing;
  return (
    <Modal open title={t.savedTitle} onCancel={onClose} confirmLoading={write.isPending} okText={all.save} cancelText={all.cancel} onOk={() => void save(expected)} destroyOnHidden>
      <Form form={form} layout="vertical" initialValues={first} requiredMark={false}>
        <Form.Item name="title" label={t.zhTitle} rules={[{ required: true, message: t.needed }]}><Input maxLength={200} autoFocus /></Form.Item>
        {!editing && <Form.Item name="name" label={t.ident} extra={t.identHint} rules={[{ required: true, pattern: NAME, message: t.identBad }]}><Input className="mono" maxLength={63} onChange={() => setConflict(null)} /></Form.Item>}
        <Form.Item name="title_en" label={t.enTitle}><Input maxLength={200} /></Form.Item>
        <Form.Item name="owner" label={t.owner}><Input maxLength={200} /></Form.Item>
        <Form.Item name="description" label={t.description}><Input.TextArea maxLength={2000} rows={2} className="growing" /></Form.Item>
      </Form>
      {taken && <Alert type="warning" showIcon title={t.takenTitle} description={plain(conflict.title) || conflict.name} />}
      {conflict && editing && (
        <Alert
          type="warning" showIcon title={t.conflictTitle}
          description={<>
            <p>{t.conflictText}</p>
            <div className="quiet">{t.theirs}</div><Typography.Paragraph className="mono">{conflict.when}</Typography.Paragraph>
            <div className="quiet">{t.mine}</div><Typography.Paragraph className="mono">{when}</Typography.Paragraph>
            <span className="row">
              <Button size="small" onClick={onReload}>{t.takeTheirs}</Button>
              <Button size="small" danger onClick={() => { setExpected(conflict.digest); void save(conflict.digest); }}>{t.overwrite}</Button>
              <Button size="small" type="text" onClick={onClose}>{t.keepEditing}</Button>
            </span>
          </>}
        />
      )}
      {write.error && !conflict && <ErrorView error={write.error} />}
    </Modal>
  );
}

/** Puts back what was just taken out. */
export async function restore(definition: Definition): Promise<void> {
  const title = definition.title as { zh?: string; en?: string };
  await call("PUT", `/audiences/${definition.name}`, {
    body: {
      ...(definition.when ? { when: definition.when } : {}), ...(definition.list ? { list: definition.list } : {}), ...(definition.sql ? { sql: definition.sql } : {}),
      ...(definition.frozen_at ? { frozen_at: definition.frozen_at } : {}), title: title.zh, title_en: title.en, owner: definition.owner, description: plain(definition.description) || undefined, expected: "new",
    },
  });
}
