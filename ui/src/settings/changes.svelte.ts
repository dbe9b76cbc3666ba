// Changes of settings on their way: each is applied at once, shown at once, and goes back where it fails.
import { SvelteMap } from "svelte/reactivity";
import { asApiError, changeSettings } from "../ipc";
import { sentence } from "../messages/index.svelte";
import { app } from "../model/app.svelte";

/** How long a change that was made is shown as it was asked for: its snapshot has come by then. In milliseconds. */
const CATCH_UP = 1000;

type Value = boolean | number | string;
interface Asked {
  value: Value;
}

/** The settings as the page shows them. A key is written as `daypass settings` names it: `clipboard.clear_after`. */
class Changes {
  /** What was asked for and is not in the snapshot yet. */
  readonly #asked = new SvelteMap<string, Asked>();
  readonly #problems = new SvelteMap<string, string>();

  /** What is in force, or was asked for a moment ago. */
  value<T extends Value>(key: string): T {
    const asked = this.#asked.get(key);
    if (asked !== undefined) return asked.value as T;
    let found: unknown = app.snapshot?.settings.settings;
    for (const name of key.split(".")) found = (found as Record<string, unknown> | undefined)?.[name];
    return found as T;
  }

  /** Why the last change of it failed. */
  problem(key: string): string | null {
    return this.#problems.get(key) ?? null;
  }

  /** Asks for a change. Answers whether it was made. */
  async set(key: string, value: Value): Promise<boolean> {
    this.#problems.delete(key);
    if (this.value(key) === value) return true;
    const asked = { value };
    this.#asked.set(key, asked);
    const forget = (): void => {
      // Perhaps the next change has come meanwhile.
      if (this.#asked.get(key) === asked) this.#asked.delete(key);
    };
    try {
      await changeSettings(key.split(".").reduceRight<object | Value>((inner, name) => ({ [name]: inner }), value) as object);
      setTimeout(forget, CATCH_UP);
      return true;
    } catch (error) {
      if (this.#asked.get(key) === asked) this.#problems.set(key, sentence(asApiError(error)));
      forget();
      return false;
    }
  }

  /** Says why a value is not even asked for. */
  refuse(key: string, why: string): void {
    this.#problems.set(key, why);
  }

  /** Forgets what went wrong: the page is looked at anew. */
  begin(): void {
    this.#problems.clear();
    this.#asked.clear();
  }
}

export const changes = new Changes();
