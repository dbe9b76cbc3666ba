// What the user is about to connect: the provider, what has been filled in, and how the last attempt went.
import { addAccount, asApiError, recognize, signIn } from "../ipc";
import { lifeProblem, parseLife } from "../model/life";
import type { Prefill } from "../model/app.svelte";
import type { ApiError } from "../types/ApiError";
import type { LifeForm } from "../types/LifeForm";
import type { ProviderView } from "../types/ProviderView";
import type { SignInView } from "../types/SignInView";

/** Whether a text that was pasted somewhere is meant as a command. */
export function isCommand(text: string): boolean {
  return /^\s*(?:[$%>]\s*)?(?:\S*\/)?curl(?:\.exe)?\s/.test(text);
}

export class Draft {
  /** Counts up whenever the form begins anew. */
  round = $state(0);
  /** `null` while the question is what to connect. */
  provider = $state.raw<ProviderView | null>(null);
  name = $state("");
  baseUrl = $state("");
  params = $state<Record<string, string>>({});
  life = $state("");
  pinned = $state(false);
  way = $state<"code" | "credential">("credential");
  /** Whether the credential is in a command that was pasted. */
  pasted = $state(false);
  error = $state.raw<ApiError | null>(null);
  /** What is wrong with the text that was pasted. */
  pasteError = $state.raw<ApiError | null>(null);
  busy = $state(false);
  pending = $state.raw<SignInView | null>(null);

  /** The command that was pasted. It holds a credential, so it is no part of the state, and goes with the first attempt. */
  #command = "";
  /** Whether the user has given the name. */
  #named = false;

  /** Where an account is to get a new credential, it is in `prefill`; the `taken` names are not free for another. */
  constructor(
    readonly prefill: Prefill | null,
    private readonly taken: () => string[],
  ) {
    if (prefill === null) return;
    this.#named = true;
    this.name = prefill.name;
    this.baseUrl = prefill.base_url;
    for (const [key, value] of Object.entries(prefill.params)) this.params[key] = value ?? "";
  }

  /** The life that may be chosen for the current session; `null` where none may. */
  get lifeForm(): LifeForm | null {
    return this.prefill === null ? (this.provider?.abilities.create?.life ?? null) : null;
  }

  get lifeProblem(): string | null {
    return this.lifeForm === null ? null : lifeProblem(this.life, this.lifeForm);
  }

  get byCode(): boolean {
    return this.provider?.abilities.sign_in === true && this.way === "code";
  }

  /** Where the provider is going to be asked. */
  get address(): string {
    return this.baseUrl.trim() || (this.provider?.base_url ?? "");
  }

  /** Takes a provider; what has been typed stays where it still has a meaning. */
  choose(provider: ProviderView): void {
    this.forget();
    this.round++;
    this.provider = provider;
    this.error = null;
    this.pasteError = null;
    if (this.prefill === null) this.baseUrl = "";
    else if (this.baseUrl === provider.base_url) this.baseUrl = "";
    if (!this.#named) this.name = this.#free(provider.name);
    this.way = provider.abilities.sign_in ? "code" : "credential";
    for (const param of provider.params) this.params[param.key] ??= param.default ?? "";
  }

  /** Back to the question. */
  leave(): void {
    this.forget();
    this.provider = null;
    this.error = null;
    this.pending = null;
  }

  /** What the user calls it. */
  call(name: string): void {
    this.name = name;
    this.#named = name !== "";
  }

  /** Takes what a command says, of which the agent finds out whom it calls. */
  async paste(text: string, offered: ProviderView[]): Promise<void> {
    if (this.busy) return;
    this.pasteError = null;
    this.busy = true;
    try {
      const found = await recognize({ command: text });
      const provider = offered.find((one) => one.name === found.provider);
      if (provider === undefined || (this.prefill !== null && found.provider !== this.prefill.provider)) {
        this.pasteError = { code: "bad_request", message: "", said: { id: "connect-paste-other", args: { title: provider?.title ?? found.provider } } };
        return;
      }
      this.choose(provider);
      this.baseUrl = found.base_url ?? this.baseUrl;
      for (const [key, value] of Object.entries(found.params)) this.params[key] = value ?? "";
      if (found.credential) {
        this.#command = text;
        this.pasted = true;
      }
      // A command shows how to call with a credential, even where it only has a placeholder for it.
      this.way = "credential";
    } catch (thrown) {
      this.pasteError = asApiError(thrown);
    } finally {
      this.busy = false;
    }
  }

  /** Lets go of the command that was pasted. */
  forget(): void {
    this.#command = "";
    this.pasted = false;
  }

  /** Connects with `credential`, or with the pasted command in its place. The account's name; `null` where it did not work. */
  async connect(credential: string): Promise<string | null> {
    const asked = this.#asked();
    if (asked === null) return null;
    const secret = this.pasted ? { command: this.#command } : { credential };
    this.forget();
    const life = this.lifeForm === null ? null : parseLife(this.life);
    const added = await this.#attempt(() => addAccount({ base_url: null, ...asked, ...secret, life, pinned: this.pinned }));
    return added?.name ?? null;
  }

  /** Begins a sign-in by code. */
  async begin(): Promise<void> {
    const asked = this.#asked();
    if (asked === null) return;
    this.pending = await this.#attempt(() => signIn(asked));
  }

  /** What is wrong with this part of the form. */
  problem(field: string): ApiError | null {
    return this.error?.field === field ? this.error : null;
  }

  #asked(): { provider: string; name: string; params: Record<string, string>; base_url?: string } | null {
    if (this.provider === null || this.busy) return null;
    const given = this.provider.params.map((param) => [param.key, this.params[param.key]?.trim() ?? ""] as const);
    const params = Object.fromEntries(given.filter(([, value]) => value !== ""));
    const asked = { provider: this.provider.name, name: this.name.trim(), params };
    const url = this.baseUrl.trim();
    return url === "" ? asked : { ...asked, base_url: url };
  }

  /** One attempt at a time; what went wrong is kept for the form. */
  async #attempt<T>(act: () => Promise<T>): Promise<T | null> {
    this.busy = true;
    this.error = null;
    try {
      return await act();
    } catch (thrown) {
      this.error = asApiError(thrown);
      return null;
    } finally {
      this.busy = false;
    }
  }

  /** The provider's name, with a number where it is taken. */
  #free(wish: string): string {
    const taken = new Set(this.taken());
    let free = wish;
    for (let n = 2; taken.has(free); n++) free = `${wish}-${n}`;
    return free;
  }
}
