// The guided tour: a card beside what it tells of, on one page after the other. The page stays usable meanwhile.
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { Button, Grid } from "antd";
import { useLocation, useNavigate } from "react-router";
import { CloseOutlined } from "../icons";
import { useTexts } from "../i18n";
import { tour } from "../i18n/tour";
import { STARTER } from "./place";
import { besides, useSpot, type Box } from "./spot";
import { useSteps, type Step } from "./steps";
import "./tour.css";

/** What takes arrow keys for itself, and what Escape closes first. */
const TYPING = "input, textarea, select, [contenteditable=true], [role=menu], [role=tablist], [role=radiogroup], [role=slider], [role=tree], [role=listbox]";
const OPEN = ".ant-modal-wrap, .ant-drawer-open, .ant-dropdown, .ant-popover, .ant-select-dropdown";

function isOpen(): boolean {
  return [...document.querySelectorAll(OPEN)].some((one) => one.getClientRects().length > 0 && !/-hidden|-leave/.test(one.className));
}

function isHere(step: Step, pathname: string, search: string): boolean {
  const wanted = new URL(step.to ?? "/", window.location.origin);
  return pathname === wanted.pathname && (step.name !== "why" || search === wanted.search);
}

export default function Tour({ at, onMove }: { at: string; onMove: (to: string | null) => void }) {
  const [missing, setMissing] = useState<readonly string[]>([]);
  const steps = useSteps(at).filter((step) => !missing.includes(step.name));
  const found = steps.findIndex((step) => step.name === at);
  const n = Math.max(0, found);
  const step = steps[n];
  const forward = useRef(true);
  const { pathname, search } = useLocation();
  const go = useNavigate();
  const end = () => {
    onMove(null);
    document.getElementById(STARTER)?.focus();
  };
  const move = (by: 1 | -1) => {
    forward.current = by > 0;
    if (steps[n + by]) onMove(steps[n + by].name);
    else if (by > 0) end();
  };
  useEffect(() => {
    if (step && found < 0) onMove(step.name);
  }, [step?.name, found]);
  const arrive = () => {
    if (step?.to !== undefined && !isHere(step, pathname, search)) void go(step.to);
  };
  useEffect(arrive, [step?.name, step?.to]);
  if (!step) return null;
  const here = step.to !== undefined && isHere(step, pathname, search);
  return (
    <Told
      step={step} n={n} all={steps.length} here={here} onMove={move} onEnd={end} onReturn={arrive}
      onMissing={() => {
        const other = steps[n + (forward.current ? 1 : -1)] ?? steps[n - 1];
        setMissing((before) => [...before, step.name]);
        if (other) onMove(other.name);
        else end();
      }}
    />
  );
}

interface ToldProps {
  readonly step: Step;
  readonly n: number;
  readonly all: number;
  readonly here: boolean;
  readonly onMove: (by: 1 | -1) => void;
  readonly onEnd: () => void;
  readonly onReturn: () => void;
  readonly onMissing: () => void;
}

function Told({ step, n, all, here, onMove, onEnd, onReturn, onMissing }: ToldProps) {
  const t = useTexts(tour);
  const card = useRef<HTMLElement>(null);
  const narrow = !(Grid.useBreakpoint().md ?? true);
  const spot = useSpot(step.name, step.to === undefined ? null : step.target, step.one ?? false, () => card.current?.offsetHeight ?? 0);
  const place = usePlaced(spot.box, narrow, step.name, card);
  const shown = spot.state === "there" || spot.state === "hidden";
  useEffect(() => {
    if (spot.state === "missing" && here) onMissing();
  }, [spot.state, here]);
  useEffect(() => card.current?.focus({ preventScroll: true }), [step.name, shown]);
  useKeys(onMove, onEnd);
  useEffect(() => {
    document.documentElement.classList.add("touring");
    return () => document.documentElement.classList.remove("touring");
  }, []);
  const { title, text } = t.steps[step.name];
  const lost = spot.state === "gone" || (spot.state === "missing" && !here);
  return (
    <>
      {spot.box && <div className="tour-ring" aria-hidden style={{ top: spot.box.top - 6, left: spot.box.left - 6, width: spot.box.width + 12, height: spot.box.height + 12 }} />}
      <section ref={card} className={place ? "tour-card" : "tour-card docked"} style={place ?? undefined} role="dialog" aria-label={t.name} aria-describedby="tour-text" tabIndex={-1} data-step={step.name} data-shown={shown}>
        <div className="tour-head">
          <span className="soft small figures">{t.step(n + 1, all)}</span>
          <Button type="text" size="small" icon={<CloseOutlined />} aria-label={t.end} onClick={onEnd} />
        </div>
        <div id="tour-text" aria-live="polite"><h2>{title}</h2><p>{text}</p></div>
        <div className="tour-foot">
          {lost ? <Button size="small" type="link" onClick={onReturn}>{t.here}</Button> : <span className="tour-bar" aria-hidden><i style={{ width: `${((n + 1) / all) * 100}%` }} /></span>}
          {n > 0 && <Button onClick={() => onMove(-1)}>{t.back}</Button>}
          <Button type="primary" onClick={() => onMove(1)}>{n + 1 === all ? t.done : t.next}</Button>
        </div>
      </section>
    </>
  );
}

/** The place of the card beside the box; null where it is docked at the bottom. */
function usePlaced(box: Box | null, narrow: boolean, key: string, card: { readonly current: HTMLElement | null }) {
  const [place, setPlace] = useState<{ top: number; left: number } | null>(null);
  useLayoutEffect(() => {
    const one = card.current;
    setPlace(one && box && !narrow ? besides(box, one.offsetWidth, one.offsetHeight) : null);
  }, [box, narrow, key]);
  return place;
}

function useKeys(onMove: (by: 1 | -1) => void, onEnd: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isOpen()) return;
      if (event.key === "Escape") onEnd();
      if (event.target instanceof Element && event.target.closest(TYPING)) return;
      if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
        event.preventDefault();
        onMove(event.key === "ArrowRight" ? 1 : -1);
      }
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  });
}
