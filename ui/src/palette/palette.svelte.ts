// The palette's state and its actions: what was typed, what is chosen, and what became of a copy.
import { asApiError } from "../ipc";
import { sentence, t } from "../messages/index.svelte";
import { clock } from "../model/clock.svelte";
import { reduce, snapshotOf, START, type Desk } from "../model/state";
import type { ApiError } from "../types/ApiError";
import type { Place } from "../types/Place";
import * as door from "./door";
import { rank, rowsOf, type Row } from "./rank";
import { standing } from "./standing";

/** How many rows are drawn at most: more than anyone looks through instead of typing a letter. */
const MOST = 50;

/** A wish that was not met. */
interface Failed {
  error: ApiError;
  /** What was to be copied, where that has to be said: the row is no longer chosen. */
  what: string | null;
}

export class Palette {
  desk = $state.raw<Desk>(START);
  query = $state("");
  /** The row that is chosen, by key; `null` for the first. */
  #chosen = $state<string | null>(null);
  /** The row whose token is under way. */
  busy = $state<string | null>(null);
  #failed = $state.raw<Failed | null>(null);
  /** Counts the times that it was shown or hidden: what a wish of an earlier time comes to closes nothing. */
  shown = $state(0);
  /** What failed while it was hidden is told when it is shown again. */
  #missed: Failed | null = null;
  #hidden = false;

  /** Why the last wish was not met. */
  readonly failure = $derived.by(() => {
    if (this.#failed === null) return null;
    const { error, what } = this.#failed;
    return what === null ? sentence(error) : t("palette-missed", { what, why: sentence(error) });
  });

  readonly snapshot = $derived(snapshotOf(this.desk));
  readonly #all = $derived(rowsOf(this.snapshot?.accounts ?? []));
  readonly #ranked = $derived(rank(this.#all, this.query));
  readonly found = $derived(this.#ranked.length);
  readonly rows = $derived(this.#ranked.slice(0, MOST));
  readonly at = $derived(Math.max(0, this.rows.findIndex((row) => row.key === this.#chosen)));

  /** Follows the agent from now on. */
  async listen(): Promise<void> {
    try {
      await door.subscribe((heard) => this.take(heard), this.snapshot?.revision ?? null);
    } catch (error) {
      this.take({ event: "offline", error: asApiError(error) });
    }
  }

  take(heard: door.Heard): void {
    if (heard.event === "shown" || heard.event === "hidden") {
      this.#hidden = heard.event === "hidden";
      return this.reset();
    }
    this.desk = reduce(this.desk, heard);
    if (heard.event === "snapshot") clock.correct(heard.snapshot.at);
  }

  /** Forgets what was typed and chosen. */
  reset(): void {
    this.shown += 1;
    this.type("");
    this.busy = null;
    if (this.#hidden) return;
    this.#failed = this.#missed;
    this.#missed = null;
  }

  type(query: string): void {
    this.query = query;
    this.#chosen = null;
    this.#failed = null;
  }

  /** Goes `by` rows down, or up; beyond the last one comes the first. */
  go(by: number): void {
    const many = this.rows.length;
    if (many > 0) this.point((((this.at + by) % many) + many) % many);
  }

  /** Chooses the row at `at`, without doing anything. */
  point(at: number): void {
    this.#chosen = this.rows[at]?.key ?? null;
    this.#failed = null;
  }

  /** Copies what is chosen and goes; where that cannot be, opens the window where it helps. */
  async choose(): Promise<void> {
    const [row, snapshot] = [this.rows[this.at], this.snapshot];
    if (row === undefined || snapshot === null) return this.#openHelp();
    const { title, why, helps } = standing(row, snapshot.vault, clock.now);
    if (why !== null) return this.open(helps);
    await this.#wish(row.key, title, () => door.copy({ account: row.account.name, ...(row.session === null ? {} : { session: row.session.id }) }));
  }

  /** Opens the window and goes. */
  open(place: Place): Promise<void> {
    return this.#wish("window", null, () => door.openWindow(place));
  }

  leave(): void {
    void door.close();
  }

  /** Where there is nothing to choose from, the window says what to do. */
  async #openHelp(): Promise<void> {
    if (this.desk.link === "online" && this.#all.length === 0) await this.open(helpOf(this.snapshot?.vault.state === "open"));
  }

  async #wish(key: string, what: string | null, act: () => Promise<unknown>): Promise<void> {
    if (this.busy !== null || this.desk.link !== "online") return;
    const shown = this.shown;
    this.busy = key;
    this.#failed = null;
    try {
      await act();
      if (shown === this.shown) this.leave();
    } catch (thrown) {
      const failed = { error: asApiError(thrown), what: shown === this.shown ? null : what };
      if (this.#hidden) this.#missed = failed;
      else this.#failed = failed;
    } finally {
      if (shown === this.shown) this.busy = null;
    }
  }
}

/** What helps where there are no accounts: to connect one, unless the vault is what is wrong. */
function helpOf(open: boolean): Place {
  return { page: open ? "connect" : "sessions" };
}

export type { Row };
export const palette = new Palette();
