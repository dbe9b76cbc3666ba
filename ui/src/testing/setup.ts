// What jsdom lacks and the page or its tests need: modal dialogs, and a canvas that says that it is none.
import { vi } from "vitest";

HTMLDialogElement.prototype.showModal = function (this: HTMLDialogElement) {
  this.open = true;
  // The browser turns Esc into `cancel` on the open dialog.
  this.addEventListener("keydown", (event) => {
    if (event.key === "Escape") this.dispatchEvent(new Event("cancel", { cancelable: true }));
  });
  this.querySelector<HTMLElement>("[autofocus], button, input, select")?.focus();
};

// jsdom lays nothing out, so nothing changes its size, and nothing is scrolled.
Element.prototype.scrollIntoView ??= () => undefined;
Element.prototype.scrollTo ??= () => undefined;
/** Only a list of rows is told its size, for of its rows only those in view are made: it is as high as ten of them. */
globalThis.ResizeObserver = class {
  readonly #told: ResizeObserverCallback;
  constructor(told: ResizeObserverCallback) {
    this.#told = told;
  }
  observe(target: HTMLElement): void {
    if (target.closest('[role="rowgroup"]') === null) return;
    const height = target.style.position === "absolute" ? 48 : 480;
    const contentRect = { width: 800, height } as DOMRectReadOnly;
    queueMicrotask(() => this.#told([{ target, contentRect } as unknown as ResizeObserverEntry], this));
  }
  unobserve(): void {}
  disconnect(): void {}
};
Object.defineProperty(HTMLElement.prototype, "offsetParent", {
  get(this: HTMLElement) {
    return this.parentElement;
  },
});

// Tests are written in the words and dates of one country.
Object.defineProperty(navigator, "languages", { value: ["en-GB"] });

// axe-core measures text on a canvas where there is one.
HTMLCanvasElement.prototype.getContext = () => null;

// No test may reach Rust; what a test needs of it, it says.
vi.mock("@tauri-apps/api/core", () => ({
  Channel: class {
    onmessage: (message: unknown) => void = () => undefined;
  },
  invoke: vi.fn(() => Promise.reject(new Error("not mocked"))),
}));
