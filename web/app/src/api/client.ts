// Calls of the REST API, of this origin and with its session. Faults arrive as `Problem`, with words for the reader.
import type { Language } from "../i18n";
import { away } from "../i18n/away";

const ROOT = "/api/v1";
let language: Language = "zh-CN";

/** In which language the server should answer. */
export function speak(wanted: Language): void {
  language = wanted;
}

export interface Issue {
  readonly file?: string;
  readonly line?: number;
  readonly message?: string;
  readonly code?: string;
}

/** RFC 9457 problem details as an error. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly title: string,
    readonly told: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
  /** Where in a condition the fault is, from 1. */
  get place(): { line: number; column: number; span?: [number, number] } | null {
    const { line, column, span } = this.told as { line?: number; column?: number; span?: [number, number] };
    return line && column ? { line, column, span } : null;
  }
  get issues(): readonly Issue[] {
    return (this.told.issues as Issue[] | undefined) ?? [];
  }
}

export type Query = Readonly<Record<string, string | number | boolean | null | undefined | readonly string[]>>;

export function url(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (Array.isArray(value)) for (const one of value as readonly string[]) search.append(key, one);
    else if (value !== null && value !== undefined && value !== "") search.set(key, String(value));
  }
  const text = search.toString();
  return `${ROOT}${path}${text ? `?${text}` : ""}`;
}

export interface Sent<T> {
  readonly data: T;
  readonly etag: string | null;
}

interface Options {
  readonly query?: Query;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** ETag of what was read: the write is refused with 409 or 412 when somebody changed it since. */
  readonly match?: string | null;
  /** Why personal values have to be seen; noted in the audit log. */
  readonly reason?: string;
}

declare global {
  interface Window {
    /** What index.html asked while the code of the page was still on its way. */
    huaxiangAhead?: { readonly language: string; readonly asked: Record<string, Promise<Response> | undefined> };
  }
}

/** The answer to a plain question of the first page that was asked already; each is used once. */
function takeAhead(method: string, path: string, options: Options): Promise<Response> | undefined {
  const ahead = window.huaxiangAhead;
  if (method !== "GET") window.huaxiangAhead = undefined; // something is written: what was read before may be old
  if (method !== "GET" || options.reason || !ahead || ahead.language !== language) return undefined;
  const key = url(path, options.query).slice(ROOT.length);
  const found = ahead.asked[key];
  delete ahead.asked[key];
  return found;
}

async function answer(method: string, path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = { "Accept-Language": language, Accept: "application/json" };
  if (method !== "GET") headers["X-Huaxiang"] = "web";
  if (options.match) headers["If-Match"] = options.match;
  if (options.reason) headers["X-Huaxiang-Reason"] = encodeURIComponent(options.reason);
  let body: BodyInit | undefined;
  if (options.body instanceof Blob || options.body instanceof FormData) body = options.body;
  else if (options.body !== undefined) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(options.body);
  }
  const response = await arrived(takeAhead(method, path, options) ?? fetch(url(path, options.query), { method, headers, body, signal: options.signal, credentials: "same-origin" }));
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** What comes from the network; a Problem (status 0) when nothing comes, or it breaks off. A question that was taken back stays that. */
async function arrived<T>(coming: Promise<T>): Promise<T> {
  try {
    return await coming;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    const told = away[language];
    throw new Problem(0, "away", told.hint, told.title);
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const told = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  if (response.status === 401) window.dispatchEvent(new Event("huaxiang:logged-out"));
  const title = String(told.title ?? response.statusText);
  return new Problem(response.status, String(told.code ?? response.status), String(told.detail ?? title), title, told);
}

export async function call<T>(method: string, path: string, options: Options = {}): Promise<Sent<T>> {
  const response = await answer(method, path, options);
  const data = response.status === 204 ? (undefined as T) : ((await arrived(response.json())) as T);
  return { data, etag: response.headers.get("ETag") };
}

const underWay = new Map<string, Promise<Sent<unknown>>>();

/** `call` for what somebody presses: pressed twice before the answer is there (a double click), it is sent once. */
export function once<T>(method: string, path: string, options: Options = {}): Promise<Sent<T>> {
  if (options.body instanceof Blob || options.body instanceof FormData) return call<T>(method, path, options);
  const key = JSON.stringify([method, path, options.body, options.match]);
  const before = underWay.get(key) as Promise<Sent<T>> | undefined;
  if (before) return before;
  const sent = call<T>(method, path, options).finally(() => underWay.delete(key));
  underWay.set(key, sent);
  return sent;
}

export async function get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> {
  return (await call<T>("GET", path, { query, signal })).data;
}

export async function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return (await call<T>("POST", path, { body, signal })).data;
}

/** Fetches a file that the API makes, and hands it to the browser to save. */
export async function download(path: string, body: unknown, name: string, reason?: string): Promise<void> {
  const blob = await arrived((await answer("POST", path, { body, reason })).blob());
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
