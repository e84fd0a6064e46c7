// One condition edited in two ways: as a form and as text. The side that was changed last leads, and the server translates for the other.
import { useCallback, useEffect, useMemo, useState } from "react";
import type { Problem } from "../../api/client";
import { useAsk } from "../../api/hooks";
import { group, groupOf, open, treeOf, type Group, type Tree } from "./model";

interface Forms {
  readonly text: string;
  readonly tree: Tree;
  readonly form: Tree;
}
export interface Count {
  readonly count: number;
  readonly base: number;
  readonly elapsed_ms: number;
}
const PAUSE = 60; // a count costs the server a few milliseconds: short enough that a change shows its count within 200 ms
const TYPING = 100; // text is mostly wrong between two keys
const MOST_UNDO = 100;

/** The value after a pause without changes. */
export function useSettled<T>(value: T, pause = PAUSE): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pause);
    return () => clearTimeout(timer);
  }, [value, pause]);
  return settled;
}

export function useCondition(first: { text?: string; form?: Tree | null }) {
  const [past, setPast] = useState<readonly Group[]>([]);
  const [future, setFuture] = useState<readonly Group[]>([]);
  const [root, setRoot] = useState<Group>(() => groupOf(first.form));
  const [typed, setTyped] = useState<string | null>(first.form ? null : (first.text ?? null));
  const asked = useSettled(typed, TYPING);
  const tree = useMemo(() => treeOf(root), [root]);
  const settledTree = useSettled(tree);

  const read = useAsk<Forms>("/query/condition", asked?.trim() ? { when: asked } : null, { keep: false }); // text leads
  const written = useAsk<Forms>("/query/condition", typed === null && settledTree ? { when: settledTree } : null); // the form leads
  useEffect(() => {
    if (typed !== null && asked === typed && read.data) setRoot((now) => (sameTree(now, read.data.form) ? now : groupOf(read.data.form)));
    if (typed !== null && !typed.trim()) setRoot(group());
  }, [read.data, asked, typed]);

  const change = useCallback((made: Group) => {
    setPast((old) => [...old.slice(-MOST_UNDO), root]);
    setFuture([]);
    setTyped(null);
    setRoot(made);
  }, [root]);
  const undo = () => step(past, setPast, setFuture);
  const redo = () => step(future, setFuture, setPast);
  const step = (from: readonly Group[], setFrom: typeof setPast, setTo: typeof setPast) => {
    const made = from[from.length - 1];
    if (!made) return;
    setFrom(from.slice(0, -1));
    setTo((old) => [...old, root]);
    setTyped(null);
    setRoot(made);
  };

  const leading = typed !== null ? (asked?.trim() ? asked : null) : (settledTree ?? null);
  const faulty = typed !== null && Boolean(read.error);
  const count = useAsk<Count>("/query/count", leading && !faulty ? { when: leading } : null);
  const problem: Problem | null = typed !== null ? (typed.trim() ? (read.error ?? null) : null) : ((settledTree && (written.error ?? count.error)) || null);
  const text = typed ?? (tree ? (written.data?.text ?? "") : "");
  const fault = useMemo(() => (typed === null && problem ? faultIn(root, problem) : null), [problem, root, typed]);
  const settled = (typed !== null ? asked === typed && !read.isFetching : settledTree === tree && !written.isFetching) && !problem;
  return {
    root, change, text, type: setTyped, count, problem, fault, open: open(root), isEmpty: typed !== null ? !typed.trim() : !tree, settled,
    undo: past.length ? undo : undefined, redo: future.length ? redo : undefined, reset: (form: Tree | null) => change(groupOf(form)),
  };
}

function sameTree(root: Group, form: Tree): boolean {
  return JSON.stringify(treeOf(root)) === JSON.stringify(treeOf(groupOf(form)));
}

/** The row that a fault of the server is about. */
function faultIn(root: Group, problem: Problem): { id: string; message: string } | null {
  const path = problem.told.path as (string | number)[] | undefined;
  const paths = new Map<string, readonly (string | number)[]>();
  treeOf(root, paths);
  if (!path) return null;
  const fits = [...paths].filter(([, at]) => at.length > 0 && at.every((part, n) => path[n] === part));
  const best = fits.sort((a, b) => b[1].length - a[1].length)[0];
  return best ? { id: best[0], message: problem.message } : null;
}
