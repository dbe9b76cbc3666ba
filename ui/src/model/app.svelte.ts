// The page's state and its actions: what is shown, what is under way, and what was just said.
import { SvelteSet } from "svelte/reactivity";
import * as ipc from "../ipc";
import { sentence, t } from "../messages/index.svelte";
import type { AccountView } from "../types/AccountView";
import type { LogEntry } from "../types/LogEntry";
import type { Place } from "../types/Place";
import type { SessionView } from "../types/SessionView";
import type { UndoView } from "../types/UndoView";
import type { Row } from "../sessions/rows";
import { clock } from "./clock.svelte";
import { history } from "./history.svelte";
import { reduce, snapshotOf, START, type Desk } from "./state";
import { instant, moment } from "./time";
import { together } from "./together";
import { askToEnd, askToRemove, askToRevokeAll, copied, ended, type Question } from "./words";

/** How long a toast stays, in milliseconds; an error stays until it is closed. */
const TOAST_LIFE = 6000;
/** How many toasts are shown at once; the oldest goes first. */
const TOASTS = 4;
/** How many calls of one action are under way at once. */
export const AT_ONCE = 4;

/** What is said, in the language in which it is read: asked for whenever it is drawn. */
export type Words = () => string;

export interface Toast {
  id: number;
  tone: "good" | "bad";
  text: Words;
  /** How what was done can be taken back; by several steps, where it was done to several. */
  undo: UndoView[];
}

/** What an action has done: one sentence, and how it is taken back where it can be. */
export interface Done {
  text: Words;
  undo?: UndoView | undefined;
}

/** A session, and whose. */
export interface Opened {
  account: string;
  session: string;
}

/** What the form that connects an account begins with, where one is to get a new credential. */
export type Prefill = Pick<AccountView, "provider" | "name" | "base_url" | "params">;

/** The dialog that is open. */
export type Dialog =
  | { kind: "new_session"; account: string }
  | { kind: "shortcuts" }
  | { kind: "export" }
  | { kind: "import"; file: string }
  | { kind: "end_many"; rows: Row[] }
  | { kind: "confirm"; question: () => Question; act: () => Promise<Done> };

export class App {
  desk = $state.raw<Desk>(START);
  view = $state<"sessions" | "connect" | "history" | "timeline" | "settings">("sessions");
  /** The account that is looked at; `null` for all of them. */
  selected = $state<string | null>(null);
  /** The session whose details are shown beside the list. */
  opened = $state.raw<Opened | null>(null);
  /** What was written into the history last, while the page listens. */
  heard = $state.raw<LogEntry | null>(null);
  prefill = $state.raw<Prefill | null>(null);
  dialog = $state.raw<Dialog | null>(null);
  toasts = $state<Toast[]>([]);
  /** The actions that are under way, by key. */
  readonly busy = new SvelteSet<string>();
  /** Who wants to know of each entry of the history, or that there is an agent again that may have written more. */
  readonly followers = new Set<(news: LogEntry | "found") => void>();

  readonly snapshot = $derived(snapshotOf(this.desk));
  readonly accounts = $derived(this.snapshot?.accounts ?? []);
  readonly account = $derived(this.accounts.find((account) => account.name === this.selected) ?? null);
  readonly creators = $derived(this.accounts.filter((account) => account.abilities.create !== null));

  #wanted: Place | null = null;
  #toast = 0;

  /** Follows the agent from now on. */
  async start(): Promise<void> {
    const present = ipc.present();
    if (present !== null) this.take(present);
    try {
      const knows = present?.event === "snapshot" ? present.snapshot.revision : null;
      this.show(await ipc.subscribe((update) => this.take(update), knows));
    } catch (error) {
      this.take({ event: "offline", error: ipc.asApiError(error) });
    }
  }

