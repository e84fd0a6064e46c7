// Who is logged in, and what they may do. The server decides on every request; here it only decides what is offered.
import { createContext, useContext } from "react";

export interface Session {
  readonly authenticated: boolean;
  readonly name: string | null;
  readonly display_name: string | null;
  readonly role: string | null;
  readonly rights: readonly string[];
  readonly way: string | null;
  readonly must_change: boolean;
  readonly language: string | null;
  readonly theme: string | null;
  /** Whether the guided tour need not be offered again; null where nobody is logged in by name. */
  readonly tour_seen: boolean | null;
  readonly setup_needed: boolean;
  readonly oidc: string | null;
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const found = useContext(SessionContext);
  if (!found) throw new Error("no session");
  return found;
}

/** Whether the present user has a right (app/rights.py). */
export function useMay(right: string): boolean {
  return useSession().rights.includes(right);
}
