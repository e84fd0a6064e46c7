// Where somebody is in the guided tour (in this tab, so that a reload goes on), and whether they have had the offer (with their account;
// where nobody logs in, in this browser).
import { useState } from "react";
import { call } from "../api/client";
import { useSession } from "../api/session";

export interface Place {
  /** Name of the step; null while no tour runs. */
  readonly at: string | null;
  readonly offered: boolean;
  readonly move: (to: string | null) => void;
  readonly dismiss: () => void;
}

export const FIRST = "overview";
/** Where the focus goes when the tour ends. */
export const STARTER = "tour-start";

export function usePlace(): Place {
  const { name, tour_seen } = useSession();
  const who = name ?? "";
  const place = `huaxiang.tour:${who}`;
  const seen = `huaxiang.tour.seen:${who}`;
  const [at, setAt] = useState(() => sessionStorage.getItem(place));
  const [offered, setOffered] = useState(() => (tour_seen === null ? localStorage.getItem(seen) === null : !tour_seen));
  const dismiss = () => {
    if (tour_seen === null) localStorage.setItem(seen, "1");
    else if (offered) void call("PATCH", "/session", { body: { tour_seen: true } }).catch(() => undefined); // else it is offered once more
    setOffered(false);
  };
  const move = (to: string | null) => {
    if (to) sessionStorage.setItem(place, to);
    else sessionStorage.removeItem(place);
    setAt(to);
    dismiss();
  };
  return { at, offered, move, dismiss };
}
