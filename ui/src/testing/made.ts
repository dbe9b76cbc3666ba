// Made-up accounts, sessions and providers, at a fixed moment.
import type { AccountView } from "../types/AccountView";
import type { Abilities } from "../types/Abilities";
import type { LogEntry } from "../types/LogEntry";
import type { ProviderView } from "../types/ProviderView";
import type { SessionView } from "../types/SessionView";
import type { Settings } from "../types/Settings";
import type { Snapshot } from "../types/Snapshot";

/** 20 November 2026, 14:00:00 UTC. */
export const NOW = Date.UTC(2026, 10, 20, 14, 0, 0);

/** The instant `seconds` after NOW, as on the wire. */
export function at(seconds: number): string {
  return new Date(NOW + seconds * 1000).toISOString();
}

/** What a provider such as AntiRaid can do. */
export const LISTING: Abilities = {
  list: true,
  create: { name_is_sent: true, life: { min: 1, max: 3_153_600_000, default: 604_800 } },
  revoke: true,
  revoke_effect: "The session is deleted; its token is refused at once.",
  revoke_all_effect: "Every session is deleted, one by one.",
  sign_in: false,
};

/** What a provider such as Discovr can do. */
export const MINTING: Abilities = {
  list: false,
  create: null,
  revoke: false,
  revoke_effect: "A single session cannot be revoked there; it is forgotten here.",
  revoke_all_effect: "You are signed out; session tokens live on until they expire.",
  sign_in: true,
};

export function session(over: Partial<SessionView> = {}): SessionView {
  return {
    account: "work",
    id: "s1",
    name: "ci",
    type: "api",
    created_at: at(-600),
    expires_at: at(1920),
    state: "fresh",
    held: true,
    current: false,
    fingerprint: "5f2b6c1a",
    ...over,
  };
}

export function account(over: Partial<AccountView> = {}): AccountView {
  const sessions = over.sessions ?? [session({ current: true })];
  const current = sessions.find((session) => session.current) ?? null;
  return {
    name: "work",
    provider: "antiraid",
    title: "AntiRaid",
    base_url: "https://api.antiraid.test",
    params: {},
    health: "well",
    freshness: "fresh",
    refreshing: false,
    problem: null,
    current: current?.id ?? null,
    expires_at: current?.expires_at ?? null,
    next_refresh_at: null,
    last_used_at: null,
    pinned: false,
    abilities: LISTING,
    sessions,
    ...over,
  };
}

/** What is in force where the user has chosen nothing: `Settings::default` in `src-tauri/api/src/settings.rs`. */
export const SETTINGS: Settings = {
  start_at_login: false,
  appearance: { theme: "system", language: "system" },
  clipboard: { clear_after: 45 },
  notifications: { copied: true, copied_is_over: true, trouble: true, needs_you: true, vault: true, revoked: true },
  quick_copy: { shortcut: "", keep_warm: false },
  refresh: { keep_fresh: "used", paused: false },
  authority: { enabled: false, port: 7277 },
};

let revision = 0;

/** A snapshot, later than every one before it. */
export function snapshot(accounts: AccountView[], over: Partial<Snapshot> = {}): Snapshot {
  return { revision: ++revision, at: at(0), vault: { state: "open" }, settings: { settings: SETTINGS, file: "~/.config/daypass/config.toml", error: null, shortcut: { state: "off" }, authority: { state: "off" } }, accounts, ...over };
}

export function provider(over: Partial<ProviderView> = {}): ProviderView {
  return {
    name: "antiraid",
    title: "AntiRaid",
    about: "Sessions with a name and a life of your choice.",
    base_url: "https://api.antiraid.test",
    credential: { label: "Login token", help: "From a login in the browser." },
    params: [],
    abilities: LISTING,
    own: false,
    ...over,
  };
}

let entries = 0;

/** An entry of the history, later than every one before it. */
export function entry(over: Partial<LogEntry> = {}): LogEntry {
  return {
    id: ++entries,
    at: at(-60),
    account: "work",
    event: "refreshed",
    code: null,
    reason: null,
    session: "s1",
    fingerprint: "ba7816bf8f01",
    duration_ms: 120,
    ...over,
  };
}
