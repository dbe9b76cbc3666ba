// What really happens when several sessions are ended: at each account, and for each of them. Pure: no clock, no page.
import { instant, remaining } from "../model/time";
import { ending, type Ending } from "../model/words";
import type { AccountView } from "../types/AccountView";
import type { Row } from "./rows";

/** The sessions of one account that meet with the same end. */
export interface Lot {
  account: AccountView;
  how: Ending;
  rows: Row[];
  /** Whether the current session is among them: another is opened at the next use. */
  current: boolean;
  /** Whether all of them have ended. */
  over: boolean;
  /** Until when the last of their tokens stays valid, where they are only forgotten; `null` where none does. */
  until: string | null;
}

/** From what is done to what is not. */
const ORDER: Ending[] = ["revoke", "forget", null];

/** The lots of these sessions, in their order; what cannot be ended comes last. */
export function lotsOf(rows: Row[], now: number): Lot[] {
  const lots = new Map<string, Lot>();
  for (const row of rows) {
    const how = ending(row.session, row.account);
    const key = `${how}\n${row.account.name}`;
    const lot = lots.get(key) ?? { account: row.account, how, rows: [], current: false, over: true, until: null };
    lot.rows.push(row);
    lot.current ||= row.session.current;
    lot.over &&= row.session.state === "expired";
    lot.until = how === "forget" ? later(lot.until, row.session.expires_at, now) : null;
    lots.set(key, lot);
  }
  return [...lots.values()].sort((one, other) => ORDER.indexOf(one.how) - ORDER.indexOf(other.how));
}

function later(until: string | null, end: string | null, now: number): string | null {
  if (end === null || remaining(end, now) === 0) return until;
  return until === null || instant(end) > instant(until) ? end : until;
}
