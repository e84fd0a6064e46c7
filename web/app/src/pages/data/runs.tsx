// Builds: the one that runs, live; those that were; and when they start by themselves.
import { useEffect, useState } from "react";
import { Alert, App, Button, Checkbox, DatePicker, Form, Modal, Popconfirm, Table, Tag } from "antd";
import { PlayCircleOutlined, StopOutlined } from "../../icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { Dayjs } from "dayjs";
import { get, type Problem } from "../../api/client";
import { useWrite } from "../../api/hooks";
import { useMay } from "../../api/session";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { data } from "../../i18n/data";
import { useFormats } from "../../i18n/format";
import { Answered, ErrorView, Nothing, Page } from "../../parts";
import { Section } from "../../parts/heat";
import { ScheduleCard } from "./ScheduleCard";
import { Stages, useSeconds } from "./Stages";
import type { Build, Run, RunState } from "./types";

const COLOURS: Record<RunState, string> = { running: "processing", done: "success", failed: "error", cancelled: "default", crashed: "error", unreadable: "default" };

/** A build as it goes on: events of the server, which come again by themselves when the connection breaks off. */
function useEvents(id: string | null, onEnd: (build: Build) => void): { build: Build | null; broken: boolean } {
  const [build, setBuild] = useState<Build | null>(null);
  const [broken, setBroken] = useState(false);
  useEffect(() => {
    setBuild(null);
    if (!id) return;
    const stream = new EventSource(`/api/v1/builds/${encodeURIComponent(id)}/events`);
    const take = (event: MessageEvent<string>) => { setBroken(false); setBuild(JSON.parse(event.data) as Build); };
    stream.addEventListener("progress", take);
    stream.addEventListener("end", (event) => { take(event as MessageEvent<string>); stream.close(); onEnd(JSON.parse((event as MessageEvent<string>).data) as Build); });
    stream.onerror = () => setBroken(true);
    return () => stream.close();
  // eslint-disable-next-line react-hooks/exhaustive-deps -- what to do at the end may change without a new stream
  }, [id]);
  return { build, broken };
}

function Running({ of, broken }: { of: Build; broken: boolean }) {
  const t = useTexts(data).runs;
  const seconds = useSeconds(of.started_at);
  const may = useMay("build");
  const cancel = useWrite<unknown, { path: string }>("POST", ["/builds"]);
  return (
    <Section title={<span role="status">{t.running} <span className="soft small">{t.since(seconds)}</span></span>}
      extra={may && (
        <Popconfirm title={t.cancelAsk} description={t.cancelHint} okText={t.cancel} cancelText={t.keep} onConfirm={() => cancel.mutate({ path: `/builds/${of.id}/cancel` })}>
          <Button size="small" danger icon={<StopOutlined />} loading={cancel.isPending || cancel.isSuccess}>{cancel.isSuccess ? t.cancelling : t.cancel}</Button>
        </Popconfirm>
      )}>
      {broken && <Alert type="warning" showIcon title={t.connection} style={{ marginBlockEnd: 12 }} />}
      {cancel.error && <ErrorView error={cancel.error} />}
      <Stages of={of} />
    </Section>
  );
}

function StartForm({ open, onClose }: { open: boolean; onClose: () => void }) {
  const t = useTexts(data).runs;
  const [form] = Form.useForm<{ as_of?: Dayjs; full?: boolean }>();
  const start = useWrite<Build, { path: string; body: unknown }>("POST", ["/builds", "/status"]);
  const go = ({ as_of, full }: { as_of?: Dayjs; full?: boolean }) =>
    start.mutate({ path: "/builds", body: { as_of: as_of ? as_of.format("YYYY-MM-DD") : null, full: full ?? false } }, { onSuccess: () => { form.resetFields(); onClose(); } });
  return (
    <Modal open={open} onCancel={onClose} title={t.start} okText={t.go} confirmLoading={start.isPending} onOk={() => form.submit()} destroyOnHidden>
      <Form form={form} layout="vertical" onFinish={go}>
        <Form.Item name="as_of" label={t.startAsOf}><DatePicker style={{ width: "100%" }} /></Form.Item>
        <Form.Item name="full" valuePropName="checked" extra={t.fullHint}><Checkbox>{t.full}</Checkbox></Form.Item>
        {start.error && <ErrorView error={start.error} />}
      </Form>
    </Modal>
  );
}

function History({ runs }: { runs: Run[] }) {
  const t = useTexts(data).runs;
  const f = useFormats();
  const language = useLanguage();
  return (
    <Section title={t.history}>
      <Table<Run>
        size="small" rowKey="id" dataSource={runs} pagination={runs.length > 20 ? { pageSize: 20, size: "small" } : false}
        expandable={{ expandedRowRender: (one) => <Stages of={one} />, rowExpandable: (one) => one.stages.length > 0 }}
        columns={[
          { title: t.started, key: "started", render: (_, one) => f.time(one.started_at) },
          { title: t.result, key: "state", render: (_, one) => <><Tag color={COLOURS[one.state]}>{t.states[one.state]}</Tag>{one.error && <div className="soft small pre-wrap">{titleOf({ zh: one.error.zh ?? undefined, en: one.error.message }, one.error.message, language)}</div>}</> },
          { title: t.took, key: "took", align: "end", render: (_, one) => (one.seconds === null ? "–" : one.seconds < 90 ? `${f.number(one.seconds, 1)} s` : `${Math.floor(one.seconds / 60)} min ${Math.round(one.seconds % 60)} s`) },
          { title: t.asOf, dataIndex: "as_of", responsive: ["sm"], render: (value: string | null) => f.day(value) },
          { title: t.version, dataIndex: "snapshot", responsive: ["md"], render: (value: string | null) => <span className="mono">{value ?? "–"}</span> },
        ]}
      />
    </Section>
  );
}

export default function Runs() {
  const t = useTexts(data).runs;
  const may = useMay("build");
  const client = useQueryClient();
  const { message } = App.useApp();
  const [asking, setAsking] = useState(false);
  const found = useQuery<{ builds: Run[] }, Problem>({ queryKey: ["/builds", "live"], queryFn: ({ signal }) => get("/builds", { limit: 100 }, signal), refetchInterval: 5000 });
  const running = found.data?.builds.find((one) => one.state === "running") ?? null;
  const { build, broken } = useEvents(running?.id ?? null, (ended) => {
    void client.invalidateQueries();
    if (ended.state === "done") void message.success(t.done);
  });
  const begin = may && <Button type="primary" icon={<PlayCircleOutlined />} disabled={running !== null} onClick={() => setAsking(true)}>{t.start}</Button>;
  return (
    <Page title={t.title} about={t.about} actions={begin}>
      <Answered of={found}>
        {(of) => (
          <>
            {running && build && build.state === "running" && <Running of={build} broken={broken} />}
            <ScheduleCard />
            {of.builds.length === 0 ? <Nothing title={t.empty} hint={t.emptyHint} action={begin} /> : <History runs={of.builds} />}
          </>
        )}
      </Answered>
      <StartForm open={asking} onClose={() => setAsking(false)} />
    </Page>
  );
}
