// What a marketing team looks at first: who there is, what they are worth, how they move, and what changed.
import { Button } from "antd";
import { Link } from "react-router";
import { useGet } from "../../api/hooks";
import { Answered, Figure, Page } from "../../parts";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { overview } from "../../i18n/overview";
import { Audiences, Changes, Personas } from "./Changes";
import { Lights } from "./Lights";
import { Places } from "./Places";
import { Lifecycle, Rfm } from "./Standing";
import { Trends } from "./Trends";
import type { Overview as Told } from "./types";
import "./overview.css";

function Figures({ of }: { of: Told }) {
  const t = useTexts(overview);
  const f = useFormats();
  const language = useLanguage();
  const { customers, worth, changes } = of;
  const grown = changes ? customers.total - changes.customers_before : 0;
  const since = changes ? (grown ? t.sinceLast(`${grown > 0 ? "+" : "−"}${f.count(Math.abs(grown))}`) : t.noChange) : "";
  const tag = worth && titleOf(worth.title, worth.name, language);
  const unit = worth?.unit ? ` ${worth.unit}` : "";
  return (
    <div className="overview-figures" data-tour="overview">
      <Figure name={t.total} value={f.count(customers.total)} note={since || t.allCustomers(f.day(of.as_of))} />
      {customers.active !== null && <Figure name={t.active(customers.days)} value={f.count(customers.active)} note={t.activeNote(f.percent(customers.active_share), customers.sources.length)} />}
      {customers.new !== null && <Figure name={t.fresh(customers.days)} value={f.count(customers.new)} note={t.freshNote(f.percent(customers.new_share), f.count(customers.undated))} />}
      {worth && <Figure name={t.worthTotal(tag ?? "")} value={<>{f.short(worth.total)}<small className="soft small">{unit}</small></>} note={t.known(f.count(worth.known))} />}
      {worth && <Figure name={t.worthMean(tag ?? "")} value={<>{f.count(worth.mean)}<small className="soft small">{unit}</small></>} note={t.median(f.count(worth.median))} />}
    </div>
  );
}

export default function Overview() {
  const t = useTexts(overview);
  const f = useFormats();
  const found = useGet<Told>("/overview");
  const about = found.data && t.about(f.time(found.data.built_at), found.data.previous ? f.day(found.data.previous.as_of) : "");
  return (
    <Page title={t.title} about={about} actions={found.data && <Link to="/audiences/new"><Button type="primary">{t.newAudience}</Button></Link>}>
      <Answered of={found}>
        {(of) => (
          <>
            <Figures of={of} />
            <Lights of={of} />
            <Trends of={of} />
            <div className="overview-two">
              <div className="column"><Rfm of={of} /><Changes of={of} /><Audiences of={of} /><Personas of={of} /></div>
              <div className="column"><Lifecycle of={of} /><Places of={of} /></div>
            </div>
          </>
        )}
      </Answered>
    </Page>
  );
}
