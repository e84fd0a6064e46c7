// What became of a definition: versions that builds met, and what was done here, text against text.
import { Card, Collapse } from "antd";
import { Answered, Nothing } from "../../parts";
import type { useGet } from "../../api/hooks";
import { useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { tags } from "../../i18n/tags";
import type { Event, History } from "../tags/types";

/** Lines of one text against those of another: kept, cut, added (longest common subsequence). */
function compare(before: string, after: string): readonly { readonly how: "keep" | "cut" | "add"; readonly line: string }[] {
  const a = before.trimEnd().split("\n"), b = after.trimEnd().split("\n");
  const long = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i -= 1) for (let j = b.length - 1; j >= 0; j -= 1) long[i]![j] = a[i] === b[j] ? long[i + 1]![j + 1]! + 1 : Math.max(long[i + 1]![j]!, long[i]![j + 1]!);
  const found: { how: "keep" | "cut" | "add"; line: string }[] = [];
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { found.push({ how: "keep", line: a[i]! }); i += 1; j += 1; }
    else if (i < a.length && (j >= b.length || long[i + 1]![j]! >= long[i]![j + 1]!)) { found.push({ how: "cut", line: a[i]! }); i += 1; }
    else { found.push({ how: "add", line: b[j]! }); j += 1; }
  }
  return found;
}

export function Diff({ before, after }: { before: string; after: string }) {
  const signs = { keep: "  ", cut: "− ", add: "+ " };
  return <pre className="code diff" tabIndex={0}>{compare(before, after).map(({ how, line }, n) => <span key={n} className={how}>{signs[how]}{line.replace(/^ {2}/, "")}</span>)}</pre>;
}

function Line({ event, older }: { event: Event; older: string | null }) {
  const t = useTexts(tags).page;
  const f = useFormats();
  return (
    <li>
      <div className="line">
        <b>{t.actions[event.action as keyof typeof t.actions] ?? event.action}</b>
        {event.who && <span>{event.who}</span>}
        <span className="soft small figures">{f.time(event.at)}</span>
      </div>
      {event.note && <div className="soft">{event.note}</div>}
      {event.yaml && event.yaml !== older && <Collapse ghost size="small" items={[{ key: "text", label: older ? t.diffTo : t.text, children: older ? <Diff before={older} after={event.yaml} /> : <pre className="code" tabIndex={0}>{event.yaml}</pre> }]} />}
    </li>
  );
}

export function Versions({ history }: { history: ReturnType<typeof useGet<History>> }) {
  const t = useTexts(tags).page;
  const f = useFormats();
  return (
    <Answered of={history}>
      {(of) => (
        <div className="grid two">
          <Card size="small" title={t.events}>
            {of.events.length === 0 ? <Nothing title={t.noEvents} /> : (
              <ol className="history-list" reversed>
                {of.events.map((event, n) => <Line key={event.number} event={event} older={of.events.slice(n + 1).find((e) => e.yaml)?.yaml ?? null} />)}
              </ol>
            )}
          </Card>
          <Card size="small" title={t.builtVersions}>
            {of.versions.length === 0 && <Nothing title={t.notBuilt} hint={t.notBuiltHint} />}
            <ol className="history-list" reversed>
              {of.versions.map((v) => (
                <li key={v.version}>
                  <div className="line"><b>{t.versionN(String(v.version))}</b><span className="soft small figures">{t.since2(f.day(v.since))} · {f.time(v.built_at)}</span></div>
                  {v.definition && <div className="mono">{v.definition}</div>}
                </li>
              ))}
            </ol>
          </Card>
        </div>
      )}
    </Answered>
  );
}
