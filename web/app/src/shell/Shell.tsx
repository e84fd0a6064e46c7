// The frame of every page: navigation, what is served, language, appearance, account.
import { lazy, useEffect, useState } from "react";
import { Button, Drawer, Dropdown, Grid, Layout, Menu, Space, Spin, Tooltip, Typography, theme } from "antd";
import {
  AppstoreOutlined, BarChartOutlined, DatabaseOutlined, GlobalOutlined, IdcardOutlined, LineChartOutlined, MenuOutlined, MoonOutlined,
  QuestionCircleOutlined, SafetyOutlined, SunOutlined, TagsOutlined, TeamOutlined, UserOutlined,
} from "../icons";
import { Link, Navigate, Outlet, useLocation } from "react-router";
import { useQueryClient } from "@tanstack/react-query";
import { Suspense } from "react";
import { call } from "../api/client";
import { useGet } from "../api/hooks";
import { useSession } from "../api/session";
import { titleOf, useTexts } from "../i18n";
import { common } from "../i18n/common";
import { useFormats } from "../i18n/format";
import { useSettings, type Appearance } from "./settings";
import { Boundary } from "./Boundary";
import { FIRST, STARTER, usePlace } from "../tour/place";

const Tour = lazy(() => import("../tour"));
const Offer = lazy(() => import("../tour/Offer"));

interface Status {
  readonly project?: { name?: string; title?: unknown; sandbox?: boolean } | null;
  readonly as_of?: string | null;
  readonly customers?: number | null;
  readonly snapshot?: string | null;
}

export function useStatus() {
  return useGet<Status>("/status");
}

function usePlaces() {
  const t = useTexts(common).nav;
  const { rights } = useSession();
  const may = (right: string) => rights.includes(right);
  const link = (to: string, text: string) => <Link to={to}>{text}</Link>;
  return [
    may("read") && { key: "/", icon: <AppstoreOutlined />, label: link("/", t.overview) },
    may("customers") && { key: "/customers", icon: <IdcardOutlined />, label: link("/customers", t.customers) },
    may("read") && { key: "/tags", icon: <TagsOutlined />, label: link("/tags", t.tags) },
    may("read") && { key: "/audiences", icon: <TeamOutlined />, label: link("/audiences", t.audiences) },
    may("read") && { key: "/personas", icon: <UserOutlined />, label: link("/personas", t.personas) },
    may("read") && {
      key: "/analysis", icon: <LineChartOutlined />, label: t.analysis,
      children: (["funnel", "retention", "path", "distribution", "cross", "network"] as const).map((k) => ({ key: `/analysis/${k}`, label: link(`/analysis/${k}`, t[k]) })),
    },
    may("read") && {
      key: "/data", icon: <DatabaseOutlined />, label: t.data,
      children: (["sources", "wizard", "quality", "runs"] as const).map((k) => ({ key: `/data/${k}`, label: link(`/data/${k}`, t[k]) })),
    },
    may("people") && { key: "/people", icon: <SafetyOutlined />, label: link("/people", t.people) },
    may("audit_log") && { key: "/audit", icon: <BarChartOutlined />, label: link("/audit", t.audit) },
  ].filter((place) => place !== false);
}

function Navigation({ onGo }: { onGo?: () => void }) {
  const { pathname } = useLocation();
  const places = usePlaces();
  const keys = places.flatMap((p) => ("children" in p && p.children ? p.children.map((c) => c.key) : [p.key]));
  const here = keys.filter((k) => k === "/" ? pathname === "/" : pathname === k || pathname.startsWith(`${k}/`)).sort((a, b) => b.length - a.length)[0];
  const open = places.filter((p) => "children" in p && pathname.startsWith(p.key)).map((p) => p.key);
  return <Menu mode="inline" items={places} selectedKeys={here ? [here] : []} defaultOpenKeys={open} onClick={onGo} style={{ borderInlineEnd: 0 }} />;
}

/** Tables that are wider than their place can be scrolled by the keyboard too: antd doesn't make them reachable. */
function useReachableTables(): void {
  useEffect(() => {
    const content = document.getElementById("content");
    if (!content) return;
    let asked = 0;
    const look = () => {
      asked = 0;
      for (const place of content.querySelectorAll<HTMLElement>(".ant-table-content, .ant-table-body, .scroll")) {
        if (place.scrollWidth > place.clientWidth || place.scrollHeight > place.clientHeight) place.tabIndex = 0;
        else place.removeAttribute("tabindex");
      }
    };
    const soon = () => {
      asked ||= requestAnimationFrame(look);
    };
    const watch = new MutationObserver(soon);
    watch.observe(content, { childList: true, subtree: true });
    window.addEventListener("resize", soon);
    return () => {
      watch.disconnect();
      window.removeEventListener("resize", soon);
      cancelAnimationFrame(asked);
    };
  }, []);
}

