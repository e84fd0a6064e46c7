// A card over the snapshots: size and worth, and which statements came and went.
import { Timeline } from "antd";
import { useGet } from "../../api/hooks";
import { titleOf, useLanguage, useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { personas } from "../../i18n/personas";
import { Answered } from "../../parts";
import { Section } from "../../parts/heat";
import { amount, type Versions } from "./types";

export function History({ path }: { path: string }) {
  const t = useTexts(personas);
  const f = useFormats();
  const language = useLanguage();
  const found = useGet<Versions>(`${path}/versions`);
  return (
    <Section title={t.versions}>
      <Answered of={found}>
        {({ versions }) => (
          <>
            {versions.length < 2 && <p className="soft" style={{ marginBlockStart: 0 }}>{t.oneVersion}</p>}
            <Timeline items={versions.slice(0, 10).map((one) => ({
              key: one.snapshot,
              content: (
                <div>
                  <b>{t.version(f.day(one.as_of))}</b> <span className="soft mono">{one.snapshot}</span>
                  <div>{titleOf(one.name, "", language)} · {t.size(f.count(one.size))} ({f.percent(one.share)}) · {t.statements(one.statements)}{one.worth && ` · ${amount(one.worth.mean, one.worth.unit, f)}`}</div>
                  {one.new.map((text, n) => <div key={`n${n}`} className="small">+ {t.added}: {titleOf(text, "", language)}</div>)}
                  {one.gone.map((text, n) => <div key={`g${n}`} className="small soft">− {t.gone}: {titleOf(text, "", language)}</div>)}
                </div>
              ),
            }))} />
          </>
        )}
      </Answered>
    </Section>
  );
}
