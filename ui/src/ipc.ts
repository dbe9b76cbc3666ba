// The one door to Rust: every command of `src-tauri/window/commands.rs`, and the updates that it sends.
//
// Nothing here answers a token. A credential goes out once, in `addAccount` (one in a pasted command in `recognize` too), and is kept nowhere; so is a passphrase.
import { Channel, invoke } from "@tauri-apps/api/core";
import { t } from "./messages/index.svelte";
import type { AccountView } from "./types/AccountView";
import type { ApiError } from "./types/ApiError";
import type { Change } from "./types/Change";
import type { ClaimsView } from "./types/ClaimsView";
import type { CopyRequest } from "./types/CopyRequest";
import type { CopyView } from "./types/CopyView";
import type { CreateSession } from "./types/CreateSession";
import type { LogEntry } from "./types/LogEntry";
import type { LogQuery } from "./types/LogQuery";
import type { LogView } from "./types/LogView";
import type { Place } from "./types/Place";
import type { ProviderView } from "./types/ProviderView";
import type { RecognizedView } from "./types/RecognizedView";
import type { RemoveView } from "./types/RemoveView";
import type { RevokeView } from "./types/RevokeView";
import type { SessionView } from "./types/SessionView";
import type { SignIn } from "./types/SignIn";
import type { SignInView } from "./types/SignInView";
import type { Snapshot } from "./types/Snapshot";

/** What the window tells the page; `Update` in `src-tauri/window/feed.rs`. */
export type Update =
  | { event: "snapshot"; snapshot: Snapshot }
  | { event: "changed"; change: Change }
  | ({ event: "focus" } & Place)
  | { event: "logged"; entry: LogEntry }
  | { event: "lost" }
  | { event: "offline"; error: ApiError };

/** `AddAccount` of the local API. It holds a secret, so no type of it is generated for the page. */
export interface NewAccount {
  provider: string;
  name: string;
  base_url: string | null;
  params: Record<string, string>;
  /** Either this is given, or the command that holds it. */
  credential?: string;
  command?: string;
  /** Seconds; `null` where the provider decides. */
  life: number | null;
  pinned: boolean;
}

/** What was known of the agent when the page was loaded: Rust leaves it here, so that the first picture is the one that stays. */
export function present(): Update | null {
  const here = window as { daypassPresent?: Update };
  const update = here.daypassPresent ?? null;
  delete here.daypassPresent;
  return update;
}

/** Follows the agent, from the snapshot of the revision `knows` on where there is one, and answers what to begin with. */
export function subscribe(onUpdate: (update: Update) => void, knows: number | null): Promise<Place> {
  const updates = new Channel<Update>();
  updates.onmessage = onUpdate;
  return call("subscribe", { updates, knows });
}

export const retry = (): Promise<void> => call("retry");
/** Shows the page larger or smaller; 1 is its usual size. A command of Tauri's own. */
export const zoom = (value: number): Promise<void> => call("plugin:webview|set_webview_zoom", { value });
export const close = (): Promise<void> => call("close");
/** Ends Daypass as a whole, and with it this window. */
export const quit = (): Promise<void> => call("quit");
export const providers = (): Promise<ProviderView[]> => call("providers");
export const addAccount = (request: NewAccount): Promise<AccountView> => call("add_account", { request });
/** Who is called by a command, and with what; never the credential in it. `Recognize` of the local API: it may hold a secret. */
export const recognize = (request: { command: string }): Promise<RecognizedView> => call("recognize", { request });
export const tryOut = (): Promise<AccountView[]> => call("try_out");
export const removeAccount = (account: string): Promise<RemoveView> => call("remove_account", { account });
export const refresh = (account: string): Promise<AccountView> => call("refresh", { account });
/** Has the provider asked for its list; what it says comes as an update. */
export const sessions = (account: string): Promise<void> => call("sessions", { account });
export const claims = (account: string, id: string): Promise<ClaimsView> => call("claims", { account, id });
export const undo = (id: string): Promise<void> => call("undo", { id });
export const createSession = (account: string, request: CreateSession): Promise<SessionView> =>
  call("create_session", { account, request });
export const revokeSession = (account: string, id: string, forget: boolean): Promise<RevokeView> =>
  call("revoke_session", { account, id, forget });
export const revokeAll = (account: string): Promise<RevokeView> => call("revoke_all", { account });
export const copy = (request: CopyRequest): Promise<CopyView> => call("copy", { request });
export const log = (query: LogQuery): Promise<LogView> => call("log", { query });
export const openVault = (): Promise<void> => call("open_vault");
export const signIn = (request: SignIn): Promise<SignInView> => call("sign_in", { request });
export const signInState = (id: string): Promise<SignInView> => call("sign_in_state", { id });
/** Changes settings, by what is different; what is in force then comes as an update. */
export const changeSettings = (patch: object): Promise<void> => call("change_settings", { patch });
/** Where everything is; `Places` in `src-tauri/window/data.rs`. */
export interface Places {
  config: string;
  vault: string;
  providers: string;
  log: string;
}
export const places = (): Promise<Places> => call("places");
export const copyPlace = (place: keyof Places): Promise<void> => call("copy_place", { place });
export const openPlace = (place: keyof Places): Promise<void> => call("open_place", { place });
/** Has the user choose a file of this name and writes the export there; `null` where none was chosen. */
export const exportVault = (passphrase: string, name: string): Promise<{ accounts: number; file: string } | null> =>
  call("export_vault", { title: t("settings-export"), name, request: { passphrase } });
/** Has the user choose an export, and answers its name; `null` where none was chosen. */
export const chooseImport = (): Promise<string | null> => call("choose_import", { title: t("settings-import") });
/** Takes in what was chosen. */
export const importVault = (passphrase: string, replace: boolean): Promise<{ added: string[]; replaced: string[]; left_out: string[] }> =>
  call("import_vault", { request: { passphrase, sealed: "", replace } });
export const cancelSignIn = (id: string): Promise<void> => call("cancel_sign_in", { id });

/** Every failure of a command is an `ApiError`, also where Tauri itself refuses (it does so with a bare string). */
export async function call<T>(command: string, args?: Record<string, unknown>): Promise<T> {
  try {
    return await invoke<T>(command, args);
  } catch (error) {
    throw asApiError(error);
  }
}

/** An error of unknown origin in the one shape that the page shows. */
export function asApiError(error: unknown): ApiError {
  if (typeof error === "object" && error !== null && "code" in error && "message" in error) {
    return error as ApiError;
  }
  const why = error instanceof Error ? error.message : String(error);
  return { code: "internal", message: t("app-failed", { why }) };
}
