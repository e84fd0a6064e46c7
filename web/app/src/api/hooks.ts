// Reading with a cache, for pages. Answers are kept until a new snapshot is served or a write says otherwise.
import { useCallback } from "react";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient, keepPreviousData, type UseQueryResult } from "@tanstack/react-query";
import { useLanguage } from "../i18n";
import { get, once, post, type Problem, type Query } from "./client";

/** What GET answers; `null` as path asks nothing. */
export function useGet<T>(path: string | null, query: Query = {}, options: { keep?: boolean; stale?: number } = {}): UseQueryResult<T, Problem> {
  const language = useLanguage();
  return useQuery<T, Problem>({
    queryKey: [path, query, language],
    queryFn: ({ signal }) => get<T>(path as string, query, signal),
    enabled: path !== null,
    placeholderData: options.keep ? keepPreviousData : undefined,
    staleTime: options.stale ?? 30_000,
  });
}

/** What a POST that only asks (counts, breakdowns) answers; `null` as body asks nothing. An older question is given up for a newer one. */
export function useAsk<T>(path: string, body: unknown | null, options: { keep?: boolean } = {}): UseQueryResult<T, Problem> {
  const language = useLanguage();
  return useQuery<T, Problem>({
    queryKey: ["ask", path, body, language],
    queryFn: ({ signal }) => post<T>(path, body, signal),
    enabled: body !== null,
    placeholderData: options.keep === false ? undefined : keepPreviousData,
    staleTime: 30_000,
    retry: false,
  });
}

/** Asks what `useAsk` is about to ask, already now: from the handler of an event, before what it changes is drawn. */
export function useAskAhead(): (path: string, body: unknown) => void {
  const language = useLanguage();
  const client = useQueryClient();
  return useCallback((path, body) => {
    void client.prefetchQuery({ queryKey: ["ask", path, body, language], queryFn: ({ signal }) => post(path, body, signal), staleTime: 30_000, retry: false });
  }, [client, language]);
}

/** Pages of a list, one after the other by cursor: `items` picks the rows of a page. */
export function usePages<P extends { next?: string | null }, R>(path: string, query: Query, items: (page: P) => readonly R[]) {
  const language = useLanguage();
  const found = useInfiniteQuery<P, Problem>({
    queryKey: ["pages", path, query, language],
    queryFn: ({ pageParam, signal }) => get<P>(path, { ...query, cursor: pageParam as string | undefined }, signal),
    initialPageParam: undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    staleTime: 30_000,
  });
  return { ...found, rows: (found.data?.pages ?? []).flatMap((page) => [...items(page)]) };
}

/** A write; afterwards everything that begins with one of `touches` is read anew. */
export function useWrite<T, V extends { path: string; body?: unknown; match?: string | null }>(method: "POST" | "PUT" | "PATCH" | "DELETE", touches: readonly string[]) {
  const client = useQueryClient();
  return useMutation<T, Problem, V>({
    mutationFn: async ({ path, body, match }) => (await once<T>(method, path, { body, match })).data,
    onSuccess: () =>
      client.invalidateQueries({ predicate: (q) => touches.some((t) => q.queryKey.some((part) => typeof part === "string" && part.startsWith(t))) }),
  });
}
