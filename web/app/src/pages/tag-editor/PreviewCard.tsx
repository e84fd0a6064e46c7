// What the tag being written would be: faults in words, figures on the customers, the text that would be saved.
import { Alert, Card, Collapse, Spin } from "antd";
import { useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { common } from "../../i18n/common";
import { tags } from "../../i18n/tags";
import { ErrorView, Nothing } from "../../parts";
import type { Problem } from "../../api/client";
import { useTitle } from "../tags/parts";
import { Spread } from "../tag/Distribution";
import type { Issue, Preview } from "../tags/types";

export function PreviewCard({ of, waiting, error, missing, unit }: { of: Preview | undefined; waiting: boolean; error: Problem | null; missing: readonly string[]; unit: string | null }) {
  const t = useTexts(tags).editor;
  const c = useTexts(common);
  const f = useFormats();
  const title = useTitle();
  const faults = (of?.issues ?? []).filter((i) => i.severity === "error");
  const line = (i: Issue, n: number) => <div key={n}>{i.place && <span className="mono">{i.place} </span>}{title(i.message, i.code)}</div>;
  const elsewhere = faults.filter((i) => i.pointer === null);
  const result = of?.result;
  return (
    <Card size="small" title={t.preview} extra={waiting && <span className="row soft small"><Spin size="small" />{t.computing}</span>}>
      <div aria-live="polite">
        {missing.length > 0 && <Nothing title={t.noFigures} hint={t.fill(missing.join("、"))} />}
        {error && <ErrorView error={error} />}
        {missing.length === 0 && of && (
          <div className="stack" style={{ display: "flex", flexDirection: "column", gap: 12 }}>
            {faults.length > 0 && <Alert type="error" showIcon title={t.faults(f.count(faults.length))} description={faults.filter((i) => i.pointer !== null).map(line)} />}
            {elsewhere.length > 0 && <Alert type="error" showIcon title={t.elsewhere} description={elsewhere.map(line)} />}
            {of.words && <div>{title(of.words, "")}</div>}
            {of.note && <Alert type="info" showIcon title={title(of.note, "")} />}
            {result?.columns.map((column) => {
              const yes = column.value_type === "boolean" ? (column.distribution.values ?? []).find(([value]) => value === true)?.[1] ?? 0 : null;
              return (
              <section key={column.name} aria-label={column.name}>
                <div className="row" style={{ justifyContent: "space-between" }}>
                  <span>{result.columns.length > 1 ? <span className="mono">{column.name}</span> : yes === null ? t.would : c.yes}</span>
                  <span className="figures"><b>{f.count(yes ?? column.known)}</b> · {f.percent(yes === null ? column.coverage : yes / result.base)}{yes === null && column.before && <span className="soft"> ({t.compared(f.percent(column.before.coverage))})</span>}</span>
                </div>
                <Spread shape={column.distribution} known={column.known} titles={column.values} unit={unit} type={column.value_type} height={180} />
              </section>
            );})}
            {result && <div className="soft small figures">{result.exact ? t.exact(f.count(result.base)) : t.sample(f.count(result.base), f.count(result.customers))} · {t.asOf(f.day(result.as_of), f.count(Math.max(1, result.seconds * 1000)))}</div>}
            <Collapse ghost size="small" items={[{ key: "yaml", label: "YAML", children: <pre className="code" tabIndex={0}>{of.yaml}</pre> }]} />
          </div>
        )}
      </div>
    </Card>
  );
}