/** The frame of every page but login and first set-up; nobody who isn't logged in sees it, not for a moment. */
export function Shell() {
  const session = useSession();
  const { pathname, search, hash } = useLocation();
  if (!session.authenticated) return null;
  if (session.must_change && session.way === "password" && pathname !== "/account")
    return <Navigate to={`/account?next=${encodeURIComponent(pathname + search + hash)}`} replace />;
  return <Frame />;
}

function Frame() {
  useReachableTables();
  const t = useTexts(common);
  const f = useFormats();
  const wide = Grid.useBreakpoint().lg ?? true;
  const phone = !(Grid.useBreakpoint().sm ?? true);
  const [drawer, setDrawer] = useState(false);
  const { token } = theme.useToken();
  const settings = useSettings();
  const session = useSession();
  const client = useQueryClient();
  const status = useStatus();
  const { pathname } = useLocation();
  const tour = usePlace();
  const guided = Boolean(status.data?.snapshot) && session.rights.includes("read");
  const project = status.data?.project;
  const name = titleOf(project?.title, project?.name ?? "", settings.language);
  const logout = async () => {
    await call("DELETE", "/session").catch(() => undefined);
    client.clear();
    window.location.assign("/login");
  };
  return (
    <Layout style={{ minHeight: "100vh" }}>
      <a className="skip" href="#content">{t.skip}</a>
      {wide && (
        <Layout.Sider width={208} style={{ position: "sticky", top: 0, height: "100vh", overflow: "auto", borderInlineEnd: `1px solid ${token.colorBorderSecondary}` }}>
          <div className="brand"><Link to="/">{t.product}</Link></div>
          <nav aria-label={t.menu}><Navigation /></nav>
        </Layout.Sider>
      )}
      <Layout>
        <Layout.Header className="head" style={{ borderBlockEnd: `1px solid ${token.colorBorderSecondary}`, paddingInline: phone ? 12 : 24 }}>
          {!wide && <Button type="text" icon={<MenuOutlined />} aria-label={t.menu} onClick={() => setDrawer(true)} />}
          <div className="what">
            <Typography.Text strong ellipsis>{name || t.product}</Typography.Text>
            {!phone && status.data?.as_of && <Typography.Text type="secondary" className="figures"> {t.asOf(f.day(status.data.as_of))} · {t.customers(f.count(status.data.customers))}</Typography.Text>}
          </div>
          <Space size={phone ? 0 : 4}>
            {guided && <Tooltip title={t.tour}><Button id={STARTER} type="text" icon={<QuestionCircleOutlined />} aria-label={t.tour} onClick={() => tour.move(FIRST)} /></Tooltip>}
            <Dropdown trigger={["click"]} menu={{ selectedKeys: [settings.language], onClick: ({ key }) => settings.choose({ language: key as "zh-CN" | "en" }), items: [{ key: "zh-CN", label: "中文" }, { key: "en", label: "English" }] }}>
              <Button type="text" icon={<GlobalOutlined />} aria-label={t.language} />
            </Dropdown>
            <Dropdown trigger={["click"]} menu={{ selectedKeys: [settings.appearance], onClick: ({ key }) => settings.choose({ appearance: key as Appearance }), items: [{ key: "system", label: t.system }, { key: "light", label: t.light }, { key: "dark", label: t.dark }] }}>
              <Button type="text" icon={settings.dark ? <MoonOutlined /> : <SunOutlined />} aria-label={t.theme} />
            </Dropdown>
            {session.way !== "local" && (
              <Dropdown trigger={["click"]} menu={{ items: [{ key: "account", label: <Link to="/account">{t.account}</Link> }, { key: "logout", label: t.logout, onClick: () => void logout() }] }}>
                <Tooltip title={session.role}><Button type="text" icon={<UserOutlined />} aria-label={`${t.account}: ${session.display_name || session.name}`}>{phone ? "" : session.display_name || session.name}</Button></Tooltip>
              </Dropdown>
            )}
          </Space>
        </Layout.Header>
        <Layout.Content id="content" tabIndex={-1} style={{ padding: phone ? 12 : 24, outline: "none" }}>
          {guided && project?.sandbox && tour.offered && !tour.at && pathname === "/" && <Suspense fallback={null}><Offer onStart={() => tour.move(FIRST)} onDismiss={tour.dismiss} /></Suspense>}
          <Boundary key={pathname}>
            <Suspense fallback={<div className="waiting"><Spin /></div>}><Outlet /></Suspense>
          </Boundary>
        </Layout.Content>
      </Layout>
      {guided && tour.at && <Suspense fallback={null}><Tour at={tour.at} onMove={tour.move} /></Suspense>}
      <Drawer open={drawer} onClose={() => setDrawer(false)} placement="left" size={260} title={t.product} styles={{ body: { padding: 0 } }}>
        <nav aria-label={t.menu}><Navigation onGo={() => setDrawer(false)} /></nav>
      </Drawer>
    </Layout>
  );
}
