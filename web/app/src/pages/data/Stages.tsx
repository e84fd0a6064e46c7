// The stages of a build: done, under way, to come, each with its time and rows.
import { useEffect, useState } from "react";
import { useTexts } from "../../i18n";
import { data } from "../../i18n/data";
import { useFormats } from "../../i18n/format";
import type { Build, Run, StageName } from "./types";
import "./data.css";

const STAGES: StageName[] = ["collect", "clean", "unify", "profile", "tag", "segment", "persona", "publish"];

/** Seconds since a moment, as people say them, anew every second. */
export function useSeconds(since: string | null): string {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const clock = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(clock);
  }, []);
  const seconds = since ? Math.max(0, Math.round((now - new Date(since).getTime()) / 1000)) : 0;
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

export function Stages({ of }: { of: Run | Build }) {
  const t = useTexts(data).runs;
  const f = useFormats();
  const within = "progress" in of ? of.progress.within : null;
  return (
    <ol className="stages">
      {STAGES.map((name) => {
        const stage = of.stages.find((one) => one.name === name);
        const state = stage?.state ?? "waiting";
        const under = state === "running" && within?.total ? within.done / within.total : null;
        const note = state === "running" ? (within?.total ? t.within(within.done, within.total, within.note) : t.states.running) : stage?.rows ? t.rows(f.count(stage.rows)) : state === "waiting" ? t.waiting : "";
        return (
          <li key={name} className={`stage ${state}`}>
            <span className="what"><span>{t.stages[name]}</span><span className="soft small figures">{stage?.seconds !== null && stage?.seconds !== undefined ? `${f.number(stage.seconds, 1)} s` : ""}</span></span>
            <span className="track" role="progressbar" aria-label={t.stages[name]} aria-valuemin={0} aria-valuemax={100} aria-valuenow={state === "done" ? 100 : under === null ? (state === "running" ? undefined : 0) : Math.round(under * 100)}>
              {state !== "waiting" && <i className={state === "running" && under === null ? "unknown" : ""} style={{ width: under === null ? (state === "done" ? "100%" : "60%") : `${Math.max(under, 0.03) * 100}%` }} />}
            </span>
            <span className="note" title={note}>{note}</span>
          </li>
        );
      })}
    </ol>
  );
}
