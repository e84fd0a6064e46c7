// Provinces, and the cities of one that is picked; which one stands in the address.
import { lazy, Suspense } from "react";
import { Button, Skeleton } from "antd";
import { Link, useSearchParams } from "react-router";
import { Section, Tracks } from "../../parts/heat";
import { Near } from "../../parts/Near";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { overview } from "../../i18n/overview";
import { Lacking, useBase } from "./Standing";
import { shortName } from "./provinces";
import { audienceOf, type Overview } from "./types";

const ChinaMap = lazy(() => import("./ChinaMap"));

export function Places({ of }: { of: Overview }) {
  const t = useTexts(overview);
  const f = useFormats();
  const language = useLanguage();
  const base = useBase(of);
  const [search, setSearch] = useSearchParams();
  const regions = of.regions;
  if (!regions) return <Section title={t.regions}><Lacking part="regions" to="/data/sources" /></Section>;
  const pick = (value: string | null) => setSearch((now) => { if (value) now.set("place", value); else now.delete("place"); return now; }, { replace: true, preventScrollReset: true });
  const picked = regions.city ? regions.values.find((one) => one.value === search.get("place")) : undefined;
  const shown = picked ? picked.cities : regions.values;
  const mapped = regions.kind === "province" && regions.values.filter((one) => shortName(one.value)).length >= regions.values.length / 2;
  const name = (one: { value: string; title: unknown }) => titleOf(one.title, one.value, language);
  return (
    <Section
      title={picked ? t.cities(name(picked)) : t.regions}
      base={picked ? base(picked.count, 0) : `${base(regions.known, regions.missing)}${regions.city ? ` · ${t.pickPlace}` : ""}`}
      extra={picked && <span className="row"><Link to={audienceOf(picked.when)}>{t.build}</Link><Button size="small" onClick={() => pick(null)}>{t.back}</Button></span>}
    >
      {mapped && !picked && (
        <Near height={360}><Suspense fallback={<Skeleton.Node active style={{ width: "100%", height: 360 }} />}><ChinaMap places={regions.values} onPick={pick} /></Suspense></Near>
      )}
      <div className="places" tabIndex={0} role="region" aria-label={t.regions}>
        <Tracks
          first={titleOf(regions.title, regions.name, language)}
          heads={[t.count, t.share]}
          rows={shown.map((one) => ({
            key: one.value, share: one.share ?? 0, cells: [f.count(one.count), f.percent(one.share)],
            name: !picked && regions.city ? <button type="button" onClick={() => pick(one.value)}>{name(one)}</button> : name(one),
            to: picked || !regions.city ? audienceOf(one.when) : undefined,
          }))}
        />
      </div>
    </Section>
  );
}
