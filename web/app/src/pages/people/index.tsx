// Who may log in and in which role; tokens of programs; and what each role may do.
import { useState } from "react";
import { App, Button, Dropdown, Form, Input, InputNumber, Modal, Radio, Select, Table, Tabs, Tag, Typography } from "antd";
import { CheckOutlined, MoreOutlined, PlusOutlined } from "../../icons";
import { useSearchParams } from "react-router";
import { useGet, useWrite } from "../../api/hooks";
import { useMay, useSession } from "../../api/session";
import { useTexts } from "../../i18n";
import { common } from "../../i18n/common";
import { useFormats } from "../../i18n/format";
import { people } from "../../i18n/people";
import { Answered, ErrorView, Nothing, Page } from "../../parts";

interface User { name: string; display_name: string; role: string; state: string; way: string; must_change: boolean; created_at: string }
interface Token { id: string; name: string; role: string; created_at: string; expires_at: string | null; state: string; token?: string | null }
type Write = { path: string; body?: unknown };

function useRoleName(): (role: string) => string {
  const t = useTexts(people);
  return (role) => t.roles[role as keyof typeof t.roles] ?? role;
}

/** A password that nobody has thought of: 16 characters that can't be mistaken for each other. */
function made(): string {
  const signs = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  return [...crypto.getRandomValues(new Uint32Array(16))].map((one) => signs[one % signs.length]).join("");
}

function Password({ label }: { label: string }) {
  const t = useTexts(people);
  const form = Form.useFormInstance();
  return (
    <Form.Item label={label} required extra={t.passwordHint}>
      <div className="row" style={{ flexWrap: "nowrap" }}>
        <Form.Item name="password" noStyle rules={[{ required: true, min: 10, message: t.passwordHint }]}><Input.Password autoComplete="new-password" aria-label={label} /></Form.Item>
        <Button onClick={() => form.setFieldsValue({ password: made() })}>{t.generate}</Button>
      </div>
    </Form.Item>
  );
}

function Ask({ title, open, busy, fault, onClose, onDone, children }: { title: string; open: boolean; busy: boolean; fault: React.ReactNode; onClose: () => void; onDone: (given: Record<string, string>) => void; children: React.ReactNode }) {
  const [form] = Form.useForm<Record<string, string>>();
  return (
    <Modal open={open} title={title} onCancel={onClose} onOk={() => form.submit()} confirmLoading={busy} destroyOnHidden afterClose={() => form.resetFields()}>
      <Form form={form} layout="vertical" onFinish={onDone}>{children}{fault}</Form>
    </Modal>
  );
}

