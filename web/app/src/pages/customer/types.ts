// What the API tells of customers, as far as these pages use it.
export type Title = string | { readonly zh?: string | null; readonly en?: string | null } | null | undefined;
export interface Shown { readonly value: unknown; readonly value_title?: Title; readonly value_titles?: readonly Title[] | null; readonly value_type?: string | null; readonly unit?: string | null }
export interface Column { readonly name: string; readonly title: Title; readonly value_type: string; readonly unit: string | null; readonly role: string }
export interface Person { readonly customer_id: string; readonly name: string | null; readonly phone: string | null; readonly values: Readonly<Record<string, Shown>> }
export interface Hit extends Person { readonly matched: readonly string[] }
export interface Suggested { readonly name: string; readonly title: Title; readonly value: string; readonly value_title: Title; readonly count: number; readonly condition: string }
export interface Found {
  readonly found: readonly Hit[]; readonly total: number; readonly more: boolean; readonly columns: readonly Column[]; readonly values: readonly Suggested[];
  readonly condition: string | null; readonly whole_number: boolean; readonly elapsed_ms: number; readonly as_of: string;
}
export interface Mark { readonly source: string | null; readonly at: string | null; readonly agree: number | null; readonly confidence: number | null }
export interface Field extends Shown { readonly name: string; readonly title: Title; readonly class: string | null; readonly value_type: string; readonly unit: string | null; readonly kind?: string | null; readonly provenance?: Mark | null }
export interface CustomerData {
  readonly customer_id: string; readonly as_of: string; readonly snapshot: string; readonly redirected_from: string | null; readonly attributes: readonly Field[]; readonly tags: readonly Field[];
  readonly segments: readonly { readonly clustering: string; readonly title: Title; readonly segment: string | null; readonly persona: Title }[];
  readonly audiences: readonly string[]; readonly audience_titles: Readonly<Record<string, Title>>;
  readonly identity: readonly { readonly key: string; readonly value: unknown; readonly value_digest: string }[];
  readonly records: readonly { readonly source: string; readonly title: Title; readonly rows: number }[];
}
export interface Part { readonly kind: string; readonly text: string; readonly state: "true" | "false" | "unknown"; readonly parts: readonly Part[]; readonly values: readonly (Shown & { readonly name: string; readonly title: Title })[] }
export interface WhyTag extends Shown {
  readonly name: string; readonly title: Title; readonly description: Title; readonly kind: string | null; readonly definition: unknown; readonly version: number | null; readonly owner: string | null;
  readonly fresh_to: string | null; readonly tree: Part | null; readonly decisive: readonly string[];
  readonly inputs: readonly (Shown & { readonly name: string; readonly kind: string; readonly title: Title; readonly source: string | null; readonly at: string | null; readonly confidence: number | null })[];
  readonly rows: readonly { readonly source: string; readonly title: Title; readonly window: string | null; readonly rows: number; readonly counted: number; readonly first_at: string | null; readonly last_at: string | null }[];
}
export interface Moment {
  readonly source: string; readonly entity: string; readonly at: string | null; readonly title: Title;
  readonly fields: readonly { readonly name: string; readonly value: unknown; readonly value_type: string }[]; readonly lines: readonly { readonly title: Title; readonly category?: string }[];
}
export interface TimelinePage {
  readonly sources: readonly { readonly source: string; readonly title: Title; readonly entity: string; readonly rows: number; readonly within: boolean }[];
  readonly items: readonly Moment[]; readonly next?: string | null;
}
export interface IdentityRecord {
  readonly digest: string; readonly source: string; readonly rows: number; readonly first_at: string | null; readonly last_at: string | null; readonly fields: Readonly<Record<string, string>>; readonly titles: Readonly<Record<string, unknown>>;
  readonly not_counted: readonly { readonly key: string; readonly value: string; readonly reason: string; readonly records: number | null }[];
}
export interface Evidence {
  readonly left: string; readonly right: string; readonly kind: "key" | "match" | "manual"; readonly rule: string; readonly value_digest: string | null; readonly weight: number | null; readonly probability: number | null;
  readonly verdict: "linked" | "refused" | "apart" | "review"; readonly reason: string; readonly levels: Readonly<Record<string, unknown>>; readonly first_seen: string | null; readonly other?: string | null;
}
export interface DecisionTaken { readonly number: number; readonly kind: string; readonly who: string; readonly when: string; readonly why: string; readonly active: boolean }
export interface Explained {
  readonly customer_id: string; readonly records: readonly IdentityRecord[]; readonly linked: readonly Evidence[]; readonly refused: readonly Evidence[]; readonly review: readonly Evidence[];
  readonly was: readonly { readonly customer_id: string; readonly since: string; readonly reason: string }[]; readonly decisions: readonly DecisionTaken[];
}
export interface Likeness { readonly name: string; readonly title: Title; readonly value: unknown; readonly value_title: Title; readonly other: unknown; readonly other_title: Title; readonly value_type: string | null; readonly unit: string | null; readonly weight: number }
export interface SimilarData { readonly tags: number; readonly columns: readonly Column[]; readonly as_of: string; readonly similar: readonly (Person & { readonly similarity: number; readonly shared: readonly Likeness[]; readonly differ: readonly Likeness[] })[] }
export interface RelationsData {
  readonly columns: readonly Column[];
  readonly household: { readonly household_id: string; readonly rule_title: Title; readonly customers: number; readonly members: readonly (Person & { readonly head: boolean })[] } | null;
  readonly account: { readonly account_id: string; readonly attributes: readonly Field[]; readonly people: readonly Readonly<Record<string, unknown>>[] } | null;
}
