// Instants and spans in words. The wire writes instants as RFC 3339 in UTC; `now` is always an argument, in milliseconds.

const SECOND = 1000;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

// The page speaks English, so its dates do too; in the user's own time zone.
const LOCALE = "en-GB";
const TIME = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit" });
const DAY_AND_TIME = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const FULL = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "medium" });
const DAY_ONLY = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const WEEKDAY = new Intl.DateTimeFormat(LOCALE, { weekday: "short", day: "numeric", month: "short" });
const DATE = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium" });

/** Milliseconds since 1970; infinity for an instant that `Date` cannot hold (it ends in the year 275760). */
export function instant(at: string): number {
  const ms = Date.parse(at);
  return Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms;
}

/** Whole seconds until `at`, rounded up, never below 0; `null` where there is no end. At `at` itself it is over. */
export function remaining(at: string | null, now: number): number | null {
  return at === null ? null : Math.max(0, Math.ceil((instant(at) - now) / SECOND));
}

/** How much of a life is left, from 1 at `from` down to 0 at `to`; `null` where one of them is unknown. */
export function fractionLeft(from: string | null, to: string | null, now: number): number | null {
  if (from === null || to === null) return null;
  const whole = instant(to) - instant(from);
  if (!(whole > 0)) return null;
  if (!Number.isFinite(whole)) return 1;
  return Math.min(1, Math.max(0, (instant(to) - now) / whole));
}

/** A countdown with its two leading units: `6d 23h`, `3h 12m`, `4m 09s`, `32s`. */
export function countdown(seconds: number): string {
  if (seconds >= 100 * YEAR) return "over 100y";
  if (seconds >= YEAR) return `${Math.floor(seconds / YEAR)}y ${Math.floor((seconds % YEAR) / DAY)}d`;
  if (seconds >= DAY) return `${Math.floor(seconds / DAY)}d ${Math.floor((seconds % DAY) / HOUR)}h`;
  if (seconds >= HOUR) return `${Math.floor(seconds / HOUR)}h ${two(Math.floor((seconds % HOUR) / MINUTE))}m`;
  if (seconds >= MINUTE) return `${Math.floor(seconds / MINUTE)}m ${two(seconds % MINUTE)}s`;
  return `${seconds}s`;
}

/** A span for a sentence, with its two leading units that are not zero: `7 days`, `1 hour 30 minutes`. */
export function span(seconds: number): string {
  const parts: string[] = [];
  let rest = Math.floor(seconds);
  for (const [size, word] of [[YEAR, "year"], [DAY, "day"], [HOUR, "hour"], [MINUTE, "minute"], [1, "second"]] as const) {
    const count = Math.floor(rest / size);
    rest %= size;
    if (count > 0 && parts.length < 2) parts.push(`${count} ${word}${count === 1 ? "" : "s"}`);
  }
  return parts.join(" ") || "0 seconds";
}

/** A moment for a sentence: `14:32` today, else `27 Nov, 14:32`; with its year where that is another one. */
export function moment(at: string, now: number): string {
  const ms = instant(at);
  if (!Number.isFinite(ms)) return "the far future";
  const date = new Date(ms);
  const today = new Date(now);
  if (date.getFullYear() !== today.getFullYear()) return DATE.format(date);
  if (date.getMonth() !== today.getMonth() || date.getDate() !== today.getDate()) return DAY_AND_TIME.format(date);
  return TIME.format(date);
}

/** The whole of it, for a tooltip. */
export function full(at: string): string {
  const ms = instant(at);
  return Number.isFinite(ms) ? FULL.format(new Date(ms)) : at;
}

/** How long ago: `just now`, `5 min ago`, `3 h ago`, `2 days ago`, then the date. */
export function ago(at: string, now: number): string {
  const seconds = Math.floor((now - instant(at)) / SECOND);
  if (seconds < 45) return "just now";
  if (seconds < HOUR) return `${Math.max(1, Math.round(seconds / MINUTE))} min ago`;
  if (seconds < DAY) return `${Math.round(seconds / HOUR)} h ago`;
  if (seconds < 7 * DAY) return seconds < 1.5 * DAY ? "1 day ago" : `${Math.round(seconds / DAY)} days ago`;
  const date = new Date(instant(at));
  return (date.getFullYear() === new Date(now).getFullYear() ? DAY_ONLY : DATE).format(date);
}

/** How long something took, in at most three figures: `7 ms`, `340 ms`, `1.2 s`, `48 s`, `3 min`. */
export function took(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / SECOND).toFixed(1)} s`;
  const seconds = Math.round(ms / SECOND);
  return seconds < 2 * MINUTE ? `${seconds} s` : `${Math.round(seconds / MINUTE)} min`;
}

/** The time of day: `14:32`. */
export function clockTime(at: string): string {
  const ms = instant(at);
  return Number.isFinite(ms) ? TIME.format(new Date(ms)) : at;
}

/** The beginning of the day that `now` is in. */
export function midnight(now: number): number {
  return new Date(now).setHours(0, 0, 0, 0);
}

/** A day as a heading: `Today`, `Yesterday`, `Wed 18 Nov`; with its year where that is another one. */
export function day(at: string, now: number): string {
  const date = new Date(instant(at));
  const today = new Date(midnight(now));
  if (date >= today) return "Today";
  const yesterday = new Date(today);
  yesterday.setDate(today.getDate() - 1);
  if (date >= yesterday) return "Yesterday";
  return (date.getFullYear() === today.getFullYear() ? WEEKDAY : DATE).format(date).replace(",", "");
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}
