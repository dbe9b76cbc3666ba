// The lanes of the timeline: one for each account, with its sessions packed into rows so that none covers another. Pure.
import { instant } from "../model/time";
import type { AccountView } from "../types/AccountView";
import type { SessionView } from "../types/SessionView";

/** How we stand to a session. Each kind has a drawing and a word of its own; the first come first where room is short. */
export const KINDS = ["current", "held", "orphan", "foreign", "expired"] as const;
export type Kind = (typeof KINDS)[number];

/** How many rows a lane has at most, and where it was unfolded. */
export const ROWS = 5;
export const ROWS_UNFOLDED = 40;
/** A row's height, in pixels: what is pointed at must be as high as this (WCAG 2.2, 2.5.8). */
export const ROW = 24;
/** The strip below the rows, on which refreshes and failures are marked. */
export const STRIP = 14;
/** What is left free above and below. */
export const PAD = 6;
/** The line that an account's name has for itself where there is no room beside the plot. */
export const NAME = 28;

/** A session from its beginning to its end; infinity where one of them is unknown. */
export interface Bar {
  readonly session: SessionView;
  readonly kind: Kind;
  readonly from: number;
  readonly to: number;
  readonly row: number;
}

export interface Lane {
  readonly account: AccountView;
  /** Those that have a row, in the order of rows and of time. */
  readonly bars: readonly Bar[];
  readonly rows: number;
  /** How many sessions have none. */
  readonly more: number;
  /** Whether it was unfolded. */
  readonly unfolded: boolean;
  /** Where it is, in pixels from the first lane's top, and how high. */
  readonly top: number;
  readonly height: number;
}

/** How we stand to `session` at `now`. */
export function kindOf(session: SessionView, now: number): Kind {
  if (session.state === "expired" || (session.expires_at !== null && instant(session.expires_at) <= now)) return "expired";
  if (session.state === "orphan" || session.state === "foreign") return session.state;
  return session.current ? "current" : "held";
}

/** A lane for each account, one below the other. `above` is what each needs for its name above its rows. */
export function lanes(accounts: readonly AccountView[], unfolded: ReadonlySet<string>, now: number, above: number): Lane[] {
  let top = 0;
  return accounts.map((account) => {
    const open = unfolded.has(account.name);
    const { bars, rows } = pack(account.sessions, open ? ROWS_UNFOLDED : ROWS, now);
    const height = above + PAD + Math.max(1, rows) * ROW + STRIP + PAD;
    const lane = { account, bars, rows, more: account.sessions.length - bars.length, unfolded: open && rows > ROWS, top, height };
    top += height;
    return lane;
  });
}

/** Gives each session the first row in which it covers no other, as long as there are rows. */
export function pack(sessions: readonly SessionView[], most: number, now: number): { bars: Bar[]; rows: number } {
  const bars = sessions.map((session) => ({
    session,
    kind: kindOf(session, now),
    from: session.created_at === null ? -Infinity : instant(session.created_at),
    to: session.expires_at === null ? Infinity : instant(session.expires_at),
  }));
  const rank = new Map(KINDS.map((kind, at) => [kind, at]));
  bars.sort((a, b) => (rank.get(a.kind) ?? 0) - (rank.get(b.kind) ?? 0) || order(a.from, b.from) || order(a.to, b.to));
  const rows: Omit<Bar, "row">[][] = [];
  for (const bar of bars) {
    const free = rows.findIndex((row) => add(row, bar));
    if (free < 0 && rows.length < most) rows.push([bar]);
  }
  return { bars: rows.flatMap((row, at) => row.map((bar) => ({ ...bar, row: at }))), rows: rows.length };
}

/** Puts a bar into its place in a row that is sorted by time, if it covers none there; answers whether it does. */
function add(row: Omit<Bar, "row">[], bar: Omit<Bar, "row">): boolean {
  let [low, high] = [0, row.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((row[middle]?.from ?? 0) < bar.from) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [row[low - 1], row[low]];
  if ((before !== undefined && before.to > bar.from) || (after !== undefined && after.from < bar.to)) return false;
  row.splice(low, 0, bar);
  return true;
}

/** The order of two numbers that may be the same infinity. */
function order(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** The lanes of which anything is seen between `top` and `bottom`. */
export function seen(lanes: readonly Lane[], top: number, bottom: number): Lane[] {
  return lanes.filter((lane) => lane.top < bottom && lane.top + lane.height > top);
}

/** Every bar in the order of reading: lane by lane, row by row. */
export function inOrder(lanes: readonly Lane[]): { lane: Lane; bar: Bar }[] {
  return lanes.flatMap((lane) => lane.bars.map((bar) => ({ lane, bar })));
}
