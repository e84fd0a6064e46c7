// Where on the screen the thing is that a step shows, and where its card has room.
import { useEffect, useState } from "react";

export interface Box { readonly top: number; readonly left: number; readonly width: number; readonly height: number }
export interface Spot {
  /** Visible part of the page that is shown; null when it is hidden or not there (yet). */
  readonly box: Box | null;
  /** waiting: not there yet · there · hidden: there, but not visible · missing: it doesn't come · gone: it was there */
  readonly state: "waiting" | "there" | "hidden" | "missing" | "gone";
}

const HEAD = 60;
const GAP = 12;
const EVERY_MS = 120;
const PATIENCE_MS = 2500;
const LONGEST_MS = 15_000;
const SETTLING_MS = 2500;
const NOTHING: Spot = { box: null, state: "waiting" };

function boxOf(elements: readonly Element[]): Box | null {
  const seen = elements.map((one) => one.getBoundingClientRect()).filter((one) => one.width > 0 && one.height > 0);
  if (!seen.length) return null;
  const top = Math.min(...seen.map((one) => one.top));
  const left = Math.min(...seen.map((one) => one.left));
  return { top, left, width: Math.max(...seen.map((one) => one.right)) - left, height: Math.max(...seen.map((one) => one.bottom)) - top };
}

/** How far to scroll so that the box and the card beside it are seen; 0 when they are. */
function scrollFor(box: Box, room: number): number {
  if (box.top >= HEAD && box.top + box.height <= room) return 0;
  return Math.round(box.top - Math.max(HEAD + GAP, HEAD + (room - HEAD - box.height) / 2));
}

/** Follows what `target` selects, from the moment that `key` (the step) begins. `cardHeight`: height of the card, pixels. */
export function useSpot(key: string, target: string | null, one: boolean, cardHeight: () => number): Spot {
  const [spot, setSpot] = useState<Spot & { key: string }>({ ...NOTHING, key });
  useEffect(() => {
    if (target === null) return;
    const begin = performance.now();
    let settled = 0;
    let been = false;
    const hands = () => {
      settled = 1; // the reader moves the page: it stays as they want it
    };
    const look = () => {
      const now = performance.now();
      const found = [...document.querySelectorAll(target)].slice(0, one ? 1 : undefined);
      const box = boxOf(found);
      const busy = document.querySelector("#content .ant-skeleton, #content .waiting, #content .ant-spin-spinning");
      const late = now - begin > (busy ? LONGEST_MS : PATIENCE_MS);
      const state = box ? "there" : found.length ? "hidden" : been ? "gone" : late ? "missing" : "waiting";
      if (found.length) been = true;
      if (box && !settled) settled = now + SETTLING_MS;
      if (box && now < settled) {
        const by = scrollFor(box, window.innerHeight - cardHeight() - 3 * GAP);
        const before = window.scrollY;
        if (Math.abs(by) > 4) window.scrollTo({ top: before + by, behavior: "instant" });
        if (window.scrollY !== before) return look();
      }
      setSpot((old) => (old.key === key && old.state === state && JSON.stringify(old.box) === JSON.stringify(box) ? old : { key, state, box }));
    };
    look();
    const timer = setInterval(look, EVERY_MS);
    window.addEventListener("scroll", look, true);
    window.addEventListener("resize", look);
    for (const kind of ["wheel", "touchmove", "pointerdown"] as const) window.addEventListener(kind, hands, { passive: true });
    return () => {
      clearInterval(timer);
      window.removeEventListener("scroll", look, true);
      window.removeEventListener("resize", look);
      for (const kind of ["wheel", "touchmove", "pointerdown"] as const) window.removeEventListener(kind, hands);
    };
  }, [key, target, one]);
  return spot.key === key ? spot : NOTHING;
}

/** Where a card of this size stands beside the box: below, above, right or left of it; null where there is no room. */
export function besides(box: Box, width: number, height: number): { top: number; left: number } | null {
  const { innerWidth, innerHeight } = window;
  const [right, bottom] = [box.left + box.width, box.top + box.height];
  const left = Math.min(Math.max(box.left, GAP), innerWidth - width - GAP);
  const top = Math.min(Math.max(box.top, HEAD), innerHeight - height - GAP);
  if (bottom + GAP + height <= innerHeight - GAP && bottom > HEAD) return { top: bottom + GAP, left };
  if (right + GAP + width <= innerWidth - GAP) return { top, left: right + GAP };
  if (box.left - GAP - width >= GAP) return { top, left: box.left - GAP - width };
  if (box.top - GAP - height >= HEAD) return { top: box.top - GAP - height, left };
  return null;
}