  /** Takes one update in. */
  take(update: ipc.Update): void {
    const found = update.event === "snapshot" && this.desk.link !== "online";
    this.desk = reduce(this.desk, update);
    if (update.event === "snapshot") {
      clock.correct(update.snapshot.at);
      if (this.#wanted !== null) this.show(this.#wanted);
    }
    if (update.event === "changed") clock.correct(update.change.at);
    if (update.event === "focus") this.show(update);
    if (update.event === "logged") this.heard = update.entry;
    const news = update.event === "logged" ? update.entry : found ? "found" : null;
    if (news !== null) for (const follow of this.followers) follow(news);
    if (this.view !== "history") return;
    if (update.event === "logged") history.take(update.entry);
    // What was written while there was no agent to tell it is only found by asking.
    else if (found) void history.refresh();
  }

  /** Shows a page that was asked for from outside; as soon as there are accounts to show it with. */
  show(place: Place): void {
    if (this.snapshot === null) {
      this.#wanted = place;
      return;
    }
    this.#wanted = null;
    const account = place.account ?? null;
    if (account !== null && place.page !== "history") this.select(account);
    if (account !== null && place.session !== undefined && place.page === "sessions") this.opened = { account, session: place.session };
    if (place.page === "connect") this.connect();
    if (place.page === "sign_in" && this.account !== null) this.connect(this.account);
    if (place.page === "new_session") this.newSession();
    if (place.page === "history") this.lookBack(account);
    if (place.page === "timeline") this.timeline();
    if (place.page === "settings") this.settings();
  }

  /** Looks at one account, or at all. */
  select(account: string | null): void {
    if (this.opened !== null && account !== null && account !== this.opened.account) this.opened = null;
    this.selected = account;
    this.view = "sessions";
    this.prefill = null;
  }

  /** Shows the history, of one account or of all. */
  lookBack(account: string | null): void {
    this.dialog = null;
    this.prefill = null;
    this.view = "history";
    history.choose(account);
  }

  /** Shows the lives of all sessions on one line of time. */
  timeline(): void {
    this.dialog = null;
    this.prefill = null;
    this.view = "timeline";
  }

  /** Shows what the user may choose. */
  settings(): void {
    this.dialog = null;
    this.prefill = null;
    this.view = "settings";
  }

  /** Tries to open the vault; the keyring may ask for its password. That it is open is seen without a word. */
  async openVault(): Promise<void> {
    if (this.busy.has("vault")) return;
    this.busy.add("vault");
    try {
      await ipc.openVault();
    } catch (error) {
      this.#sayWhy(error);
    } finally {
      this.busy.delete("vault");
    }
  }

  /** Opens the form that connects an account. */
  connect(prefill: Prefill | null = null): void {
    this.dialog = null;
    this.prefill = prefill;
    this.view = "connect";
  }

  /** Opens the form for a new session, for the account that is looked at where it can have one. */
  newSession(): void {
    const account = this.creators.find((account) => account.name === this.selected) ?? this.creators[0];
    if (account !== undefined) this.dialog = { kind: "new_session", account: account.name };
    else if (this.accounts.length === 0) this.connect();
    else this.say("bad", () => t("app-no-creator"));
  }

  copy(account: AccountView, session?: SessionView): Promise<void> {
    const request = session === undefined ? { account: account.name } : { account: account.name, session: session.id };
    return this.#run(`copy:${account.name}:${session?.id ?? ""}`, async () => {
      const view = await ipc.copy(request);
      const { now } = clock;
      return () => copied(view, now);
    });
  }

  /** Refreshes the token, and the list where the provider has one. */
  refresh(account: AccountView): Promise<void> {
    return this.#run(`refresh:${account.name}`, async () => {
      await ipc.refresh(account.name);
      if (account.abilities.list) await ipc.sessions(account.name);
      return () => t("app-is-fresh", { account: account.name });
    });
  }

  /** Asks the provider for its list, without a word: what is wrong with the account is shown in its place. */
  async relist(account: string): Promise<void> {
    try {
      await ipc.sessions(account);
    } catch {
      // The agent's next snapshot says it better than a toast that nobody asked for.
    }
  }

  askToEnd(account: AccountView, session: SessionView, how: "revoke" | "forget"): void {
    const asked = clock.now;
    this.#ask(() => askToEnd(session, account, how, asked), async () => {
      const { undo, valid_until } = await ipc.revokeSession(account.name, session.id, how === "forget");
      const { now } = clock;
      return { text: () => ended(session, how, valid_until === null ? null : moment(valid_until, now)), undo };
    });
  }

  askToRevokeAll(account: AccountView): void {
    this.#ask(() => askToRevokeAll(account), async () => {
      const told = await ipc.revokeAll(account.name);
      return { text: () => sentence(told) };
    });
  }

  askToRemove(account: AccountView): void {
    this.#ask(() => askToRemove(account), async () => {
      const { undo } = await ipc.removeAccount(account.name);
      this.select(null);
      return { text: () => t("app-was-removed", { account: account.name }), undo };
    });
  }

  /** Says something for a while; an error until it is closed, and what can be taken back for as long as it can. */
  say(tone: Toast["tone"], text: Words, undo: UndoView[] = []): void {
    const id = ++this.#toast;
    // What is said again stands there once.
    const others = this.toasts.filter((toast) => toast.tone !== tone || toast.text() !== text() || toast.undo.length > 0);
    this.toasts = [...others.slice(1 - TOASTS), { id, tone, text, undo }];
    const ends = undo.map(({ until }) => instant(until) - clock.now);
    if (tone === "good") setTimeout(() => this.unsay(id), ends.length === 0 ? TOAST_LIFE : Math.max(0, Math.min(...ends)));
  }

  /** Whether what a message says was done can still be taken back: its timer is late where the machine was asleep. */
  canTakeBack({ undo }: Toast): boolean {
    return undo.length > 0 && undo.every(({ until }) => instant(until) > clock.now);
  }

  /** Takes back what a message says was done. */
  async takeBack(toast: Toast): Promise<void> {
    this.unsay(toast.id);
    const failed: unknown[] = [];
    await together(toast.undo, AT_ONCE, async ({ id }) => {
      try {
        await ipc.undo(id);
      } catch (error) {
        failed.push(error);
      }
    });
    if (failed.length === 0) this.say("good", () => t("sessions-taken-back"));
    else this.#sayWhy(failed[0]);
  }

  unsay(id: number): void {
    this.toasts = this.toasts.filter((toast) => toast.id !== id);
  }

  /** The dialog does `act` when it is confirmed, and shows why where that fails. */
  #ask(question: () => Question, act: () => Promise<Done>): void {
    this.dialog = { kind: "confirm", question, act };
  }

  /** One action of a key at a time; says how it went. */
  async #run(key: string, act: () => Promise<Words>): Promise<void> {
    if (this.busy.has(key)) return;
    this.busy.add(key);
    try {
      this.say("good", await act());
    } catch (error) {
      this.#sayWhy(error);
    } finally {
      this.busy.delete(key);
    }
  }

  /** Says why something failed. */
  #sayWhy(thrown: unknown): void {
    const error = ipc.asApiError(thrown);
    this.say("bad", () => sentence(error));
  }
}

export { sentence };

export const app = new App();
