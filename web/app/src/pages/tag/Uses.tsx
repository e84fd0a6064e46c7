// Who reads a tag, at first hand and through others.
import { Card } from "antd";
import { Link } from "react-router";
import { useGet } from "../../api/hooks";
import { Answered, Nothing } from "../../parts";
import { useTexts } from "../../i18n";
import { useFormats } from "../../i18n/format";
import { tags } from "../../i18n/tags";
import { useTitle } from "../tags/parts";
import type { Impact, Reader } from "../tags/types";

const PLACES: Readonly<Record<string, string>> = { tags: "/tags/", audiences: "/audiences/" };

export function Readers({ of, behind = false }: { of: readonly Reader[]; behind?: boolean }) {
  const t = useTexts(tags);
  const f = useFormats();
  const title = useTitle();
  return (
    <ul className="reader-list">
      {of.map((r) => (
        <li key={`${r.kind}:${r.name}`}>
          <span className="soft small">{t.page.readers[r.kind]}</span>
          {PLACES[r.kind] ? <Link to={`${PLACES[r.kind]}${r.name}`}>{title(r.title, r.name)}</Link> : <span>{title(r.title, r.name)}</span>}
          <span className="mono soft small">{r.name}</span>
          {r.size !== null && <span className="figures small">{t.page.size(f.count(r.size))}</span>}
          {r.owner && <span className="soft small">{r.owner}</span>}
          {r.status !== "online" && <span className="soft small">{t.states[r.status as keyof typeof t.states]}</span>}
          {behind && <span className="soft small">{t.page.through(r.through.split(":")[1] ?? "")}</span>}
        </li>
      ))}
    </ul>
  );
}

export function Uses({ name }: { name: string }) {
  const t = useTexts(tags).page;
  const found = useGet<Impact>(`/tags/${name}/impact`);
  return (
    <Answered of={found}>
      {(of) =>
        of.direct.length === 0 ? <Card size="small"><Nothing title={t.noUsers} hint={t.noUsersHint} /></Card> : (
          <div className="grid two">
            <Card size="small" title={t.direct}><Readers of={of.direct} /></Card>
            {of.indirect.length > 0 && <Card size="small" title={t.indirect}><Readers of={of.indirect} behind /></Card>}
          </div>
        )
      }
    </Answered>
  );
}
