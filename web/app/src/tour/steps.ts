// The steps of the guided tour: where each leads, and what it shows there.
import { useAsk, useGet } from "../api/hooks";
import { useSession } from "../api/session";
import type { tour } from "../i18n/tour";
import { audienceOf, type Cell, type Overview } from "../pages/overview/types";
import type { Sets } from "../pages/persona/types";

export type StepName = keyof (typeof tour)["en"]["steps"];

export interface Step {
  readonly name: StepName;
  /** Address; undefined while it isn't known yet. */
  readonly to: string | undefined;
  /** What is shown: the elements that this selects, all together. */
  readonly target: string;
  /** Only the first of them. */
  readonly one?: boolean;
}

/** The cell that the story follows: those who came often but not lately, else the largest. */
function cellOf(cells: readonly Cell[]): Cell | undefined {
  const most = (some: readonly Cell[]) => some.filter((cell) => cell.count > 0).sort((a, b) => b.count - a.count)[0];
  const often = Math.max(0, ...cells.map((cell) => cell.f)) - 1;
  return most(cells.filter((cell) => cell.r <= 2 && cell.f >= often)) ?? most(cells);
}

/** The steps that the present user may open and that the project has, in their order. */
export function useSteps(at: string): readonly Step[] {
  const { rights } = useSession();
  const may = (right: string) => rights.includes(right);
  const overview = useGet<Overview>(may("read") ? "/overview" : null);
  const personas = useGet<Sets>(may("read") ? "/personas" : null);
  const when = overview.data && (cellOf(overview.data.rfm?.cells ?? [])?.when ?? null);
  const among = may("customers") && when && (at === "find" || at === "why"); // reading customers is noted, so only then
  const people = useAsk<{ found: readonly { customer_id: string }[] }>("/customers/search", among ? { text: when, limit: 50 } : null);
  const set = personas.data?.sets.find((one) => one.cards.length);
  const person = people.data?.found[0]?.customer_id;
  const none = (known: unknown, failed: boolean) => (known !== undefined || failed ? null : undefined);
  const steps: (Omit<Step, "to"> & { right: string; to: string | null | undefined })[] = [
    { name: "overview", right: "read", to: "/", target: "[data-tour=overview]" },
    { name: "rfm", right: "read", to: "/", target: "[data-tour=rfm]" },
    { name: "builder", right: "define", to: when ? audienceOf(when) : none(when, overview.isError), target: "[data-tour=count]" },
    { name: "find", right: "customers", to: when ? `/customers#q=${encodeURIComponent(when)}` : none(when, overview.isError), target: ".ant-input-affix-wrapper:has([data-tour=find])" },
    { name: "why", right: "customers", to: person ? `/customers/${encodeURIComponent(person)}?tab=tags` : when === null ? null : none(people.data, people.isError), target: "[data-tour=why]", one: true },
    { name: "market", right: "read", to: "/tags", target: "[data-tour=market] > li", one: true },
    { name: "persona", right: "read", to: set ? `/personas/${encodeURIComponent(set.name)}/${encodeURIComponent(set.cards[0].segment)}` : none(personas.data, personas.isError), target: "[data-tour=evidence] > *", one: true },
    { name: "quality", right: "read", to: "/data/quality", target: "[data-tour=rows]" },
    { name: "own", right: "define_sources", to: "/data/wizard", target: "[data-tour=upload]" },
  ];
  return steps.filter((step): step is typeof step & Step => may(step.right) && step.to !== null);
}
