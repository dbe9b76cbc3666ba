// Every sentence that says what a state means or what an action does, in one place; its texts are in `messages/*/words.ftl`.
import { maybe, t } from "../messages/index.svelte";
import type { AccountView } from "../types/AccountView";
import type { CopyView } from "../types/CopyView";
import type { ProviderView } from "../types/ProviderView";
import type { SessionView } from "../types/SessionView";
import type { VaultView } from "../types/VaultView";
import { countdown, glance, moment, remaining } from "./time";

/** A state as a word, a shape that goes with it, and what it means. */
export interface Word {
  word: string;
  tone: "good" | "half" | "busy" | "warn" | "bad" | "quiet";
  means: string;
}

const STATES: Record<SessionView["state"], Word["tone"]> = {
  fresh: "good",
  stale: "half",
  urgent: "warn",
  expired: "quiet",
  foreign: "quiet",
  orphan: "warn",
};

export function stateWord(state: SessionView["state"]): Word {
  return { word: t(`words-state-${state}`), tone: STATES[state], means: t(`words-state-${state}-means`) };
}

/** How we stand to a session, in two words. */
export function standing(session: SessionView): string {
  if (session.held) return session.current ? t("words-standing-current") : t("words-standing-held");
  return session.state === "orphan" ? t("words-standing-lost") : t("words-standing-not-held");
}

/** What a session is called: its name, else what kind it is. */
export function sessionTitle(session: SessionView): string {
  if (session.name !== null && session.name !== "") return session.name;
  return session.current ? t("words-session-current") : t("words-session-unnamed");
}

/** The health of an account: a word for its shape, and a line that says more. */
export function healthWord(account: AccountView, now: number): Word {
  switch (account.health) {
    case "well":
      return { word: lifeWord(account, now), tone: account.expires_at === null && account.current === null ? "quiet" : "good", means: t("words-health-well") };
    case "refreshing":
      return { word: t("words-health-refreshing"), tone: "busy", means: t("words-health-refreshing-means") };
    case "trouble":
      return { word: retryWord(account, now), tone: "warn", means: t("words-health-trouble-means") };
    case "needs_you":
      return { word: t("words-health-needs-you"), tone: "bad", means: t("words-health-needs-you-means") };
  }
}

function lifeWord(account: AccountView, now: number): string {
  const left = remaining(account.expires_at, now);
  if (left === null) return account.current === null ? t("words-life-unused") : t("words-life-endless");
  return left === 0 ? t("words-life-over") : glance(left);
}

function retryWord(account: AccountView, now: number): string {
  const wait = remaining(account.problem?.retry_at ?? null, now);
  return wait === null || wait === 0 ? t("words-health-trouble") : t("words-health-retry", { wait: countdown(wait) });
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

const VAULTS: Record<Exclude<VaultView["state"], "open">, VaultWord["tone"]> = {
  locked: "warn",
  slow: "busy",
  absent: "bad",
  full: "warn",
  corrupt: "bad",
  failing: "bad",
};

export function vaultWord(state: keyof typeof VAULTS): VaultWord {
  const again = state === "locked" ? t("words-vault-unlock") : t("words-vault-again");
  return {
    title: t(`words-vault-${state}`),
    tone: VAULTS[state],
    note: state === "full" ? t("words-vault-full-note") : "",
    again: state === "slow" ? null : again,
  };
}

/** What can be done to end a session: at the provider, only here, or nothing. */
export type Ending = "revoke" | "forget" | null;

export function ending(session: SessionView, account: AccountView): Ending {
  if (session.state === "expired") return session.held ? "forget" : null;
  if (account.abilities.revoke) return "revoke";
  return session.state === "foreign" ? null : "forget";
}

/** A provider as it is shown: what its definition says, in the language that is spoken. */
export function inWords(provider: ProviderView): ProviderView {
  const say = (what: string, english: string): string => maybe(`provider-${provider.name}-${what}`, english);
  const { label, help } = provider.credential;
  return {
    ...provider,
    about: say("about", provider.about),
    credential: { label: say("credential", label), help: say("credential-help", help) },
    params: provider.params.map((param) => ({
      ...param,
      label: say(`param-${param.key}`, param.label),
      help: say(`param-${param.key}-help`, param.help),
    })),
  };
}

/** What revoking (or forgetting) one session really does at the account's provider, in one sentence. */
export function revokeEffect({ provider, abilities }: AccountView): string {
  return maybe(`provider-${provider}-revoke`, abilities.revoke_effect);
}

/** What revoking all really does there; `null` where it cannot be done. */
export function revokeAllEffect({ provider, abilities }: AccountView): string | null {
  return abilities.revoke_all_effect === null ? null : maybe(`provider-${provider}-revoke-all`, abilities.revoke_all_effect);
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
    const says = [revokeEffect(account)];
    if (session.current) says.push(t("words-ask-revoke-current"));
    return { title: t("words-ask-revoke", { title }), says, confirm: t("words-ask-revoke-yes") };
  }
  const says = abilities.revoke ? [t("words-ask-forget-says")] : [revokeEffect(account)];
  if (lives && session.expires_at !== null) says.push(t("words-ask-forget-lives", { until: moment(session.expires_at, now) }));
  if (!abilities.revoke && abilities.revoke_all_effect !== null) says.push(t("words-ask-forget-instead"));
  return { title: t("words-ask-forget", { title }), says, confirm: t("words-ask-forget-yes") };
}

/** What became of a session that was ended, in one sentence; `until` is the moment until which its token stays valid. */
export function ended(session: SessionView, how: "revoke" | "forget", until: string | null): string {
  const title = sessionTitle(session);
  if (how === "revoke") return t("sessions-ended-revoked", { title });
  return until === null ? t("sessions-ended-forgotten", { title }) : t("sessions-ended-forgotten-lives", { title, until });
}

export function askToRevokeAll(account: AccountView): Question {
  return {
    title: t("words-ask-revoke-all", { account: account.name }),
    says: [revokeAllEffect(account) ?? "", t("words-ask-no-undo")].filter((line) => line !== ""),
    confirm: t("words-ask-revoke-all-yes"),
  };
}

export function askToRemove(account: AccountView): Question {
  return {
    title: t("words-ask-remove", { account: account.name }),
    says: [t("words-ask-remove-says"), t("words-ask-remove-lives")],
    confirm: t("words-ask-remove-yes"),
  };
}

export function copied(view: CopyView, now: number): string {
  return t("words-copied", { account: view.account, seconds: remaining(view.cleared_at, now) ?? 0 });
}
