// The life of a session as a user types it: `45m`, `12h`, `7d`, as on the command line.
import { t } from "../messages/index.svelte";
import type { LifeForm } from "../types/LifeForm";
import { span } from "./time";

const UNITS: Record<string, number> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, y: 31_536_000 };

/** Seconds; `null` where the text is not a life. A bare number is seconds. */
export function parseLife(text: string): number | null {
  const match = /^(\d{1,12})\s*([smhdwy]?)$/.exec(text.trim().toLowerCase());
  const unit = UNITS[match?.[2] ?? "?"];
  return match?.[1] === undefined || unit === undefined ? null : Number(match[1]) * unit;
}

/** The shortest way to write `seconds` that reads back as the same. */
export function writeLife(seconds: number): string {
  for (const unit of ["y", "w", "d", "h", "m"] as const) {
    const size = UNITS[unit] ?? 1;
    // A week is written as 7d: that is how people say it.
    if (unit !== "w" && seconds >= size && seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return `${seconds}s`;
}

/** What is wrong with `text` as a life within `form`: one sentence, or `null`. An empty text asks for the default. */
export function lifeProblem(text: string, form: LifeForm): string | null {
  if (text.trim() === "") return null;
  const seconds = parseLife(text);
  if (seconds === null) return t("app-life-unclear");
  if (seconds < form.min) return t("app-life-too-short", { life: span(form.min) });
  if (seconds > form.max) return t("app-life-too-long", { life: span(form.max) });
  return null;
}