function Users() {
  const t = useTexts(people);
  const c = useTexts(common);
  const f = useFormats();
  const roleName = useRoleName();
  const me = useSession().name;
  const { message, modal } = App.useApp();
  const [adding, setAdding] = useState(false);
  const [resetting, setResetting] = useState<string | null>(null);
  const found = useGet<{ people: User[]; roles: string[]; ways: string[] }>("/people");
  const add = useWrite<User, Write>("POST", ["/people"]);
  const change = useWrite<User, Write>("PATCH", ["/people"]);
  const patch = (name: string, body: unknown, told: string) => change.mutateAsync({ path: `/people/${encodeURIComponent(name)}`, body }).then(() => void message.success(told), (fault: Error) => void message.error(fault.message));
  const ask = (text: string, go: () => Promise<void>) => modal.confirm({ title: text, okText: t.ok, cancelText: c.cancel, onOk: go });
  return (
    <Answered of={found}>
      {(of) => (
        <>
          <div className="row" style={{ marginBlockEnd: 12 }}><Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)}>{t.add}</Button></div>
          <Table<User>
            size="small" rowKey="name" pagination={false} dataSource={of.people}
            columns={[
              { title: t.name, key: "name", render: (_, one) => <><b>{one.display_name || one.name}</b> {one.name === me && <Tag>{t.you}</Tag>}<div className="soft small mono">{one.name}</div></> },
              { title: t.role, key: "role", render: (_, one) => <Select size="small" aria-label={`${t.role}: ${one.name}`} value={one.role} disabled={one.name === me} style={{ minWidth: 112 }} options={of.roles.map((value) => ({ value, label: roleName(value) }))} onChange={(role: string) => ask(t.roleAsk(one.name, roleName(role)), () => patch(one.name, { role }, t.changed))} /> },
              { title: t.state, key: "state", render: (_, one) => <><Tag color={one.state === "disabled" ? "default" : "success"}>{t.states[one.state] ?? one.state}</Tag>{one.must_change && one.state !== "disabled" && <Tag>{t.states["must change"]}</Tag>}</> },
              { title: t.way, dataIndex: "way", responsive: ["md"], render: (value: string) => t.ways[value] ?? value },
              { title: t.created, dataIndex: "created_at", responsive: ["lg"], render: (value: string) => f.time(value) },
              { title: "", key: "more", align: "end", render: (_, one) => (
                <Dropdown trigger={["click"]} menu={{ items: [
                  { key: "reset", label: t.reset, disabled: one.way === "oidc", onClick: () => setResetting(one.name) },
                  one.state === "disabled" ? { key: "enable", label: t.enable, onClick: () => void patch(one.name, { disabled: false }, t.changed) } : { key: "disable", label: t.disable, danger: true, disabled: one.name === me, onClick: () => ask(t.disableAsk(one.name), () => patch(one.name, { disabled: true }, t.changed)) },
                ] }}><Button type="text" size="small" icon={<MoreOutlined />} aria-label={`${t.menu}: ${one.name}`} /></Dropdown>
              ) },
            ]}
          />
          <Ask title={t.add} open={adding} busy={add.isPending} fault={add.error && <ErrorView error={add.error} />} onClose={() => { setAdding(false); add.reset(); }}
            onDone={({ way: _, ...given }) => add.mutate({ path: "/people", body: { display_name: "", ...given } }, { onSuccess: (made) => { setAdding(false); void message.success(t.added(made.name)); } })}>
            <Form.Item name="name" label={t.name} rules={[{ required: true, message: t.needed }]}><Input autoComplete="off" /></Form.Item>
            <Form.Item name="display_name" label={t.display}><Input autoComplete="off" /></Form.Item>
            <Form.Item name="role" label={t.role} initialValue="marketer" rules={[{ required: true }]}><Select options={of.roles.map((value) => ({ value, label: roleName(value) }))} /></Form.Item>
            {of.ways.length > 1 && <Form.Item name="way" label={t.way} initialValue="password" extra={t.wayHint}><Radio.Group options={of.ways.map((value) => ({ value, label: t.ways[value] ?? value }))} /></Form.Item>}
            <Form.Item noStyle dependencies={["way"]}>{({ getFieldValue }) => getFieldValue("way") !== "oidc" && <Password label={t.password} />}</Form.Item>
          </Ask>
          <Ask title={resetting ? t.resetTitle(resetting) : ""} open={resetting !== null} busy={change.isPending} fault={change.error && <ErrorView error={change.error} />} onClose={() => { setResetting(null); change.reset(); }}
            onDone={({ password }) => change.mutate({ path: `/people/${encodeURIComponent(resetting ?? "")}`, body: { password } }, { onSuccess: () => { setResetting(null); void message.success(t.resetDone); } })}>
            <Password label={t.password} />
          </Ask>
        </>
      )}
    </Answered>
  );
}

