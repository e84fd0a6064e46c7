// Which address shows which page. Pages are fetched when they are first opened.
import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import { Button, Result } from "antd";
import { createBrowserRouter, Link } from "react-router";
import { useTexts } from "./i18n";
import { common } from "./i18n/common";
import { Shell } from "./shell/Shell";

type Made = LazyExoticComponent<ComponentType>;
const page = (load: () => Promise<{ default: ComponentType }>): Made => lazy(load);
const Overview = page(() => import("./pages/overview"));
const Customers = page(() => import("./pages/customers"));
const Customer = page(() => import("./pages/customer"));
const Tags = page(() => import("./pages/tags"));
const Tag = page(() => import("./pages/tag"));
const TagEditor = page(() => import("./pages/tag-editor"));
const Audiences = page(() => import("./pages/audiences"));
const AudienceBuilder = page(() => import("./pages/audience-builder"));
const Audience = page(() => import("./pages/audience"));
const Personas = page(() => import("./pages/personas"));
const Persona = page(() => import("./pages/persona"));
const Funnel = page(() => import("./pages/analysis/funnel"));
const Retention = page(() => import("./pages/analysis/retention"));
const Paths = page(() => import("./pages/analysis/path"));
const Distribution = page(() => import("./pages/analysis/distribution"));
const Cross = page(() => import("./pages/analysis/cross"));
const Network = page(() => import("./pages/analysis/network"));
const Sources = page(() => import("./pages/data/sources"));
const Wizard = page(() => import("./pages/data/wizard"));
const Quality = page(() => import("./pages/data/quality"));
const Runs = page(() => import("./pages/data/runs"));
const People = page(() => import("./pages/people"));
const Audit = page(() => import("./pages/audit"));
const Account = page(() => import("./pages/account"));
const Login = page(() => import("./pages/login"));
const Setup = page(() => import("./pages/setup"));

function Missing() {
  const t = useTexts(common);
  return <Result status="404" title={t.notFound} subTitle={t.notFoundHint} extra={<Link to="/"><Button type="primary">{t.home}</Button></Link>} />;
}

export const router = createBrowserRouter([
  { path: "/login", element: <Login /> },
  { path: "/setup", element: <Setup /> },
  {
    path: "/",
    element: <Shell />,
    children: [
      { index: true, element: <Overview /> },
      { path: "customers", element: <Customers /> },
      { path: "customers/:id", element: <Customer /> },
      { path: "tags", element: <Tags /> },
      { path: "tags/new", element: <TagEditor /> },
      { path: "tags/:name", element: <Tag /> },
      { path: "tags/:name/edit", element: <TagEditor /> },
      { path: "audiences", element: <Audiences /> },
      { path: "audiences/new", element: <AudienceBuilder /> },
      { path: "audiences/:name", element: <Audience /> },
      { path: "audiences/:name/edit", element: <AudienceBuilder /> },
      { path: "personas", element: <Personas /> },
      { path: "personas/:set/:segment", element: <Persona /> },
      { path: "analysis/funnel", element: <Funnel /> },
      { path: "analysis/retention", element: <Retention /> },
      { path: "analysis/path", element: <Paths /> },
      { path: "analysis/distribution", element: <Distribution /> },
      { path: "analysis/cross", element: <Cross /> },
      { path: "analysis/network", element: <Network /> },
      { path: "data/sources", element: <Sources /> },
      { path: "data/wizard", element: <Wizard /> },
      { path: "data/quality", element: <Quality /> },
      { path: "data/runs", element: <Runs /> },
      { path: "people", element: <People /> },
      { path: "audit", element: <Audit /> },
      { path: "account", element: <Account /> },
      { path: "*", element: <Missing /> },
    ],
  },
]);
