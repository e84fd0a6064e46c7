// What the tag market of the API answers (serve/api/models/tags.py).
export interface Both { readonly zh: string; readonly en: string }
export type Kind = "statistic" | "rule" | "layered" | "bands" | "expression" | "fact" | "rfm" | "lifecycle";
export type Status = "draft" | "online" | "offline" | "removed";
export type Step = "submit" | "approve" | "reject" | "withdraw" | "offline" | "online";
export interface Review { readonly action: "submit" | "propose"; readonly who: string; readonly at: string; readonly note: string | null }
export interface Change { readonly new: boolean; readonly redefined: boolean; readonly coverage: number | null; readonly moved: number | null }
export interface Card {
  readonly name: string;
  readonly definition: string;
  readonly title: Both;
  readonly description: string | null;
  readonly kind: Kind | null;
  readonly class: string;
  readonly theme: { readonly code: string; readonly title: Both } | null;
  readonly owner: string | null;
  readonly value_type: string | null;
  readonly unit: string | null;
  readonly status: Status | null;
  readonly review: Review | null;
  readonly built: boolean;
  readonly coverage: number | null;
  readonly missing: number | null;
  readonly values: number | null;
  readonly sketch: readonly number[];
  readonly fresh_to: string | null;
  readonly lag_days: number | null;
  readonly used_by: Readonly<Record<string, readonly string[]>>;
  readonly users: number;
  readonly change: Change | null;
  readonly version: number | null;
}
export interface Market {
  readonly snapshot: string;
  readonly as_of: string;
  readonly customers: number;
  readonly before: { readonly as_of: string } | null;
  readonly total: number;
  readonly found: number;
  readonly tags: readonly Card[];
  readonly tree: readonly { readonly class: string; readonly title: Both; readonly tags: number; readonly themes: readonly { readonly code: string; readonly title: Both; readonly tags: number }[] }[];
  readonly facets: Readonly<Record<"kind" | "status" | "owner", Readonly<Record<string, number>>>>;
  readonly problem: boolean;
}
export type Scalar = string | number | boolean;
export interface Shape {
  readonly kind: "values" | "numbers";
  readonly values?: readonly (readonly [Scalar, number])[];
  readonly other?: number;
  readonly bins?: readonly (readonly [Scalar, Scalar, number])[];
  readonly [quantile: string]: unknown;
}
export type Titles = Readonly<Record<string, Both>>;
export type Definition = Readonly<Record<string, unknown>>;
export interface Event { readonly number: number; readonly at: string; readonly who: string; readonly role: string; readonly action: string; readonly note: string | null; readonly yaml?: string | null }
export interface TagPage {
  readonly snapshot: string;
  readonly as_of: string;
  readonly customers: number;
  readonly before: { readonly as_of: string } | null;
  readonly card: Card;
  readonly columns: readonly string[];
  readonly distribution: Shape | null;
  readonly value_titles: Titles;
  readonly sql: string | null;
  readonly words: Both;
  readonly written: Definition | null;
  readonly yaml: string | null;
  readonly place: string | null;
  readonly digest: string | null;
  readonly proposal: { readonly definition: Definition; readonly yaml: string; readonly words: Both | null } | null;
  readonly unbuilt: boolean;
  readonly steps: readonly Step[];
  readonly may_edit: boolean;
  readonly may_remove: boolean;
}
export interface Point {
  readonly snapshot: string;
  readonly as_of: string;
  readonly built_at: string;
  readonly customers: number;
  readonly coverage: number | null;
  readonly shares: readonly (number | null)[];
  readonly quantiles: Readonly<Record<string, number | string | null>> | null;
  readonly version: number;
}
export interface History {
  readonly trend: readonly Point[];
  readonly values: readonly { readonly value: string; readonly title: Both | null }[];
  readonly versions: readonly { readonly version: number; readonly since: string; readonly built_at: string; readonly definition: string | null }[];
  readonly events: readonly Event[];
}
export interface Node { readonly id: string; readonly kind: string; readonly name: string; readonly title: Both; readonly side: "up" | "self" | "down"; readonly status: string | null }
export interface Lineage { readonly nodes: readonly Node[]; readonly edges: readonly (readonly [string, string])[]; readonly left_out: number }
export interface Reader { readonly kind: "tags" | "audiences" | "clusterings" | "personas"; readonly name: string; readonly title: Both; readonly status: string; readonly owner: string | null; readonly size: number | null; readonly through: string }
export interface Impact { readonly direct: readonly Reader[]; readonly indirect: readonly Reader[]; readonly blocking: readonly string[] }
export interface Issue { readonly pointer: string | null; readonly place: string | null; readonly code: string; readonly severity: "error" | "warning"; readonly message: Both; readonly span: readonly [number, number] | null }
export interface Column { readonly name: string; readonly value_type: string; readonly coverage: number | null; readonly known: number; readonly missing: number; readonly distribution: Shape; readonly values: Titles; readonly before: { readonly coverage: number | null } | null }
export interface Preview {
  readonly valid: boolean;
  readonly issues: readonly Issue[];
  readonly words: Both | null;
  readonly yaml: string;
  readonly digest: string | null;
  readonly note: Both | null;
  readonly result: { readonly as_of: string; readonly customers: number; readonly base: number; readonly exact: boolean; readonly seconds: number; readonly columns: readonly Column[] } | null;
}
export interface Field {
  readonly key: string;
  readonly type: string;
  readonly required: boolean;
  readonly label: Both;
  readonly help: Both | null;
  readonly choices: readonly { readonly value: string; readonly title: Both }[] | null;
  readonly default: unknown;
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly shown_for: readonly string[] | null;
}
export interface Kinds {
  readonly kinds: readonly { readonly name: Kind; readonly title: Both; readonly about: Both; readonly fields: readonly Field[] }[];
  readonly common: readonly Field[];
  readonly measures: readonly { readonly name: string; readonly title: Both; readonly of: "needed" | "weight" | null; readonly by: boolean; readonly dated: boolean }[];
  readonly sources: readonly { readonly name: string; readonly title: Both; readonly time: string | null; readonly fields: readonly { readonly name: string; readonly type: string }[] }[];
  readonly columns: readonly { readonly name: string; readonly title: Both; readonly type: string; readonly of: "tag" | "attribute"; readonly takes: boolean }[];
  readonly attributes: readonly { readonly code: string; readonly title: Both; readonly class: string }[];
  readonly classes: readonly { readonly name: string; readonly title: Both }[];
  readonly owners: readonly string[];
  readonly names: readonly string[];
}
export interface Saved { readonly name: string; readonly status: Status; readonly digest: string; readonly review: Review | null }
