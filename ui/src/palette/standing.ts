// What can be done with a row of the palette, and how it stands in words.
import { t, sentence } from "../messages/index.svelte";
import { instant, remaining } from "../model/time";
import { healthWord, sessionTitle, stateWord, type Word } from "../model/words";
import type { Place } from "../types/Place";
import type { VaultView } from "../types/VaultView";
import type { Row } from "./rank";

export interface Standing {
  /** What it is called. */
  title: string;
  /** Whose it is. */
  about: string;
  state: Word;
  /** When its token dies; `null` where there is none, or no end of it. */
  expires: string | null;
  /** Why it cannot be copied; `null` where it can. */
  why: string | null;
  /** Where the window helps with that. */
  helps: Place;
}

/** How `row` stands at `now`. */
export function standing(row: Row, vault: VaultView, now: number): Standing {
  const { account, session } = row;
  const over = (at: string | null): boolean => at !== null && instant(at) <= now;
  if (session !== null) {
    const ended = session.state === "expired" || over(session.expires_at);
    return {
      title: sessionTitle(session),
      about: `${account.name} · ${account.title}`,
      state: stateWord(ended ? "expired" : session.state),
      expires: ended ? null : session.expires_at,
      why: hidden(vault) ?? (ended ? t("palette-session-over") : null),
      helps: { page: "sessions", account: account.name, session: session.id },
    };
  }
  const lives = account.freshness !== null && account.freshness !== "expired" && !over(account.expires_at);
  // A refused credential does not kill the token that it opened.
  const needsYou = account.health === "needs_you" && !lives;
  const problem = account.problem === null ? t("words-health-needs-you-means") : sentence(account.problem);
  const well = account.health === "well" && account.freshness !== null;
  return {
    title: account.name,
    about: account.title,
    state: well && account.freshness !== null ? stateWord(lives ? account.freshness : "expired") : healthWord(account, now),
    expires: lives && (remaining(account.expires_at, now) ?? 0) > 0 ? account.expires_at : null,
    why: hidden(vault) ?? (needsYou ? problem : null),
    helps: needsYou ? { page: "sign_in", account: account.name } : { page: "sessions", account: account.name },
  };
}

/** Why no token can be read; `null` where it can. What was read before a failure can still be handed out. */
function hidden(vault: VaultView): string | null {
  return vault.state === "locked" || vault.state === "slow" || vault.state === "absent" ? sentence(vault) : null;
}