function Tokens() {
  const t = useTexts(people);
  const c = useTexts(common);
  const f = useFormats();
  const roleName = useRoleName();
  const { message, modal } = App.useApp();
  const [adding, setAdding] = useState(false);
  const found = useGet<{ tokens: Token[]; roles: string[] }>("/tokens");
  const add = useWrite<Token, Write>("POST", ["/tokens"]);
  const revoke = useWrite<Token, Write>("DELETE", ["/tokens"]);
  const show = (one: Token) => modal.success({ title: t.tokenOnce, width: 560, content: <Typography.Paragraph code copyable={{ text: one.token ?? "", tooltips: [t.copy, t.copied] }} style={{ overflowWrap: "anywhere" }}>{one.token}</Typography.Paragraph> });
  return (
    <Answered of={found}>
      {(of) => (
        <>
          <div className="row" style={{ marginBlockEnd: 12 }}><Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)}>{t.addToken}</Button></div>
          {of.tokens.length === 0 ? <Nothing title={t.noTokens} hint={t.noTokensHint} /> : (
            <Table<Token>
              size="small" rowKey="id" pagination={false} dataSource={of.tokens}
              columns={[
                { title: t.tokenName, key: "name", render: (_, one) => <><b>{one.name}</b><div className="soft small mono">{one.id}</div></> },
                { title: t.role, dataIndex: "role", render: roleName }, { title: t.state, dataIndex: "state", render: (value: string) => <Tag color={value === "valid" || value === "active" ? "success" : "default"}>{t.states[value] ?? value}</Tag> },
                { title: t.expires, dataIndex: "expires_at", responsive: ["sm"], render: (value: string | null) => (value ? f.day(value) : t.never) },
                { title: t.created, dataIndex: "created_at", responsive: ["md"], render: (value: string) => f.time(value) },
                { title: "", key: "revoke", align: "end", render: (_, one) => one.state !== "revoked" && <Button size="small" danger onClick={() => modal.confirm({ title: t.revokeAsk(one.name), okText: t.revoke, cancelText: c.cancel, okButtonProps: { danger: true }, onOk: () => revoke.mutateAsync({ path: `/tokens/${one.id}` }).catch((fault: Error) => void message.error(fault.message)) })}>{t.revoke}</Button> },
              ]}
            />
          )}
          <Ask title={t.addToken} open={adding} busy={add.isPending} fault={add.error && <ErrorView error={add.error} />} onClose={() => { setAdding(false); add.reset(); }} onDone={(given) => add.mutate({ path: "/tokens", body: { name: given.name, role: given.role, days: given.days || null } }, { onSuccess: (made) => { setAdding(false); show(made); } })}>
            <Form.Item name="name" label={t.tokenName} rules={[{ required: true, message: t.needed }]}><Input autoComplete="off" /></Form.Item>
            <Form.Item name="role" label={t.role} initialValue="service" rules={[{ required: true }]}><Select options={of.roles.map((value) => ({ value, label: roleName(value) }))} /></Form.Item>
            <Form.Item name="days" label={t.days} initialValue={365}><InputNumber min={1} max={3650} style={{ width: "100%" }} /></Form.Item>
          </Ask>
        </>
      )}
    </Answered>
  );
}

function Rights() {
  const t = useTexts(people);
  const c = useTexts(common);
  const roleName = useRoleName();
  const found = useGet<{ rights: { right: string; roles: string[] }[] }>("/rights");
  return (
    <Answered of={found}>
      {(of) => {
        const order = Object.keys(t.rightNames);
        const rows = [...of.rights].sort((a, b) => order.indexOf(a.right) - order.indexOf(b.right));
        return (
          <Table size="small" rowKey="right" pagination={false} dataSource={rows} scroll={{ x: 560 }}
            columns={[{ title: t.right, dataIndex: "right", fixed: "start", render: (value: string) => t.rightNames[value] ?? value }, ...Object.keys(t.roles).map((role) => ({ title: roleName(role), key: role, align: "center" as const, render: (_: unknown, one: { roles: string[] }) => (one.roles.includes(role) ? <CheckOutlined aria-label={c.yes} style={{ color: "var(--ant-color-success)" }} /> : <span className="visually-hidden">{c.no}</span>) }))]} />
        );
      }}
    </Answered>
  );
}

export default function People() {
  const t = useTexts(people);
  const may = useMay("people");
  const [search, setSearch] = useSearchParams();
  return (
    <Page title={t.title} about={t.about}>
      <Tabs activeKey={search.get("tab") ?? (may ? "users" : "rights")} onChange={(tab) => setSearch({ tab })} destroyOnHidden items={[
        ...(may ? [{ key: "users", label: t.users, children: <Users /> }, { key: "tokens", label: t.tokens, children: <Tokens /> }] : []),
        { key: "rights", label: t.rights, children: <Rights /> },
      ]} />
    </Page>
  );
}
