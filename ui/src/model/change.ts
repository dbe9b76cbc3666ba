// How a snapshot becomes the next one by what has changed: `Snapshot::apply` in `src-tauri/api/src/change.rs`. What has not
// changed stays the very same object, so that nothing of it is worked out or drawn again.
import type { AccountView } from "../types/AccountView";
import type { Change } from "../types/Change";
import type { SessionPut } from "../types/SessionPut";
import type { SessionView } from "../types/SessionView";
import type { Snapshot } from "../types/Snapshot";

export function changed(snapshot: Snapshot, { names, accounts, ...rest }: Change): Snapshot {
  const known = new Map(snapshot.accounts.map((account) => [account.name, account]));
  for (const { account, gone, put } of accounts) {
    known.set(account.name, { ...account, sessions: placed(known.get(account.name)?.sessions ?? [], gone, put) });
  }
  const all = names.map((name) => known.get(name));
  return { ...rest, accounts: all.filter((account): account is AccountView => account !== undefined) };
}

function placed(before: SessionView[], gone: string[], put: SessionPut[]): SessionView[] {
  if (gone.length === 0 && put.length === 0) return before;
  const leaves = new Set([...gone, ...put.map(({ session }) => session.id)]);
  const kept = before.filter((session) => !leaves.has(session.id));
  const after: SessionView[] = [];
  let next = 0;
  for (const { at, session } of put) {
    while (after.length < at && next < kept.length) after.push(kept[next++] as SessionView);
    after.push(session);
  }
  return after.concat(next === 0 ? kept : kept.slice(next));
}
