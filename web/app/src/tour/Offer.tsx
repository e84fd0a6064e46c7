// The offer of the tour at the first visit of a demo: a notice on the overview, gone for good when it is answered.
import { Button, Card } from "antd";
import { useTexts } from "../i18n";
import { tour } from "../i18n/tour";
import "./tour.css";

export default function Offer({ onStart, onDismiss }: { onStart: () => void; onDismiss: () => void }) {
  const t = useTexts(tour);
  return (
    <Card size="small" className="tour-offer no-print" role="region" aria-label={t.name}>
      <div className="words"><h2>{t.offer}</h2><p>{t.offerHint} <span className="soft">{t.restart}</span></p></div>
      <div className="row"><Button type="primary" onClick={onStart}>{t.start}</Button><Button onClick={onDismiss}>{t.later}</Button></div>
    </Card>
  );
}
