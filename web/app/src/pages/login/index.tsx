import { useState } from "react";
import { Alert, Button, Card, Form, Input, Typography } from "antd";
import { useQueryClient } from "@tanstack/react-query";
import { Navigate, useNavigate, useSearchParams } from "react-router";
import { post, Problem, url } from "../../api/client";
import { useSession, type Session } from "../../api/session";
import { useTexts } from "../../i18n";
import { access } from "../../i18n/access";
import { safe } from "./next";


export default function Login() {
  const t = useTexts(access);
  const session = useSession();
  const client = useQueryClient();
  const go = useNavigate();
  const [search] = useSearchParams();
  const refused = search.get("refused");
  const [fault, setFault] = useState<string | null>(refused && (t.refused[refused] ?? t.refused.token));
  const [busy, setBusy] = useState(false);
  if (session.authenticated) return <Navigate to={safe(search.get("next"))} replace />;
  const enter = async (given: { name: string; password: string }) => {
    setBusy(true);
    setFault(null);
    try {
      await post<Session>("/session", given);
      await client.invalidateQueries();
      void go(safe(search.get("next")), { replace: true });
    } catch (error) {
      setFault(error instanceof Problem ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className="alone">
      <Card className="card">
        <Typography.Title level={1} style={{ fontSize: 20 }}>{t.product}</Typography.Title>
        {fault && <Alert type="error" showIcon title={fault} role="alert" style={{ marginBlockEnd: 16 }} />}
        <Form layout="vertical" onFinish={(given: { name: string; password: string }) => void enter(given)} requiredMark={false}>
          <Form.Item name="name" label={t.name} rules={[{ required: true, message: t.needed }]}><Input autoComplete="username" autoFocus /></Form.Item>
          <Form.Item name="password" label={t.password} rules={[{ required: true, message: t.needed }]}><Input.Password autoComplete="current-password" /></Form.Item>
          <Button type="primary" htmlType="submit" loading={busy} block>{t.enter}</Button>
        </Form>
        {session.oidc && <Button block href={url("/oidc/login", { next: search.get("next") })} style={{ marginBlockStart: 12 }}>{session.oidc}</Button>}
      </Card>
    </main>
  );
}
