// The page's one clock: it ticks at each full second while the page is seen, and rests while it is not.
import { instant } from "./time";

class Clock {
  /** Milliseconds since 1970, as the agent counts them. */
  now = $state(Date.now());
  /** How far the agent's clock is ahead of the page's. */
  #ahead = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * A snapshot was taken at `at`, so it is at least that late. It may have been on its way, or kept, for long: an `at`
   * in the past says nothing.
   */
  correct(at: string): void {
    this.#ahead = Math.max(0, instant(at) - Date.now());
    this.#read();
  }

  /** Starts ticking; answers how to stop. */
  start(): () => void {
    const wake = () => (document.hidden ? clearTimeout(this.#timer) : this.#tick());
    document.addEventListener("visibilitychange", wake);
    this.#tick();
    return () => {
      document.removeEventListener("visibilitychange", wake);
      clearTimeout(this.#timer);
    };
  }

  #read(): void {
    this.now = Date.now() + this.#ahead;
  }

  #tick(): void {
    clearTimeout(this.#timer);
    this.#read();
    this.#timer = setTimeout(() => this.#tick(), 1000 - (this.now % 1000));
  }
}

export const clock = new Clock();
