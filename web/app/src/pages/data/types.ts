// What the API tells of sources, quality and builds (docs/api.md).
export type Both = { zh?: string | null; en?: string | null } | null;
export type Light = "good" | "look" | "bad";

export interface SourceLine {
  name: string; title: Both; kind: string | null; origin: string; owner: string | null;
  files: { path: string | null; format: string | null; encoding: string | null; rows: number | null; bytes: number | null }[];
  rows_in: number | null; loaded: number | null; repaired: number | null; set_aside: number | null; left_out: number | null;
  loaded_at: string | null; first_at: string | null; last_at: string | null; age_days: number | null; light: Light | null;
  findings: { light: Light; text: Both; advice: Both }[];
  schema: { change: string; column: string; before: unknown; now: unknown; mapped: boolean }[];
  keys: string[]; state: "built" | "new" | "gone"; place: string | null;
}
export interface SourceList { snapshot: string; as_of: string; checked_on: string; sources: SourceLine[] }
export interface SourceColumn {
  name: string; from: string[] | null; type: string | null; rows: number | null; missing: number | null; complete: number | null; valid: number | null;
  unique: number | null; repaired: number | null; light: Light | null; key: boolean; examples: string[] | null; hidden: "free_text" | "masked" | null;
}
export interface SourceDetail extends SourceLine {
  as_of: string; purpose: string | null; legal_basis: string | null; trust: number | null; digest: string | null; columns: SourceColumn[]; unmapped: string[];
  thresholds?: Record<string, unknown> | null;
}

export interface Finding { source: string; code: string; column: string | null; other: string | null; light: Light; level: string | null; value: number; bound: number | null; text: Both; advice: Both }
export interface Counted { code: string; rows: number; text: Both }
export interface TrendLine { snapshot: string; as_of: string; rows: number | null; valid_rows: number | null; complete: number | null; drift: number | null }
export interface QualitySource {
  name: string; title: Both; entity: string; rows_in: number; loaded: number; set_aside: number; left_out: number; repaired: number | null; light: Light | null; adds_up: boolean;
  measures: Record<string, number>; agreement: { column: string; other: string; share: number }[];
  columns: { name: string; type?: string; missing?: number; complete?: number | null; valid?: number | null; unique?: number | null; drift?: number | null; light?: Light; repaired?: number }[];
  reasons: Counted[]; left_out_reasons: Counted[]; repairs: { column: string; kind: string; values: number; text: Both }[]; trend: TrendLine[];
}
export interface QualityTold {
  snapshot: string; as_of: string; rows_in: number; loaded: number; set_aside: number; left_out: number; adds_up: boolean; light: Light | null; findings: Finding[]; sources: QualitySource[];
}

export interface Stage { name: StageName; state: string; seconds: number | null; rows: number | null }
export type StageName = "collect" | "clean" | "unify" | "profile" | "tag" | "segment" | "persona" | "publish";
export type RunState = "running" | "done" | "failed" | "cancelled" | "crashed" | "unreadable";
export interface Run {
  id: string; state: RunState; started_at: string | null; ended_at: string | null; seconds: number | null; as_of: string | null; engine: string | null; snapshot: string | null;
  error: { type: string; message: string; zh: string | null } | null; stages: Stage[];
}
export interface Build extends Run {
  progress: { stage: StageName | null; done: number; of: number; within: { done: number; total: number | null; note: string } | null };
  cancelled: { by: string; at: string } | null;
}
export interface Schedule {
  at: string; weekdays: string; enabled: boolean; timezone: string; next: string | null; missed: number; changed_at: string | null; changed_by: string | null; version: number;
  runs: { due: string; state: "taken" | "started" | "busy" | "failed" | "missed"; run: string | null; noted_at: string }[];
}
