// One customer, 360°. The open tab stands in the address.
import { lazy, Suspense, useEffect, useState } from "react";
import { Alert, Button, Card, Grid, Select, Skeleton, Tabs, Tooltip } from "antd";
import { CopyOutlined, EyeInvisibleOutlined, EyeOutlined, PrinterOutlined } from "../../icons";
import { Link, useParams, useSearchParams } from "react-router";
import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { useTexts } from "../../i18n";
import { customer } from "../../i18n/customer";
import { useFormats } from "../../i18n/format";
import { Answered, CopyLink, Page } from "../../parts";
import { Profile } from "./Profile";
import { Tags } from "./Tags";
import { Unmask } from "./Unmask";
import type { CustomerData, Field } from "./types";
import { useValues } from "./values";
import "./style.css";

const Timeline = lazy(() => import("./Timeline"));
const Identity = lazy(() => import("./Identity"));
const Similar = lazy(() => import("./Similar"));
const Relations = lazy(() => import("./Relations"));
const OPEN_MS = 120_000;
export type Opened = Readonly<Record<string, unknown>>;

export default function Customer() {
  const id = useParams().id ?? "";
  const t = useTexts(customer);
  const found = useGet<CustomerData>(`/customers/${encodeURIComponent(id)}`);
  if (!found.data) return <Page title={t.person}><Answered of={found}>{() => null}</Answered></Page>;
  return <Shown key={found.data.customer_id} data={found.data} />;
}

/** Facts for the head: those of the attributes that the project has. */
function useFacts(data: CustomerData, opened: Opened) {
  const { show, title } = useValues();
  const attribute = (name: string) => data.attributes.find((a) => a.name === name && a.value !== null);
  const tag = (fits: (field: Field) => boolean) => data.tags.find((t) => t.value !== null && fits(t));
  const chosen = [
    attribute("phone"), attribute("gender"), attribute("age"), attribute("city"), attribute("member_level"),
    tag((t) => t.kind === "lifecycle"), data.tags.filter((t) => t.kind === "rfm" && t.value_title).at(-1), tag((t) => t.kind === "statistic" && t.value_type === "money"),
  ];
  const facts = chosen.filter((f) => f !== undefined).map((f) => ({ key: f.name, name: title(f.title, f.name), value: show({ ...f, value: opened[f.name] ?? f.value }) }));
  const segment = data.segments.find((s) => s.segment);
  return segment ? [...facts, { key: segment.clustering, name: title(segment.title, segment.clustering), value: title(segment.persona, segment.segment ?? "") }] : facts;
}

function Shown({ data }: { data: CustomerData }) {
  const t = useTexts(customer);
  const f = useFormats();
  const [search, setSearch] = useSearchParams();
  const [asking, setAsking] = useState(false);
  const [opened, setOpened] = useState<Opened>({});
  const mayUnmask = useMay("unmask");
  const facts = useFacts(data, opened);
  useEffect(() => {
    if (!Object.keys(opened).length) return;
    const close = setTimeout(() => setOpened({}), OPEN_MS);
    return () => clearTimeout(close);
  }, [opened]);
  const name = data.attributes.find((a) => a.name === "name")?.value;
  const isOpen = Object.keys(opened).length > 0;
  const waiting = <Card><Skeleton active /></Card>;
  const tabs = [
    { key: "profile", label: t.tabs.profile, children: <Profile data={data} opened={opened} /> },
    { key: "tags", label: t.tabs.tags, children: <Tags data={data} opened={opened} /> },
    { key: "timeline", label: t.tabs.timeline, children: <Timeline id={data.customer_id} /> },
    { key: "identity", label: t.tabs.identity, children: <Identity id={data.customer_id} name={String(name ?? "")} records={data.records} /> },
    { key: "similar", label: t.tabs.similar, children: <Similar id={data.customer_id} /> },
    { key: "relations", label: t.tabs.relations, children: <Relations id={data.customer_id} /> },
  ];
  const tab = tabs.some((one) => one.key === search.get("tab")) ? search.get("tab") ?? "profile" : "profile";
  const phone = !(Grid.useBreakpoint().sm ?? true);
  const show = (key: string) => setSearch(key === "profile" ? {} : { tab: key }, { replace: true });
  return (
    <Page
      title={String(opened.name ?? name ?? t.nameless)} tab={t.person}
      about={<span className="row"><span className="mono">{data.customer_id}</span><CopyId id={data.customer_id} /><Link to="/customers" className="no-print">{t.back}</Link></span>}
      actions={<>
        {mayUnmask && (isOpen
          ? <Button icon={<EyeInvisibleOutlined />} onClick={() => setOpened({})}>{t.hide}</Button>
          : <Button icon={<EyeOutlined />} onClick={() => setAsking(true)}>{t.unmask}</Button>)}
        <Button icon={<PrinterOutlined />} onClick={() => window.print()}>{t.print}</Button>
        <CopyLink />
      </>}
    >
      <div className="only-print quiet small">{t.printed(f.day(data.as_of))}</div>
      {data.redirected_from && <Alert type="info" showIcon title={t.redirected(data.redirected_from)} />}
      {isOpen && <Alert type="warning" showIcon title={t.shown} />}
      <Card size="small">
        <div className="who"><dl>{facts.map((fact) => <div key={fact.key}><dt>{fact.name}</dt><dd>{fact.value}</dd></div>)}</dl></div>
      </Card>
      {phone && <Select value={tab} onChange={show} options={tabs.map(({ key, label }) => ({ value: key, label }))} aria-label={t.parts} className="no-print" />}
      <Tabs
        renderTabBar={phone ? () => <></> : undefined}
        activeKey={tab} destroyOnHidden onChange={show}
        items={tabs.map((one) => ({ ...one, children: <Suspense fallback={waiting}>{one.children}</Suspense> }))}
      />
      {asking && <Unmask data={data} onClose={() => setAsking(false)} onShown={setOpened} />}
    </Page>
  );
}

function CopyId({ id }: { id: string }) {
  const t = useTexts(customer);
  return <Tooltip title={t.copyId}><Button type="text" size="small" className="no-print" icon={<CopyOutlined />} aria-label={t.copyId} onClick={() => void navigator.clipboard?.writeText(id)} /></Tooltip>;
}
