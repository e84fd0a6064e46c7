// What GET /overview answers (docs/overview.md).
export type Light = "good" | "look" | "bad";
export interface Stage { value: unknown; title: unknown; count: number; share: number | null; when: string; worth: number | null; worth_share: number | null }
export interface Stages { name: string; title: unknown; known: number; missing: number; values: Stage[] }
export interface Place { value: string; title: unknown; count: number; share: number | null; when: string; cities: Omit<Place, "cities">[] }
export interface Cell { r: number; f: number; count: number; share: number | null; when: string; worth: number | null; worth_share: number | null }
export interface Month { month: string; partial: boolean; active: number; new: number; orders: number | null; buyers: number | null; revenue: number | null }
export interface Drift {
  name: string; title: unknown; distance: number; redefined: boolean; coverage: number; coverage_before: number; value: unknown; value_title: unknown;
  share: number | null; share_before: number | null; mean: number | string | null; mean_before: number | string | null;
}
export interface Named { name: string; title: unknown }
export interface Overview {
  snapshot: string; as_of: string; built_at: string;
  project: { currency?: string };
  previous: { snapshot: string; as_of: string } | null;
  customers: { total: number; days: number; active: number | null; active_share: number | null; new: number | null; new_share: number | null; undated: number | null; sources: string[] };
  worth: { name: string; title: unknown; unit: string | null; known: number; missing: number; total: number; mean: number | null; median: number | null } | null;
  lifecycle: Stages | null;
  rfm: { name: string; r: Named; f: Named; known: number; missing: number; levels: { r: number[]; f: number[] }; cells: Cell[]; classes: Stages | null } | null;
  regions: { name: string; title: unknown; kind: string; city: string | null; known: number; missing: number; values: Place[] } | null;
  quality: { light: Light | null; findings: { source: string; title: unknown; column: string | null; light: Light; text: unknown }[]; total: number; completeness: number | null; set_aside: number | null };
  freshness: { light: Light; days: number; reasons: { code: "data" | "sources" | "audiences"; light: Light; days: number | null; names: string[]; titles: unknown[] }[]; sources: { name: string; title: unknown; last_at: string; days: number }[] };
  trends: { months: Month[]; orders_source: string | null; revenue_field: string | null; unit: string | null; sources: string[] } | null;
  changes: { since: string; since_as_of: string; customers_before: number; joined: number; gone: number; tags: Drift[]; tags_new: Named[]; tags_gone: Named[] } | null;
  audiences: { name: string; title: unknown; size: number; share: number | null; before: number | null; change: number | null; stale: boolean }[];
  personas: { set: string; set_title: unknown; segment: string; name: unknown; size: number; share: number }[];
}
/** Where an audience is made of a condition. */
export const audienceOf = (when: string) => `/audiences/new?when=${encodeURIComponent(when)}`;
