import { useState } from "react";
import { Alert, Button, Card, Form, Input, Typography } from "antd";
import { useQueryClient } from "@tanstack/react-query";
import { Navigate, useLocation, useNavigate } from "react-router";
import { post, Problem } from "../../api/client";
import { useSession } from "../../api/session";
import { useTexts } from "../../i18n";
import { access } from "../../i18n/access";

interface Given {
  readonly code: string;
  readonly name: string;
  readonly display_name?: string;
  readonly password: string;
}

export default function Setup() {
  const t = useTexts(access);
  const session = useSession();
  const client = useQueryClient();
  const go = useNavigate();
  const { hash, search } = useLocation();
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  if (!session.setup_needed) return <Navigate to={session.authenticated ? "/" : "/login"} replace />;
  const create = async ({ code, name, display_name, password }: Given) => {
    setBusy(true);
    setFault(null);
    try {
      await post("/setup", { code, name, display_name: display_name ?? "", password });
      await client.invalidateQueries();
      void go("/", { replace: true });
    } catch (error) {
      setFault(error instanceof Problem ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  const need = [{ required: true, message: t.needed }];
  return (
    <main className="alone">
      <Card className="card">
        <Typography.Title level={1} style={{ fontSize: 20 }}>{t.setup}</Typography.Title>
        <Typography.Paragraph type="secondary">{t.setupHint}</Typography.Paragraph>
        {fault && <Alert type="error" showIcon title={fault} role="alert" style={{ marginBlockEnd: 16 }} />}
        <Form layout="vertical" onFinish={(given: Given) => void create(given)} requiredMark={false} initialValues={{ code: new URLSearchParams(search || hash.slice(1)).get("code") ?? "" }}>
          <Form.Item name="code" label={t.code} rules={need}><Input autoComplete="one-time-code" className="mono" /></Form.Item>
          <Form.Item name="name" label={t.name} rules={need}><Input autoComplete="username" /></Form.Item>
          <Form.Item name="display_name" label={t.display}><Input autoComplete="name" /></Form.Item>
          <Form.Item name="password" label={t.password} extra={t.passwordRule} rules={need}><Input.Password autoComplete="new-password" /></Form.Item>
          <Form.Item name="again" label={t.again} dependencies={["password"]} rules={[...need, (form) => ({ validator: (_, value: string) => (!value || form.getFieldValue("password") === value ? Promise.resolve() : Promise.reject(new Error(t.differ))) })]}><Input.Password autoComplete="new-password" /></Form.Item>
          <Button type="primary" htmlType="submit" loading={busy} block>{t.create}</Button>
        </Form>
      </Card>
    </main>
  );
}
