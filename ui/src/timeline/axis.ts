// The axis of time: which instants get a tick, and what stands at them, as a locale writes it and in the user's own time zone.
import { DAY, HOUR, MINUTE, type View } from "./view";

/** The least room that a tick's label needs, in pixels. */
const ROOM = 72;
/** The steps within a day; each divides the day, so that ticks meet its beginning. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].map((minutes) => minutes * MINUTE);
/** The steps of whole days. */
const DAYS = [1, 2, 7, 14];
/** 1970 began on a Thursday; weeks begin on Mondays. */
const MONDAY = 3;

/** One instant that is named. */
export interface Tick {
  readonly at: number;
  readonly label: string;
  /** Whether a day begins here. */
  readonly day: boolean;
}

/** A day or a month, as far as it is seen. */
export interface Period {
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

export interface Axis {
  readonly ticks: readonly Tick[];
  readonly periods: readonly Period[];
}

/** What a locale writes in its own way. */
class Names {
  readonly time: Intl.DateTimeFormat;
  readonly weekday: Intl.DateTimeFormat;
  readonly day: Intl.DateTimeFormat;
  readonly month: Intl.DateTimeFormat;

  constructor(tag: string) {
    this.time = new Intl.DateTimeFormat(tag, { hour: "2-digit", minute: "2-digit" });
    this.weekday = new Intl.DateTimeFormat(tag, { weekday: "short", day: "numeric", month: "short" });
    this.day = new Intl.DateTimeFormat(tag, { day: "numeric", month: "short" });
    this.month = new Intl.DateTimeFormat(tag, { month: "long", year: "numeric" });
  }
}

const known = new Map<string, Names>();

function names(tag: string): Names {
  let names = known.get(tag);
  if (names === undefined) {
    names = new Names(tag);
    known.set(tag, names);
  }
  return names;
}

/** The axis of a view that is `width` pixels wide. */
export function axis(view: View, width: number, tag: string): Axis {
  const least = (view.span / Math.max(1, width)) * ROOM;
  const step = STEPS.find((step) => step >= least);
  const { time, weekday, day, month } = names(tag);
  if (step !== undefined) {
    return { ticks: withinDays(view, step, (at) => time.format(at)), periods: periods(view, dayAfter, (at) => weekday.format(at)) };
  }
  const days = DAYS.find((days) => days * DAY >= least) ?? 14;
  return { ticks: ofDays(view, days, (at) => day.format(at)), periods: periods(view, monthAfter, (at) => month.format(at)) };
}

/** Ticks at each `step` of a day's clock. Where the clock is put on or back, it is the clock that counts. */
function withinDays(view: View, step: number, label: (at: number) => string): Tick[] {
  const ticks: Tick[] = [];
  const end = view.from + view.span;
  for (let start = midnight(view.from); start <= end; start = dayAfter(start)) {
    const date = new Date(start);
    for (let since = 0; since < DAY; since += step) {
      const at = new Date(date.getFullYear(), date.getMonth(), date.getDate(), 0, since / MINUTE).getTime();
      // An hour that the day does not have would be told twice.
      if (at < view.from || at > end || at <= (ticks.at(-1)?.at ?? -Infinity)) continue;
      ticks.push({ at, label: label(at), day: since === 0 });
    }
  }
  return ticks;
}

/** Ticks at the beginning of every so many days, the same days however the view is moved. */
function ofDays(view: View, every: number, label: (at: number) => string): Tick[] {
  const ticks: Tick[] = [];
  for (let at = midnight(view.from); at <= view.from + view.span; at = dayAfter(at)) {
    const date = new Date(at);
    const number = Math.round(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / DAY);
    const first = (every % 7 === 0 ? number + MONDAY : number) % every === 0;
    if (at >= view.from && first) ticks.push({ at, label: label(at), day: true });
  }
  return ticks;
}

/** The days or months that are seen, each as far as it is seen. */
function periods(view: View, after: (start: number) => number, label: (at: number) => string): Period[] {
  const found: Period[] = [];
  const end = view.from + view.span;
  const date = new Date(midnight(view.from));
  if (after === monthAfter) date.setDate(1);
  for (let start = date.getTime(); start < end; start = after(start)) {
    found.push({ from: Math.max(start, view.from), to: Math.min(after(start), end), label: label(start) });
  }
  return found;
}

function midnight(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

/** The beginning of the day after that which begins at `start`; days need not have 24 hours. */
function dayAfter(start: number): number {
  return midnight(midnight(start) + DAY + 3 * HOUR);
}

function monthAfter(start: number): number {
  const date = new Date(start);
  return new Date(date.getFullYear(), date.getMonth() + 1, 1).getTime();
}
