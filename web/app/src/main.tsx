import { StrictMode, useEffect, useLayoutEffect } from "react";
import { createRoot } from "react-dom/client";
import { App as Messages, ConfigProvider } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "react-router";
import { useGet } from "./api/hooks";
import { SessionContext, type Session } from "./api/session";
import { ErrorView } from "./parts";
import { router } from "./router";
import { fetchAhead } from "./shell/ahead";
import { SettingsProvider, useSettings } from "./shell/settings";
import { themeOf } from "./shell/theme";
import "./shell/style.css";

const client = new QueryClient({ defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false } } });
const nonce = document.querySelector<HTMLElement>("script[nonce]")?.nonce;

// Some parts of antd make style sheets without asking ConfigProvider for the nonce (scroll bars of tables, locks of dialogs): all get it here.
const make = document.createElement.bind(document);
document.createElement = ((tag: string, options?: ElementCreationOptions) => {
  const made = make(tag, options);
  if (nonce && made instanceof HTMLStyleElement) made.nonce = nonce;
  return made;
}) as typeof document.createElement;

function Ready() {
  const { adopt } = useSettings();
  const session = useGet<Session>("/session", {}, { stale: 60_000 });
  const { data } = session;
  useEffect(() => {
    if (data?.authenticated) adopt({ language: data.language, theme: data.theme });
  }, [data?.name]); // once for each person
  useEffect(() => {
    const out = () => void client.invalidateQueries({ queryKey: ["/session"] });
    window.addEventListener("huaxiang:logged-out", out);
    return () => window.removeEventListener("huaxiang:logged-out", out);
  }, []);
  const path = window.location.pathname;
  useEffect(() => {
    if (!data || data.authenticated) return;
    const to = data.setup_needed ? "/setup" : "/login";
    if (path !== to) void router.navigate(to === "/login" && path !== "/" && path !== "/setup" ? `/login?next=${encodeURIComponent(path + window.location.search)}` : `${to}${window.location.search}${window.location.hash}`, { replace: true });
  }, [data, path]);
  const known = Boolean(data || session.error);
  useLayoutEffect(() => {
    if (known) document.getElementById("frame")?.remove();
  }, [known]);
  if (session.error) return <div className="waiting"><ErrorView error={session.error} onRetry={() => void session.refetch()} /></div>;
  if (!data) return null; // the frame in index.html is seen
  return <SessionContext.Provider value={data}><RouterProvider router={router} /></SessionContext.Provider>;
}

function Themed() {
  const { dark, language } = useSettings();
  return (
    <ConfigProvider csp={{ nonce }} locale={language === "en" ? enUS : zhCN} theme={themeOf(dark)} button={{ autoInsertSpace: false }}>
      <Messages><QueryClientProvider client={client}><Ready /></QueryClientProvider></Messages>
    </ConfigProvider>
  );
}

createRoot(document.getElementById("root") as HTMLElement).render(<StrictMode><SettingsProvider><Themed /></SettingsProvider></StrictMode>);
void fetchAhead(client);
