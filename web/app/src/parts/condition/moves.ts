// Changes of a condition: each gives a new root and leaves the old one as it was, so that all can be undone.
import { group, type Group, type Item, leaf, type Form, type Leaf } from "./model";

export function mapItem(root: Group, id: string, change: (item: Item) => Item | null): Group {
  const walk = (item: Item): Item | null => {
    if (item.id === id) return change(item);
    if (item.kind === "leaf") return item;
    let same = true;
    const items: Item[] = [];
    for (const inner of item.items) {
      const made = walk(inner);
      if (made !== inner) same = false;
      if (made) items.push(made);
    }
    return same ? item : { ...item, items };
  };
  const made = walk(root);
  return made && made.kind === "group" ? made : root;
}

export const setForm = (root: Group, id: string, form: Form): Group => mapItem(root, id, (item) => ({ ...(item as Leaf), form }));
export const setGroup = (root: Group, id: string, change: Partial<Pick<Group, "join" | "negate">>): Group => mapItem(root, id, (item) => ({ ...(item as Group), ...change }));
export const addItem = (root: Group, id: string, item: Item): Group => mapItem(root, id, (found) => (found.kind === "group" ? { ...found, items: [...found.items, item] } : found));

export function removeItem(root: Group, id: string): Group {
  return pruned(mapItem(root, id, () => null));
}

export function copyItem(root: Group, id: string): Group {
  const again = (item: Item): Item => (item.kind === "leaf" ? leaf(item.form) : group(item.items.map(again), item.join, item.negate));
  return place(root, (items) => {
    const at = items.findIndex((one) => one.id === id);
    const found = items[at];
    return found ? [...items.slice(0, at + 1), again(found), ...items.slice(at + 1)] : null;
  });
}

/** Puts an item with its neighbour, or alone, into a group of its own. */
export function wrapItem(root: Group, id: string): Group {
  return mapItem(root, id, (item) => group([item], "any"));
}

export function find(root: Group, id: string): Item | null {
  if (root.id === id) return root;
  for (const item of root.items) {
    const found = item.id === id ? item : item.kind === "group" ? find(item, id) : null;
    if (found) return found;
  }
  return null;
}

export function parentOf(root: Group, id: string): Group | null {
  if (root.items.some((item) => item.id === id)) return root;
  for (const item of root.items) {
    const found = item.kind === "group" ? parentOf(item, id) : null;
    if (found) return found;
  }
  return null;
}

/** Moves an item into a group, before its `index`th item. A group is not moved into itself. */
export function moveItem(root: Group, id: string, into: string, index: number): Group {
  const item = find(root, id);
  const from = parentOf(root, id);
  if (!item || !from || id === into || (item.kind === "group" && find(item, into))) return root;
  const before = from.id === into ? from.items.slice(0, index).filter((one) => one.id === id).length : 0;
  const without = mapItem(root, id, () => null);
  const moved = mapItem(without, into, (found) =>
    found.kind === "group" ? { ...found, items: [...found.items.slice(0, index - before), item, ...found.items.slice(index - before)] } : found,
  );
  return pruned(moved);
}

/** Moves an item by the keyboard: up, down, into the group beside it, or out of its own. */
export function nudgeItem(root: Group, id: string, where: "up" | "down" | "in" | "out"): Group {
  const parent = parentOf(root, id);
  if (!parent) return root;
  const at = parent.items.findIndex((one) => one.id === id);
  if (where === "out") {
    const above = parentOf(root, parent.id);
    return above ? moveItem(root, id, above.id, above.items.findIndex((one) => one.id === parent.id) + 1) : root;
  }
  if (where === "in") {
    const beside = [parent.items[at + 1], parent.items[at - 1]].find((one) => one?.kind === "group") as Group | undefined;
    return beside ? moveItem(root, id, beside.id, beside === parent.items[at + 1] ? 0 : beside.items.length) : root;
  }
  const to = where === "up" ? at - 1 : at + 2;
  return to < 0 || to > parent.items.length ? root : moveItem(root, id, parent.id, to);
}

function place(root: Group, change: (items: readonly Item[]) => readonly Item[] | null): Group {
  const made = change(root.items);
  if (made) return { ...root, items: made };
  return { ...root, items: root.items.map((item) => (item.kind === "group" ? place(item, change) : item)) };
}

/** Without groups that hold nothing any more. */
function pruned(root: Group): Group {
  return { ...root, items: root.items.flatMap((item): Item[] => (item.kind === "leaf" ? [item] : pruned(item).items.length ? [pruned(item)] : [])) };
}
