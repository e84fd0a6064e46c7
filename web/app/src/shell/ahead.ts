// What the other pages are made of, fetched into the browser's cache while nothing else is to be done: they then cost their data alone.
import type { QueryClient } from "@tanstack/react-query";

const REST_MS = 400;
const COMING = ".waiting, .ant-skeleton, .ant-spin-spinning, #frame";
/** Marks of the performance timeline: the first page is usable, and everything is there. */
export const USABLE = "huaxiang:usable";
export const COMPLETE = "huaxiang:complete";

interface Connection {
  readonly saveData?: boolean;
  readonly effectiveType?: string;
  readonly type?: string;
}

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
const idle = () => new Promise<void>((done) => ("requestIdleCallback" in window ? requestIdleCallback(() => done(), { timeout: 2000 }) : setTimeout(done, 200)));

/** Whether bytes are dear here: pages are then fetched when they are opened. */
function isSparing(): boolean {
  const { connection } = navigator as { connection?: Connection };
  return Boolean(connection?.saveData || connection?.type === "cellular" || (connection?.effectiveType && connection.effectiveType !== "4g"));
}

async function quiet(client: QueryClient): Promise<void> {
  while (client.isFetching() || document.readyState !== "complete" || document.querySelector(COMING)) await pause(REST_MS);
}

/** Files of the application that were not fetched yet, as the built page lists them. */
function missing(): readonly string[] {
  const listed = document.getElementById("chunks")?.textContent ?? "";
  if (!listed.startsWith("{")) return []; // the development server lists none
  const { names } = JSON.parse(listed) as { names: readonly string[] };
  const there = new Set(performance.getEntriesByType("resource").map((one) => one.name.split("/").pop()));
  return names.filter((name) => !there.has(name));
}

/** Fetches all pages when the first one is drawn. A failure is none: what is missing is fetched when it is needed. */
export async function fetchAhead(client: QueryClient): Promise<void> {
  await pause(REST_MS);
  await quiet(client);
  performance.mark(USABLE);
  if (isSparing()) return;
  await idle();
  for (const name of missing()) {
    await quiet(client);
    try {
      const found = await fetch(`/assets/${name}`, { priority: "low", credentials: "same-origin" });
      await found.arrayBuffer();
    } catch {
      return;
    }
  }
  performance.mark(COMPLETE);
}
