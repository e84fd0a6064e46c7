// Marks that the pages about data share: a light with its word, a bar with its share.
import { CheckCircleFilled, ExclamationCircleFilled, MinusCircleOutlined, WarningFilled } from "../../icons";
import { useTexts } from "../../i18n";
import { data } from "../../i18n/data";
import { useFormats } from "../../i18n/format";
import type { Light } from "./types";
import "./data.css";

const MARKS = {
  good: [CheckCircleFilled, "var(--ant-color-success)"], look: [ExclamationCircleFilled, "var(--ant-color-warning)"], bad: [WarningFilled, "var(--ant-color-error)"],
  none: [MinusCircleOutlined, "var(--ant-color-text-secondary)"],
} as const;

export function LightMark({ light }: { light: Light | null | undefined }) {
  const t = useTexts(data).lights;
  const [Icon, color] = MARKS[light ?? "none"];
  return <span style={{ color, whiteSpace: "nowrap" }}><Icon aria-hidden /> {t[light ?? "none"]}</span>;
}

/** A share as a figure over a thin bar. */
export function ShareBar({ share, quiet }: { share: number | null | undefined; quiet?: boolean }) {
  const f = useFormats();
  if (share === null || share === undefined) return <span className="soft">–</span>;
  return (
    <span className="share-bar"><span>{f.percent(share)}</span><span className="track" aria-hidden><i className={quiet ? "quiet" : ""} style={{ width: `${Math.min(1, share) * 100}%` }} /></span></span>
  );
}

/** What became of rows: parts of a whole side by side, each named below. */
export function Flow({ parts }: { parts: { key: string; name: string; value: number; tone: "good" | "warn" | "soft" }[] }) {
  const f = useFormats();
  const whole = Math.max(parts.reduce((sum, part) => sum + part.value, 0), 1);
  return (
    <div className="flow">
      <div className="flow-bar" aria-hidden>{parts.filter((part) => part.value > 0).map((part) => <i key={part.key} className={part.tone} style={{ flexGrow: Math.max(part.value / whole, 0.004) }} />)}</div>
      <ul>{parts.map((part) => <li key={part.key}><span className={`flow-dot ${part.tone}`} aria-hidden />{part.name} <b className="figures">{f.count(part.value)}</b> <span className="soft small">{f.percent(part.value / whole)}</span></li>)}</ul>
    </div>
  );
}
