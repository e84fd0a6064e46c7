// One condition edited in two ways: as a form and as text. The side that was changed last leads, and the server translates for the other.
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Problem } from "../../api/client";
import { useAsk, useAskAhead } from "../../api/hooks";
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
const COUNT = "/query/count";
const PAUSE = 60; // changes that follow each other faster than this (a key held down) are counted once
const TYPING = 250; // text is mostly wrong between two keys: only when the reader pauses is it read into the form, and told what is wrong with it
const PATIENCE = 400; // what else is asked waits for the count, but not for one that the server has to work on
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

/** The value at once after a rest, else after a pause without changes; and whether a change that comes now would be taken at once. */
function usePrompt<T>(value: T, pause = PAUSE): [T, () => boolean] {
  const [prompt, setPrompt] = useState(value);
  const last = useRef(-Infinity);
  const rested = useCallback(() => performance.now() - last.current >= pause, [pause]);
  useEffect(() => {
    if (value === prompt) return;
    const late = !rested();
    last.current = performance.now();
    if (!late) return setPrompt(value);
    const timer = setTimeout(() => setPrompt(value), pause);
    return () => clearTimeout(timer);
  }, [value, pause]);
  return [prompt, rested];
}

export function useCondition(first: { text?: string; form?: Tree | null }) {
  const [past, setPast] = useState<readonly Group[]>([]);
  const [future, setFuture] = useState<readonly Group[]>([]);
  const [root, setRoot] = useState<Group>(() => groupOf(first.form));
  const [typed, setTyped] = useState<string | null>(first.form ? null : (first.text ?? null));
  const asked = useSettled(typed, TYPING);
  const tree = useMemo(() => treeOf(root), [root]);
  const leads = typed !== null ? (typed.trim() ? typed : null) : (tree ?? null);
  const [leading, rested] = usePrompt(leads);
  const askAhead = useAskAhead();
  const countAhead = useCallback((when: unknown) => {
    if (when && rested()) askAhead(COUNT, { when }); // before the page draws the change: server and browser work at the same time
  }, [askAhead, rested]);

  const count = useAsk<Count>(COUNT, leading ? { when: leading } : null);
  const counted = leading === leads && !count.isFetching;
  const patient = useSettled(leads, PATIENCE);
  const free = counted || patient === leads;
  const read = useAsk<Forms>("/query/condition", free && typed === asked && asked?.trim() ? { when: asked } : null, { keep: false }); // text leads
  const written = useAsk<Forms>("/query/condition", free && typed === null && tree ? { when: tree } : null); // the form leads
  useEffect(() => {
    if (typed !== null && asked === typed && read.data) setRoot((now) => (sameTree(now, read.data.form) ? now : groupOf(read.data.form)));
    if (typed !== null && !typed.trim()) setRoot(group());
  }, [read.data, asked, typed]);

  const change = useCallback((made: Group) => {
    setPast((old) => [...old.slice(-MOST_UNDO), root]);
    setFuture([]);
    setTyped(null);
    setRoot(made);
    countAhead(treeOf(made));
  }, [root, countAhead]);
  const type = useCallback((text: string) => {
    setTyped(text);
    countAhead(text.trim() ? text : null);
  }, [countAhead]);
  const undo = () => step(past, setPast, setFuture);
  const redo = () => step(future, setFuture, setPast);
  const step = (from: readonly Group[], setFrom: typeof setPast, setTo: typeof setPast) => {
    const made = from[from.length - 1];
    if (!made) return;
    setFrom(from.slice(0, -1));
    setTo((old) => [...old, root]);
    setTyped(null);
    setRoot(made);
    countAhead(treeOf(made));
  };

  const problem: Problem | null = typed !== null ? (typed.trim() && asked === typed ? (read.error ?? count.error) : null) : (tree ? (written.error ?? count.error) : null);
  const text = typed ?? (tree ? (written.data?.text ?? "") : "");
  const fault = useMemo(() => (typed === null && problem ? faultIn(root, problem) : null), [problem, root, typed]);
  const translated = typed !== null ? asked === typed && !read.isFetching : !tree || (written.data !== undefined && !written.isFetching && !written.isPlaceholderData);
  const settled = free && translated && !problem;
  const busy = leads !== null && (!counted || (count.isError && !problem));
  return {
    root, change, text, type, count, busy, problem, fault, open: open(root), isEmpty: typed !== null ? !typed.trim() : !tree, settled,
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
