// What the timeline tells of a session or a mark, in words: for the tooltip, for whoever listens, and for the table.
import { t } from "../messages/index.svelte";
import { reasonOf } from "../model/events";
import { countdown, full, instant, remaining, took } from "../model/time";
import { sessionTitle } from "../model/words";
import type { AccountView } from "../types/AccountView";
import type { SessionView } from "../types/SessionView";
import type { Event } from "./draw";
import type { Bar, Kind } from "./lanes";
import type { Tick } from "./past.svelte";

/** How many marks a tooltip tells of. */
const MARKS = 3;

export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** A tooltip: what it is about, what that means, and the facts. */
export interface Facts {
  readonly title: string;
  readonly means: string;
  readonly facts: readonly Fact[];
}

/** How an instant is written: as a whole, where nothing else is asked for. */
type Write = (at: string) => string;

export function kindWord(kind: Kind): string {
  return t(`timeline-kind-${kind}`);
}

export function markWord(tone: Event["tone"] | "next"): string {
  return t(`timeline-mark-${tone}`);
}

export function created(session: SessionView, write: Write = full): string {
  return session.created_at === null ? t("timeline-unknown") : write(session.created_at);
}

export function expires(session: SessionView, write: Write = full): string {
  return session.expires_at === null ? t("timeline-never") : write(session.expires_at);
}

/** What is left of its life at `now`; nothing where it has ended, or has no end. */
export function left(session: SessionView, now: number, write: (seconds: number) => string = countdown): string {
  const seconds = remaining(session.expires_at, now);
  return seconds === null || seconds === 0 ? "–" : write(seconds);
}

/** The next refresh of an account, as an instant. */
export function nextRefresh(account: AccountView, write: Write = full): string {
  return account.next_refresh_at === null ? t("timeline-none-planned") : write(account.next_refresh_at);
}

/** A bar in one sentence, for whoever does not see it. */
export function barSentence(bar: Bar, account: AccountView): string {
  const { session, kind } = bar;
  return t("timeline-bar", {
    title: sessionTitle(session),
    account: account.name,
    kind: kindWord(kind),
    created: created(session),
    expires: expires(session),
  });
}

export function barFacts(bar: Bar, account: AccountView, now: number): Facts {
  const { session, kind } = bar;
  const facts: Fact[] = [
    { name: t("timeline-account"), value: account.name },
    { name: t("timeline-created"), value: created(session) },
    { name: t("timeline-expires"), value: expires(session) },
  ];
  if (kind !== "expired" && session.expires_at !== null) facts.push({ name: t("timeline-left"), value: left(session, now) });
  if (kind === "current") facts.push({ name: t("timeline-next"), value: nextRefresh(account) });
  return { title: `${sessionTitle(session)} · ${kindWord(kind)}`, means: t(`timeline-kind-${kind}-means`), facts };
}

/** The marks under the pointer, the latest first. */
export function markFacts(ticks: readonly Tick[], account: AccountView): Facts {
  const [first] = ticks;
  const same = ticks.every((tick) => tick.tone === first?.tone);
  const facts = ticks.slice(0, MARKS).map((tick) => ({ name: full(tick.entry.at), value: markValue(tick, same) }));
  const means = ticks.length > MARKS ? t("timeline-events-more", { count: ticks.length - MARKS }) : "";
  return { title: `${account.name} · ${same ? markWord(first?.tone ?? "good") : t("timeline-title")}`, means, facts };
}

function markValue(tick: Tick, same: boolean): string {
  const why = reasonOf(tick.entry) ?? "";
  const time = tick.entry.duration_ms === null ? "" : took(tick.entry.duration_ms);
  return [same ? "" : markWord(tick.tone), why, time].filter((part) => part !== "").join(" · ");
}

export function nextFacts(account: AccountView): Facts {
  return { title: `${account.name} · ${markWord("next")}`, means: "", facts: [{ name: t("timeline-when"), value: nextRefresh(account) }] };
}

/** How many of `ticks` are of these tones, and when the last one was. */
export function counted(ticks: readonly Tick[], tones: readonly Event["tone"][], write: Write = full): string {
  const found = ticks.filter((tick) => tones.includes(tick.tone));
  const last = found.at(-1)?.entry.at;
  return t("timeline-count", { count: found.length, last: last === undefined ? "" : write(last) });
}

/** Ticks of all accounts that are in a span of time, the latest first. */
export function ticksWithin(of: ReadonlyMap<string, readonly Tick[]>, from: number, to: number): Tick[] {
  const found = [...of.values()].flatMap((ticks) => ticks.filter((tick) => tick.at >= from && tick.at <= to));
  return found.sort((a, b) => instant(b.entry.at) - instant(a.entry.at));
}
