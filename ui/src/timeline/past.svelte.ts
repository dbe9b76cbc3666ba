// What happened to the accounts, as far back as the timeline shows: read in pages, and growing as things happen.
import * as ipc from "../ipc";
import { instant } from "../model/time";
import type { ApiError } from "../types/ApiError";
import type { LogEntry } from "../types/LogEntry";
import type { LogEvent } from "../types/LogEvent";
import type { Event } from "./draw";

/** How many entries are asked for at once: the most that the agent gives. */
const PAGE = 1000;
/** How many are kept; beyond them ticks would only be a smear. */
const MOST = 25_000;
/** What is asked for is rounded down to this, in milliseconds, so that moving a little asks for nothing. */
const GRAIN = 60 * 60 * 1000;

/** What is marked of the history, and how. */
const TONES: Partial<Record<LogEvent, Event["tone"]>> = { minted: "good", refreshed: "good", failed: "warn", refused: "bad" };

/** A mark on the timeline. */
export interface Tick extends Event {
  readonly entry: LogEntry;
}

export class Past {
  /** From this instant on all is known, in milliseconds; infinity before anything is. */
  since = $state(Infinity);
  loading = $state(false);
  error = $state.raw<ApiError | null>(null);
  /** Whether there was more than is kept, so that nothing is known before `since`. */
  cut = $state(false);

  #ticks = $state.raw<Tick[]>([]);
  /** The ticks of each account, in the order of time. */
  readonly ticks: ReadonlyMap<string, readonly Tick[]> = $derived.by(() => {
    const of = new Map<string, Tick[]>();
    for (const tick of this.#ticks) {
      const name = tick.entry.account ?? "";
      const ticks = of.get(name);
      if (ticks === undefined) of.set(name, [tick]);
      else ticks.push(tick);
    }
    return of;
  });

  #wanted = Infinity;
  /** The lowest id that was read. */
  #oldest: number | undefined;
  /** Counts the beginnings, so that what was asked before the last one is not taken for an answer. */
  #begun = 0;

  /** Sees to it that all is known from `from` on. */
  async reach(from: number): Promise<void> {
    this.#wanted = Math.min(this.#wanted, Math.floor(from / GRAIN) * GRAIN);
    if (this.loading || this.error !== null) return;
    const begun = this.#begun;
    this.loading = true;
    try {
      while (begun === this.#begun && this.#wanted < this.since && !this.cut) await this.#readOn(begun);
    } catch (thrown) {
      if (begun === this.#begun) this.error = ipc.asApiError(thrown);
    } finally {
      if (begun === this.#begun) this.loading = false;
    }
  }

  /** Tries again after an error. */
  retry(): Promise<void> {
    this.error = null;
    return this.reach(this.#wanted);
  }

  /** Begins anew, with as much as was known: what was written while nobody told of it is only found by asking. */
  again(): Promise<void> {
    const wanted = this.#wanted;
    this.#begun++;
    this.#oldest = undefined;
    this.#ticks = [];
    this.since = Infinity;
    this.cut = false;
    this.loading = false;
    this.error = null;
    return wanted === Infinity ? Promise.resolve() : this.reach(wanted);
  }

  /** Takes in what was just written. */
  take(entry: LogEntry): void {
    const known = this.#ticks.some((tick) => tick.entry.id === entry.id);
    if (!known) this.#ticks = [...this.#ticks, ...ticksOf([entry])];
  }

  /** Reads the next older page of what is wanted. */
  async #readOn(begun: number): Promise<void> {
    const wanted = this.#wanted;
    const view = await ipc.log({
      since: new Date(wanted).toISOString(),
      limit: PAGE,
      ...(this.#oldest === undefined ? {} : { before: this.#oldest }),
    });
    if (begun !== this.#begun) return;
    const known = new Set(this.#ticks.map((tick) => tick.entry.id));
    const fresh = ticksOf(view.entries).filter((tick) => !known.has(tick.entry.id));
    // Newest first is how they come; what was told of meanwhile is newer still.
    this.#ticks = [...fresh.reverse(), ...this.#ticks];
    const last = view.entries.at(-1);
    this.#oldest = last?.id ?? this.#oldest;
    this.since = view.more && last !== undefined ? instant(last.at) : wanted;
    this.cut = this.#ticks.length >= MOST && view.more;
  }
}

function ticksOf(entries: readonly LogEntry[]): Tick[] {
  return entries.flatMap((entry) => {
    const tone = TONES[entry.event];
    return tone === undefined || entry.account === null ? [] : [{ at: instant(entry.at), tone, entry }];
  });
}
