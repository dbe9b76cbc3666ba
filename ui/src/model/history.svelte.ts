// The history as far as it has been read: newest first, narrowed down, and growing at both ends.
import { SvelteSet } from "svelte/reactivity";
import * as ipc from "../ipc";
import type { ApiError } from "../types/ApiError";
import type { LogEntry } from "../types/LogEntry";
import { kindOf, type Kind } from "./events";

/** How many entries are asked for at once. */
const PAGE = 100;
/** How many are kept while new ones come in; what is beyond can be read again. */
const MOST = 5000;

export class History {
  /** Newest first, of `account` alone where one is chosen. */
  entries = $state.raw<LogEntry[]>([]);
  /** What came while the reader was further down; it would push away what is being read. */
  waiting = $state.raw<LogEntry[]>([]);
  account = $state<string | null>(null);
  kind = $state<Kind | null>(null);
  /** Whether there are older entries. */
  more = $state(false);
  /** Whether anything has been read since the account was chosen. */
  read = $state(false);
  loading = $state(false);
  error = $state.raw<ApiError | null>(null);
  /** Whether the reader is further down. */
  held = false;
  /** The entries that came in by themselves, which are seen to come. */
  readonly arrived = new SvelteSet<number>();

  readonly shown = $derived(
    this.kind === null ? this.entries : this.entries.filter((entry) => kindOf(entry.event) === this.kind),
  );

  /** Counts the questions, so that an answer to an older one is not taken for that to the last. */
  #asked = 0;

  /** Begins anew, with all accounts or one. */
  choose(account: string | null): void {
    this.account = account;
    this.entries = [];
    this.waiting = [];
    this.arrived.clear();
    this.more = false;
    this.read = false;
    this.held = false;
    void this.refresh();
  }

  /** Reads the newest entries again; what is shown stays meanwhile. */
  async refresh(): Promise<void> {
    await this.#ask(undefined, (view) => {
      const newest = view.entries[0]?.id ?? 0;
      const overlaps = this.read && view.entries.some((entry) => entry.id === this.entries[0]?.id);
      // Where there may be a gap between what is known and what is newest, only the newest is whole.
      const known = overlaps ? this.entries : this.entries.filter((entry) => entry.id > newest);
      this.entries = merge(view.entries, known);
      if (!overlaps) this.more = view.more;
      this.waiting = [];
      this.read = true;
    });
  }

  /** Reads the next older entries. */
  async older(): Promise<void> {
    const last = this.entries.at(-1);
    if (this.loading || !this.more || last === undefined) return;
    await this.#ask(last.id, (view) => {
      this.entries = merge(this.entries, view.entries);
      this.more = view.more;
    });
  }

  /** Takes in what was just written. */
  take(entry: LogEntry): void {
    if (this.account !== null && entry.account !== this.account) return;
    if (this.held) {
      this.waiting = merge([entry], this.waiting);
      return;
    }
    this.arrived.add(entry.id);
    this.entries = merge([entry], this.entries);
    if (this.entries.length > MOST) {
      this.entries = this.entries.slice(0, MOST);
      this.more = true;
    }
  }

  /** Shows what has been waiting. */
  release(): void {
    this.held = false;
    this.entries = merge(this.waiting, this.entries);
    this.waiting = [];
  }

  async #ask(before: number | undefined, then: (view: Awaited<ReturnType<typeof ipc.log>>) => void): Promise<void> {
    const asked = ++this.#asked;
    this.loading = true;
    this.error = null;
    try {
      const view = await ipc.log({
        limit: PAGE,
        ...(this.account === null ? {} : { account: this.account }),
        ...(before === undefined ? {} : { before }),
      });
      if (asked === this.#asked) then(view);
    } catch (thrown) {
      if (asked === this.#asked) this.error = ipc.asApiError(thrown);
    } finally {
      if (asked === this.#asked) this.loading = false;
    }
  }
}

/** The entries of both, each once, newest first. */
function merge(some: LogEntry[], others: LogEntry[]): LogEntry[] {
  const known = new Map([...others, ...some].map((entry) => [entry.id, entry]));
  return [...known.values()].sort((a, b) => b.id - a.id);
}

export const history = new History();
