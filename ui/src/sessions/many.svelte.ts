// Ending many sessions: a few at a time, with what became of each.
import * as ipc from "../ipc";
import { AT_ONCE } from "../model/app.svelte";
import { together } from "../model/together";
import { ending } from "../model/words";
import { sentence } from "../messages/index.svelte";
import type { UndoView } from "../types/UndoView";
import type { Row } from "./rows";

/** The pause after a provider that asks for one without saying how long, in seconds. */
const PAUSE = 5;

/** Sessions that failed for the same reason. */
export interface Failure {
  reason: string;
  rows: Row[];
}

export class Many {
  /** Before the user has said yes, while it is done, and after. */
  stage = $state<"asked" | "under_way" | "over">("asked");
  revoked = $state(0);
  forgotten = $state(0);
  failures = $state.raw<Failure[]>([]);
  /** Until when the provider wants to be left alone, in milliseconds since 1970. */
  pausedUntil = $state<number | null>(null);
  readonly failed = $derived(this.failures.reduce((sum, { rows }) => sum + rows.length, 0));
  readonly done = $derived(this.revoked + this.forgotten + this.failed);
  /** How what was only forgotten is taken back. */
  undo: UndoView[] = [];
  /** What has not been begun: the user said to stop. */
  left: Row[] = [];

  #stopped = false;
  #wake: () => void = () => undefined;

  /** Ends all of `rows` that can be ended. */
  async run(rows: Row[]): Promise<void> {
    this.stage = "under_way";
    this.#stopped = false;
    [this.revoked, this.forgotten, this.failures, this.undo, this.left] = [0, 0, [], [], []];
    await together(rows, AT_ONCE, (row) => this.#end(row));
    this.stage = "over";
  }

  /** Begins no more; what is under way ends. */
  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  async #end(row: Row): Promise<void> {
    const how = ending(row.session, row.account);
    if (how === null) return;
    for (;;) {
      await this.#pause();
      if (this.#stopped) {
        this.left.push(row);
        return;
      }
      try {
        const { undo } = await ipc.revokeSession(row.account.name, row.session.id, how === "forget");
        if (undo !== undefined) this.undo.push(undo);
        if (how === "revoke") this.revoked += 1;
        else this.forgotten += 1;
        return;
      } catch (thrown) {
        const error = ipc.asApiError(thrown);
        // The provider said when to come again: nothing was done, and nothing has failed.
        if (error.code === "rate_limited") this.pausedUntil = Date.now() + (error.retry_after ?? PAUSE) * 1000;
        else return this.#failed(row, sentence(error));
      }
    }
  }

  #failed(row: Row, reason: string): void {
    const same = this.failures.find((failure) => failure.reason === reason);
    const others = this.failures.filter((failure) => failure !== same);
    this.failures = [...others, { reason, rows: [...(same?.rows ?? []), row] }];
  }

  /** Waits as long as the provider wants to be left alone, unless the user stops it. */
  async #pause(): Promise<void> {
    while (this.pausedUntil !== null && !this.#stopped) {
      const wait = this.pausedUntil - Date.now();
      if (wait <= 0) {
        this.pausedUntil = null;
        return;
      }
      const wake = this.#wake;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait);
        this.#wake = () => {
          clearTimeout(timer);
          wake();
          resolve();
        };
      });
    }
  }
}
