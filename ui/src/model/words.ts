// Every sentence that says what a state means or what an action does, in one place.
import type { AccountView } from "../types/AccountView";
import type { CopyView } from "../types/CopyView";
import type { SessionView } from "../types/SessionView";
import type { VaultView } from "../types/VaultView";
import { countdown, moment, remaining } from "./time";

/** A state as a word, a shape that goes with it, and what it means. */
export interface Word {
  word: string;
  tone: "good" | "half" | "busy" | "warn" | "bad" | "quiet";
  means: string;
}

const STATES: Record<SessionView["state"], Word> = {
  fresh: { word: "Fresh", tone: "good", means: "Its token is held here and has plenty of life left." },
  stale: { word: "Stale", tone: "half", means: "Its token is held here and is due for a refresh." },
  urgent: { word: "Urgent", tone: "warn", means: "Its token is held here and is about to die." },
  expired: { word: "Expired", tone: "quiet", means: "It has ended." },
  foreign: { word: "Foreign", tone: "quiet", means: "It was opened elsewhere; its token is not here." },
  orphan: { word: "Orphan", tone: "warn", means: "It was opened here, but its token was lost. It can only be revoked." },
};

export function stateWord(state: SessionView["state"]): Word {
  return STATES[state];
}

/** How we stand to a session, in two words. */
export function standing(session: SessionView): string {
  if (session.held) return session.current ? "held, current" : "held";
  return session.state === "orphan" ? "token lost" : "not held";
}

/** What a session is called: its name, else what kind it is. */
export function sessionTitle(session: SessionView): string {
  if (session.name !== null && session.name !== "") return session.name;
  return session.current ? "Current session" : "Unnamed session";
}

/** The health of an account: a word for its shape, and a line that says more. */
export function healthWord(account: AccountView, now: number): Word {
  switch (account.health) {
    case "well": {
      const left = remaining(account.expires_at, now);
      const word = left === null ? (account.current === null ? "Not used yet" : "No expiry") : left === 0 ? "Expired" : countdown(left);
      return { word, tone: left === null && account.current === null ? "quiet" : "good", means: "All is well" };
    }
    case "refreshing":
      return { word: "Refreshing…", tone: "busy", means: "A refresh is under way" };
    case "trouble":
      return { word: retryWord(account, now), tone: "warn", means: "A refresh failed; it is tried again by itself" };
    case "needs_you":
      return { word: "Needs you", tone: "bad", means: "Only you can help" };
  }
}

function retryWord(account: AccountView, now: number): string {
  const wait = remaining(account.problem?.retry_at ?? null, now);
  return wait === null || wait === 0 ? "Trouble" : `Retry in ${countdown(wait)}`;
}

/** A state of the vault: what it is called, and what can be done beside waiting. */
export interface VaultWord {
  title: string;
  tone: "busy" | "warn" | "bad";
  /** What still works, where that is sure. */
  note: string;
  /** What the button says that tries to open it; `null` where Daypass waits for an answer already. */
  again: string | null;
}

const VAULTS: Record<Exclude<VaultView["state"], "open">, VaultWord> = {
  locked: { title: "The vault is locked", tone: "warn", note: "", again: "Unlock…" },
  slow: { title: "Waiting for the keyring", tone: "busy", note: "", again: null },
  absent: { title: "The vault has no key", tone: "bad", note: "", again: "Try again" },
  full: { title: "The vault has no room", tone: "warn", note: "Tokens that are held can still be copied.", again: "Try again" },
  corrupt: { title: "The vault is damaged", tone: "bad", note: "", again: "Try again" },
  failing: { title: "The vault cannot be used", tone: "bad", note: "", again: "Try again" },
};

export function vaultWord(state: keyof typeof VAULTS): VaultWord {
  return VAULTS[state];
}

/** What can be done to end a session: at the provider, only here, or nothing. */
export type Ending = "revoke" | "forget" | null;

export function ending(session: SessionView, account: AccountView): Ending {
  if (session.state === "expired") return session.held ? "forget" : null;
  if (account.abilities.revoke) return "revoke";
  return session.state === "foreign" ? null : "forget";
}

/** A question before something that cannot be undone. */
export interface Question {
  title: string;
  /** What it really does, a paragraph each. */
  says: string[];
  confirm: string;
}

export function askToEnd(session: SessionView, account: AccountView, how: "revoke" | "forget", now: number): Question {
  const { abilities } = account;
  const title = sessionTitle(session);
  const lives = session.expires_at !== null && (remaining(session.expires_at, now) ?? 0) > 0;
  if (how === "revoke") {
    const says = [abilities.revoke_effect];
    if (session.current) says.push("It is the current session; a new one is opened at the next use.");
    return { title: `Revoke “${title}”?`, says, confirm: "Revoke" };
  }
  const says = abilities.revoke ? ["It is forgotten here."] : [abilities.revoke_effect];
  if (lives && session.expires_at !== null) says.push(`Its token stays valid until ${moment(session.expires_at, now)}.`);
  if (!abilities.revoke && abilities.revoke_all_effect !== null) {
    says.push("To end it at once, revoke all sessions of this account.");
  }
  return { title: `Forget “${title}” here?`, says, confirm: "Forget here" };
}

export function askToRevokeAll(account: AccountView): Question {
  return {
    title: `Revoke all sessions of “${account.name}”?`,
    says: [account.abilities.revoke_all_effect ?? "", "This cannot be undone."].filter((line) => line !== ""),
    confirm: "Revoke all",
  };
}

export function askToRemove(account: AccountView): Question {
  return {
    title: `Remove “${account.name}”?`,
    says: [
      "Its credential and its tokens are deleted from this computer.",
      "Nothing is revoked: its sessions stay valid until they expire.",
    ],
    confirm: "Remove",
  };
}

export function copied(view: CopyView, now: number): string {
  const seconds = remaining(view.cleared_at, now) ?? 0;
  return `Token of “${view.account}” copied. The clipboard is cleared in ${seconds} s.`;
}
