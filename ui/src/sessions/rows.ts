// The rows of the session list: which there are, which of them are meant, and in which order. Pure: no clock, no page.
import { stateWord } from "../model/words";
import { instant } from "../model/time";
import type { AccountView } from "../types/AccountView";
import type { SessionView } from "../types/SessionView";

/** A session with the account that it is of. */
export interface Row {
  key: string;
  account: AccountView;
  session: SessionView;
}

/** How we stand to a session, as it can be asked for. */
export const STANDINGS = ["held", "foreign", "orphan", "expired"] as const;
export type Standing = (typeof STANDINGS)[number];

export const COLUMNS = ["name", "account", "type", "created", "expires", "state"] as const;
export type Column = (typeof COLUMNS)[number];

/** By what is sorted; without one the agent's own order stands, in which the current session of each account is the first. */
export interface Sort {
  column: Column;
  descending: boolean;
}

/** The key of a session among those of all accounts. */
export function keyOf(account: string, session: string): string {
  return `${account}\n${session}`;
}

/** The sessions of these accounts, in the agent's order. */
export function rowsOf(accounts: AccountView[]): Row[] {
  const rows: Row[] = [];
  for (const account of accounts) {
    for (const session of account.sessions) rows.push({ key: keyOf(account.name, session.id), account, session });
  }
  return rows;
}

/** An ended session is over, whoever opened it. */
export function standingOf(session: SessionView): Standing {
  if (session.state === "expired" || session.state === "foreign" || session.state === "orphan") return session.state;
  return "held";
}

const texts = new WeakMap<SessionView, string>();

/** The texts that a session is found by, wherever in them. A session never changes: another state of it is another object. */
function textOf({ account, session }: Row): string {
  let text = texts.get(session);
  if (text === undefined) {
    const parts = [session.name, session.type, account.name, account.title];
    text = parts.filter((part) => part !== null).join("\n").toLowerCase();
    texts.set(session, text);
  }
  return text;
}

/** How much of an id must be given: fewer of its digits stand in many. */
const ID_DIGITS = 3;

/** Whether a row has every word of `query`: in any of its texts, as its state, or as the beginning of its id or fingerprint. */
export function finder(query: string): (row: Row) => boolean {
  const words = query.toLowerCase().split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) return () => true;
  const states = new Map<SessionView["state"], string>();
  const stateOf = (state: SessionView["state"]): string => {
    const known = states.get(state) ?? stateWord(state).word.toLowerCase();
    states.set(state, known);
    return known;
  };
  return (row) => {
    const text = textOf(row);
    const { id, fingerprint, state } = row.session;
    const begins = (word: string): boolean => id.toLowerCase().startsWith(word) || fingerprint?.startsWith(word) === true;
    return words.every(
      (word) => text.includes(word) || stateOf(state).startsWith(word) || (word.length >= ID_DIGITS && begins(word)),
    );
  };
}

/** From the best of lives to none. */
const STATE_ORDER: SessionView["state"][] = ["fresh", "stale", "urgent", "orphan", "foreign", "expired"];

/** The rows in another order; those that are alike stay as they were. */
export function sorted(rows: Row[], sort: Sort | null, language: string): Row[] {
  if (sort === null) return rows;
  const sign = sort.descending ? -1 : 1;
  const keyed = rows.map((row) => ({ row, key: sortKey(row, sort.column) }));
  const { compare } = new Intl.Collator(language, { numeric: true });
  keyed.sort((one, other) => {
    // What is not known comes last, whichever way.
    if (one.key === null || other.key === null) return Number(one.key === null) - Number(other.key === null);
    if (typeof one.key === "string") return sign * compare(one.key, String(other.key));
    return sign * (one.key - Number(other.key));
  });
  return keyed.map(({ row }) => row);
}

function sortKey({ account, session }: Row, column: Column): string | number | null {
  switch (column) {
    case "name":
      return session.name === "" ? null : session.name;
    case "account":
      return account.name;
    case "type":
      return session.type;
    case "created":
      return session.created_at === null ? null : instant(session.created_at);
    case "expires":
      // Without an end it lives longest.
      return session.expires_at === null ? Number.MAX_VALUE : Math.min(Number.MAX_VALUE, instant(session.expires_at));
    case "state":
      return STATE_ORDER.indexOf(session.state);
  }
}
