// Small parts that pages share.
import { useContext, useEffect, useRef, useState, type ReactNode } from "react";
import { App, Alert, Button, Card, Empty, Result, Skeleton, Typography } from "antd";
import { LinkOutlined } from "../icons";
import { Link } from "react-router";
import type { UseQueryResult } from "@tanstack/react-query";
import type { Problem } from "../api/client";
import { SessionContext } from "../api/session";
import { useTexts } from "../i18n";
import { common } from "../i18n/common";

interface Head { readonly title: ReactNode; readonly about?: ReactNode; readonly actions?: ReactNode; readonly tab?: string }

/** The head of a page: one h1, what it is about, and what can be done. The browser's tab is called like it, or `tab`: the browser keeps that in its history. */
function PageHeader({ title, about, actions, tab }: Head) {
  const { product } = useTexts(common);
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = [tab ?? head.current?.textContent, product].filter(Boolean).join(" · ");
  });
  return (
    <header className="page-head">
      <div><h1 ref={head}>{title}</h1>{about && <div className="about">{about}</div>}</div>
      {actions && <div className="row no-print">{actions}</div>}
    </header>
  );
}

export function Page({ children, ...head }: Head & { readonly children: ReactNode }) {
  return (
    <div className="page">
      <PageHeader {...head} />
      {children}
    </div>
  );
}

/** One figure with its name, and what it is counted over. */
export function Figure({ name, value, note, onClick }: { name: ReactNode; value: ReactNode; note?: ReactNode; onClick?: () => void }) {
  return (
    <Card size="small" className="figure" hoverable={Boolean(onClick)} onClick={onClick}>
      <div className="name">{name}</div>
      <div className="value">{value}</div>
      {note && <div className="note">{note}</div>}
    </Card>
  );
}

/** A fault in words, with its place where it has one, and a way to try again. */
export function ErrorView({ error, onRetry }: { error: Problem; onRetry?: () => void }) {
  const t = useTexts(common);
  if (error.code === "no-snapshot") return <Unbuilt />;
  if (error.status === 403) return <Result status="403" title={t.forbidden} subTitle={error.message} />;
  if (error.status === 404) return <Result status="404" title={error.message} />;
  return (
    <Alert
      type={error.status === 409 || error.status === 412 ? "warning" : "error"}
      showIcon
      title={error.status === 409 || error.status === 412 ? t.conflict : error.title || t.failed}
      description={error.issues.length ? error.issues.map((i, n) => <div key={n} className="mono">{i.file}{i.line ? `:${i.line}` : ""} {i.message}</div>) : error.message}
      action={onRetry && <Button size="small" onClick={onRetry}>{t.retry}</Button>}
    />
  );
}

/** Nothing there, and what to do about it. */
export function Nothing({ title, hint, action }: { title: ReactNode; hint?: ReactNode; action?: ReactNode }) {
  return (
    <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={<><Typography.Text strong>{title}</Typography.Text>{hint && <div><Typography.Text type="secondary">{hint}</Typography.Text></div>}</>}>
      {action}
    </Empty>
  );
}

/** Before the first build: how data come in, for those who may bring them in. */
export function Unbuilt() {
  const t = useTexts(common);
  const rights = useContext(SessionContext)?.rights ?? [];
  const [imports, builds] = [rights.includes("define_sources"), rights.includes("build")];
  return (
    <Card>
      <Nothing
        title={t.noSnapshot} hint={imports || builds ? t.noSnapshotHint : t.noSnapshotWait}
        action={(imports || builds) && (
          <span className="row" style={{ justifyContent: "center" }}>
            {imports && <Link to="/data/wizard"><Button type="primary" tabIndex={-1}>{t.importFile}</Button></Link>}
            {builds && <Link to="/data/runs"><Button type={imports ? "default" : "primary"} tabIndex={-1}>{t.startBuild}</Button></Link>}
          </span>
        )}
      />
    </Card>
  );
}

/** Shows an answer, while it waits a skeleton, and its fault when it fails. */
export function Answered<T>({ of, children }: { of: UseQueryResult<T, Problem>; children: (data: T) => ReactNode }) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.error) return <ErrorView error={of.error} onRetry={() => void of.refetch()} />;
  return <Skeleton active paragraph={{ rows: 4 }} />;
}

export function CopyLink() {
  const t = useTexts(common);
  const { message } = App.useApp();
  const [busy, setBusy] = useState(false);
  const copy = async () => {
    setBusy(true);
    await navigator.clipboard?.writeText(window.location.href).then(() => message.success(t.copied), () => undefined);
    setBusy(false);
  };
  return <Button icon={<LinkOutlined />} loading={busy} onClick={() => void copy()}>{t.copyLink}</Button>;
}

/** A page of the plan that isn't there yet: says which command does it. */
export function NotBuilt({ title, command }: { title: string; command: string }) {
  const t = useTexts(common);
  return <Page title={title}><Nothing title={t.notBuilt} hint={<>{t.notBuiltHint("")}<Typography.Text code>{command}</Typography.Text></>} /></Page>;
}
