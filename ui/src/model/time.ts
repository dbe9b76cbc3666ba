// Instants and spans in words, as the user's locale writes them. The wire writes instants as RFC 3339 in UTC; `now` is always an
// argument, in milliseconds.
import { locale, t } from "../messages/index.svelte";

const SECOND = 1000;
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

const dates = (how: Intl.DateTimeFormatOptions) => (tag: string) => new Intl.DateTimeFormat(tag, how);
const long = (unit: string) => (tag: string) => new Intl.NumberFormat(tag, { style: "unit", unit, unitDisplay: "long" });

/** How a locale writes what it writes in its own way. */
const FORMATS = {
  time: dates({ hour: "2-digit", minute: "2-digit" }),
  dayAndTime: dates({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }),
  full: dates({ dateStyle: "medium", timeStyle: "medium" }),
  dayOnly: dates({ day: "numeric", month: "short" }),
  weekday: dates({ weekday: "short", day: "numeric", month: "short" }),
  date: dates({ dateStyle: "medium" }),
  ago: (tag: string) => new Intl.RelativeTimeFormat(tag, { style: "short" }),
  list: (tag: string) => new Intl.ListFormat(tag, { type: "unit", style: "narrow" }),
  year: long("year"),
  day: long("day"),
  hour: long("hour"),
  minute: long("minute"),
  second: long("second"),
};

type Formats = { [Name in keyof typeof FORMATS]: ReturnType<(typeof FORMATS)[Name]> };

/** Those that were made, by locale. */
const made = new Map<string, Partial<Formats>>();

/** A format of the locale that is in force. Making one takes a thousand times longer than using it, so that each is made once, when it is needed. */
function format<Name extends keyof Formats>(name: Name): Formats[Name] {
  const { tag } = locale;
  let formats = made.get(tag);
  if (formats === undefined) made.set(tag, (formats = {}));
  return (formats[name] ??= FORMATS[name](tag) as Formats[Name]);
}

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

/** From here on a glance tells the minutes alone, in seconds: nobody acts upon the seconds, and each one costs a picture of every row. */
const CALM = 10 * MINUTE;

/** A countdown for a list: as `countdown`, but `49m` and no seconds while there are ten minutes and more. */
export function glance(seconds: number): string {
  return seconds >= CALM && seconds < HOUR ? t("time-left-whole-minutes", { minutes: Math.floor(seconds / MINUTE) }) : countdown(seconds);
}

/** A countdown with its two leading units: `6d 23h`, `3h 12m`, `4m 09s`, `32s`. */
export function countdown(seconds: number): string {
  if (seconds >= 100 * YEAR) return t("time-left-ages");
  const years = Math.floor(seconds / YEAR);
  const days = Math.floor((seconds % YEAR) / DAY);
  const hours = Math.floor((seconds % DAY) / HOUR);
  const minutes = Math.floor((seconds % HOUR) / MINUTE);
  if (years > 0) return t("time-left-years", { years, days });
  if (days > 0) return t("time-left-days", { days, hours });
  if (hours > 0) return t("time-left-hours", { hours, minutes });
  if (minutes > 0) return t("time-left-minutes", { minutes, seconds: seconds % MINUTE });
  return t("time-left-seconds", { seconds });
}

/** A span for a sentence, with its two leading units that are not zero: `7 days`, `1 hour 30 minutes`. */
export function span(seconds: number): string {
  const parts: string[] = [];
  let rest = Math.floor(seconds);
  for (const [size, unit] of [[YEAR, "year"], [DAY, "day"], [HOUR, "hour"], [MINUTE, "minute"], [1, "second"]] as const) {
    const count = Math.floor(rest / size);
    rest %= size;
    if (count > 0 && parts.length < 2) parts.push(format(unit).format(count));
  }
  return format("list").format(parts) || format("second").format(0);
}

/** A moment for a sentence: `14:32` today, else `27 Nov, 14:32`; with its year where that is another one. */
export function moment(at: string, now: number): string {
  const ms = instant(at);
  if (!Number.isFinite(ms)) return t("time-far-future");
  const date = new Date(ms);
  const today = new Date(now);
  if (date.getFullYear() !== today.getFullYear()) return format("date").format(date);
  if (date.getMonth() !== today.getMonth() || date.getDate() !== today.getDate()) return format("dayAndTime").format(date);
  return format("time").format(date);
}

/** The whole of it, for a tooltip. */
export function full(at: string): string {
  const ms = instant(at);
  return Number.isFinite(ms) ? format("full").format(new Date(ms)) : at;
}

/** How long ago: `just now`, `5 min ago`, `3 hr ago`, `2 days ago`, then the date. */
export function ago(at: string, now: number): string {
  const seconds = Math.floor((now - instant(at)) / SECOND);
  if (seconds < 45) return t("time-just-now");
  if (seconds < HOUR) return format("ago").format(-Math.max(1, Math.round(seconds / MINUTE)), "minute");
  if (seconds < DAY) return format("ago").format(-Math.round(seconds / HOUR), "hour");
  if (seconds < 7 * DAY) return format("ago").format(-Math.round(seconds / DAY), "day");
  const date = new Date(instant(at));
  return (date.getFullYear() === new Date(now).getFullYear() ? format("dayOnly") : format("date")).format(date);
}

/** How long something took, in at most three figures: `7 ms`, `340 ms`, `1.2 s`, `48 s`, `3 min`. */
export function took(ms: number): string {
  if (ms < 1000) return t("time-took-milliseconds", { n: Math.round(ms) });
  if (ms < 9950) return t("time-took-tenths", { n: ms / SECOND });
  const seconds = Math.round(ms / SECOND);
  return seconds < 2 * MINUTE ? t("time-took-seconds", { n: seconds }) : t("time-took-minutes", { n: Math.round(seconds / MINUTE) });
}

/** The time of day: `14:32`. */
export function clockTime(at: string): string {
  const ms = instant(at);
  return Number.isFinite(ms) ? format("time").format(new Date(ms)) : at;
}

/** The beginning of the day that `now` is in. */
export function midnight(now: number): number {
  return new Date(now).setHours(0, 0, 0, 0);
}

/** A day as a heading: `Today`, `Yesterday`, `Wed 18 Nov`; with its year where that is another one. */
export function day(at: string, now: number): string {
  const date = new Date(instant(at));
  const today = new Date(midnight(now));
  if (date >= today) return t("time-today");
  const yesterday = new Date(today);
  yesterday.setDate(today.getDate() - 1);
  if (date >= yesterday) return t("time-yesterday");
  return (date.getFullYear() === today.getFullYear() ? format("weekday") : format("date")).format(date);
}
