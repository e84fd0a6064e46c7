// How good the data are and how fresh, each with why.
import { CheckCircleFilled, ExclamationCircleFilled, MinusCircleOutlined, WarningFilled } from "../../icons";
import { Card } from "antd";
import { Link } from "react-router";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { overview } from "../../i18n/overview";
import type { Light, Overview } from "./types";

const MARKS = {
  good: [CheckCircleFilled, "var(--ant-color-success)"], look: [ExclamationCircleFilled, "var(--ant-color-warning)"], bad: [WarningFilled, "var(--ant-color-error)"],
  none: [MinusCircleOutlined, "var(--ant-color-text-secondary)"],
} as const;

function Mark({ light }: { light: Light | null }) {
  const t = useTexts(overview).lights;
  const [Icon, color] = MARKS[light ?? "none"];
  return <span style={{ color, whiteSpace: "nowrap" }}><Icon aria-hidden /> <b>{t[light ?? "none"]}</b></span>;
}

export function Lights({ of }: { of: Overview }) {
  const t = useTexts(overview);
  const f = useFormats();
  const language = useLanguage();
  const { quality, freshness } = of;
  const oldest = freshness.sources[0];
  return (
    <div className="overview-two stretch" data-tour="overview">
      <Card size="small">
        <div className="light">
          <h2 className="section-title">{t.quality}</h2><Mark light={quality.light} /><Link to="/data/quality">{t.toQuality}</Link>
          <ul className="soft small">
            <li>{t.completeness(f.percent(quality.completeness), f.count(quality.set_aside))}</li>
            {quality.findings.slice(0, 2).map((one, n) => <li key={n}>{titleOf(one.title, one.source, language)} · {titleOf(one.text, "", language)}</li>)}
            <li>{quality.total ? t.findings(quality.total) : t.noFindings}</li>
          </ul>
        </div>
      </Card>
      <Card size="small">
        <div className="light">
          <h2 className="section-title">{t.freshness}</h2><Mark light={freshness.light} /><Link to="/data/runs">{t.toRuns}</Link>
          <ul className="soft small">
            {freshness.reasons.map((one) => <li key={one.code}>{one.code === "data" ? t.reasons.data(one.days ?? 0) : t.reasons[one.code](one.names.map((name, n) => titleOf(one.titles[n], name, language)).join(language === "en" ? ", " : "、"))}</li>)}
            {oldest && oldest.days > 0 && <li>{t.oldest(titleOf(oldest.title, oldest.name, language), oldest.days)}</li>}
          </ul>
        </div>
      </Card>
    </div>
  );
}
