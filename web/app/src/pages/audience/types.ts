// What the API says of audiences (docs/api.md).
export interface Definition {
  readonly name: string;
  readonly title: unknown;
  readonly description: unknown;
  readonly owner: string | null;
  readonly kind: Kind;
  readonly when: string | null;
  readonly form: { readonly [key: string]: unknown } | null;
  readonly list: string | null;
  readonly sql: string | null;
  readonly frozen_at: string | null;
  readonly place: string;
  readonly digest: string;
}
export type Kind = "dynamic" | "static" | "frozen" | "sql";
export type State = "current" | "changed" | "unbuilt" | "removed";
export interface Line {
  readonly name: string;
  readonly title: unknown;
  readonly description: unknown;
  readonly owner: string | null;
  readonly kind: Kind;
  readonly size: number | null;
  readonly share: number | null;
  readonly state: State;
  readonly stale: Stale | null;
  readonly sizes: readonly { as_of: string; size: number }[];
}
export interface Stale {
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly since?: string;
}
export interface Board {
  readonly as_of: string;
  readonly customers: number;
  readonly audiences: readonly Line[];
}
export interface Size {
  readonly snapshot: string;
  readonly as_of: string;
  readonly size: number;
  readonly customers: number;
  readonly share: number | null;
  readonly version: number | null;
  readonly joined: number | null;
  readonly left: number | null;
  readonly gone: number | null;
  readonly stale: unknown;
}
export interface History {
  readonly versions: readonly { version?: number; definition: string; as_of?: string; snapshot?: string; built_by?: string; by?: string }[];
  readonly sizes: readonly Size[];
}
export interface Info {
  readonly name: string;
  readonly title: unknown;
  readonly value_type: string;
  readonly unit: string | null;
}
export interface Cell {
  readonly value: unknown;
  readonly title: unknown;
  readonly count: number;
  readonly share: number | null;
  readonly base_count: number;
  readonly base_share: number | null;
  readonly tgi: number | null;
  readonly tgi_low: number | null;
  readonly tgi_high: number | null;
}
export interface TagPart extends Info {
  readonly known: number;
  readonly missing: number;
  readonly base_known: number;
  readonly values: readonly Cell[];
}
export interface BreakdownTold {
  readonly customers: number;
  readonly as_of: string;
  readonly base: { kind: string; condition: string | null; customers: number };
  readonly tags: readonly TagPart[];
}
export interface NumbersTold {
  readonly customers: number;
  readonly as_of: string;
  readonly of: Info;
  readonly known: number;
  readonly missing: number;
  readonly mean: number | null;
  readonly median: number | string | null;
  readonly total: number | null;
  readonly min: number | string | null;
  readonly max: number | string | null;
  readonly percentiles: Readonly<Record<string, number | string | null>>;
  readonly base: { known: number; missing: number; mean: number | null; median: number | string | null; min: number | string | null; max: number | string | null; percentiles: Readonly<Record<string, number | string | null>> };
  readonly index: { value: number; low: number; high: number } | null;
  readonly histogram: readonly (readonly [number | string, number | string, number, number])[] | null;
}
export interface OverlapTold {
  readonly customers: number;
  readonly as_of: string;
  readonly audiences: readonly { audience: string; title: unknown; size: number; share: number }[];
  readonly counts: readonly (readonly number[])[];
  readonly shares: readonly (readonly (number | null)[])[];
  readonly jaccard: readonly (readonly (number | null)[])[];
  readonly any: number;
  readonly all: number;
}
export interface GraphTold {
  readonly audiences: readonly { name: string; title: unknown; reads: Readonly<Record<string, readonly string[]>>; read_by: Readonly<Record<string, readonly string[]>> }[];
}
