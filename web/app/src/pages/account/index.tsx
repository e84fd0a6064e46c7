// One's own account: who one is here, and one's password.
import { useEffect, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { Alert, App, Button, Card, Descriptions, Form, Input } from "antd";
import { useQueryClient } from "@tanstack/react-query";
import { useWrite } from "../../api/hooks";
import { useSession } from "../../api/session";
import { useTexts } from "../../i18n";
import { access } from "../../i18n/access";
import { people } from "../../i18n/people";
import { ErrorView, Page } from "../../parts";
import { safe } from "../login/next";

export default function Account() {
  const t = useTexts(access);
  const p = useTexts(people);
  const session = useSession();
  const go = useNavigate();
  const [search] = useSearchParams();
  const [forced] = useState(session.must_change);
  const client = useQueryClient();
  const { message } = App.useApp();
  const [form] = Form.useForm<{ old: string; fresh: string; again: string }>();
  const change = useWrite<unknown, { path: string; body: unknown }>("PUT", ["/session"]);
  const save = ({ old, fresh }: { old: string; fresh: string }) =>
    change.mutate({ path: "/session/password", body: { old, new: fresh } }, { onSuccess: () => { form.resetFields(); void message.success(t.changed); void client.invalidateQueries(); } });
  useEffect(() => {
    if (forced && !session.must_change) void go(safe(search.get("next")), { replace: true });
  }, [forced, session.must_change]);
  return (
    <Page title={t.account}>
      <Card size="small" style={{ maxWidth: 520 }}>
        <Descriptions size="small" column={1} items={[{ key: "name", label: t.name, children: session.name }, { key: "display", label: t.display, children: session.display_name }, { key: "role", label: t.role, children: p.roles[session.role as keyof typeof p.roles] ?? session.role }]} />
      </Card>
      {session.way === "password" && (
        <Card size="small" title={<h2 style={{ margin: 0, fontSize: 15 }}>{t.change}</h2>} style={{ maxWidth: 520 }}>
          {session.must_change && <Alert type="warning" showIcon title={t.mustChange} style={{ marginBlockEnd: 12 }} />}
          <Form form={form} layout="vertical" onFinish={save}>
            <Form.Item name="old" label={t.old} rules={[{ required: true, message: t.needed }]}><Input.Password autoComplete="current-password" /></Form.Item>
            <Form.Item name="fresh" label={t.fresh} extra={t.passwordRule} rules={[{ required: true, min: 10, message: t.passwordRule }]}><Input.Password autoComplete="new-password" /></Form.Item>
            <Form.Item name="again" label={t.again} dependencies={["fresh"]} rules={[{ required: true, message: t.needed }, ({ getFieldValue }) => ({ validator: (_, value) => (value === getFieldValue("fresh") ? Promise.resolve() : Promise.reject(new Error(t.differ))) })]}><Input.Password autoComplete="new-password" /></Form.Item>
            {change.error && <ErrorView error={change.error} />}
            <p className="soft small">{p.account.sessions}</p>
            <Button type="primary" htmlType="submit" loading={change.isPending}>{t.change}</Button>
          </Form>
        </Card>
      )}
    </Page>
  );
}
