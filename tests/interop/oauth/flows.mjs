// Goes through the authority's OAuth flows with `openid-client`: discovery, every grant, revocation, introspection.
//
// Reads {"url", "client", "secret", "auth"} from stdin (a secret is no argument); `auth` is "basic" or "post", how the client
// authenticates. Prints one line of JSON: for each step what became of it, the OAuth error where it was refused. With "only": "token"
// it prints nothing but an access token of the client's own.
import * as oauth from "openid-client";

/** What a refused call says: the RFC's error code, and the sentence beside it. */
async function refused(call) {
  try {
    await call;
  } catch (error) {
    return { error: error.error ?? error.cause?.error ?? error.code, about: error.error_description, status: error.status };
  }
  return { error: null };
}

/** Approves the device as the page's own form would. */
async function approve(url, userCode) {
  const body = new URLSearchParams({ user_code: userCode, decision: "approve" });
  const reply = await fetch(`${url}/device`, { method: "POST", body, headers: { origin: url } });
  return reply.status;
}

async function main() {
  let input = "";
  for await (const part of process.stdin) input += part;
  const { url, client, secret, auth, only } = JSON.parse(input);
  const said = {};
  const shown = (given) => (auth === "basic" ? oauth.ClientSecretBasic(given) : oauth.ClientSecretPost(given));
  const found = (given) =>
    oauth.discovery(new URL(url), client, {}, shown(given), {
      algorithm: "oauth2",
      execute: [oauth.allowInsecureRequests],
    });
  const config = await found(secret);
  if (only === "token") {
    console.log(JSON.stringify((await oauth.clientCredentialsGrant(config, {})).access_token));
    return;
  }
  said.metadata = config.serverMetadata();

  const own = await oauth.clientCredentialsGrant(config, { scope: "read" });
  said.own = { type: own.token_type, scope: own.scope, expires: own.expires_in, refresh: own.refresh_token ?? null };
  const ownFacts = await oauth.tokenIntrospection(config, own.access_token);
  said.ownFacts = { active: ownFacts.active, client: ownFacts.client_id, sub: ownFacts.sub, type: ownFacts.token_type };
  said.wrongSecret = await refused(oauth.clientCredentialsGrant(await found("wrong"), {}));
  said.wrongScope = await refused(oauth.clientCredentialsGrant(config, { scope: "root" }));
  said.wrongGrant = await refused(oauth.genericGrantRequest(config, "password", { username: "x", password: "y" }));

  const begun = await oauth.initiateDeviceAuthorization(config, { scope: "read write" });
  const code = { device_code: begun.device_code };
  const grant = "urn:ietf:params:oauth:grant-type:device_code";
  said.page = begun.verification_uri_complete;
  said.pending = await refused(oauth.genericGrantRequest(config, grant, code));
  said.approved = await approve(url, begun.user_code);
  const signedIn = await oauth.pollDeviceAuthorizationGrant(config, begun);
  said.signedIn = { scope: signedIn.scope, refresh: typeof signedIn.refresh_token };
  const userFacts = await oauth.tokenIntrospection(config, signedIn.access_token);
  said.userIsNotTheClient = userFacts.sub !== client;

  const second = await oauth.refreshTokenGrant(config, signedIn.refresh_token);
  const again = await oauth.refreshTokenGrant(config, signedIn.refresh_token);
  said.lostAnswerIsGivenAgain = second.refresh_token === again.refresh_token;
  const narrow = await oauth.refreshTokenGrant(config, second.refresh_token, { scope: "read" });
  said.narrowed = narrow.scope;
  const third = await oauth.refreshTokenGrant(config, narrow.refresh_token);
  said.whole = third.scope;
  // Older than one step behind: somebody replays what was stolen, and the whole session ends.
  said.replayed = await refused(oauth.refreshTokenGrant(config, signedIn.refresh_token));
  said.afterReplay = await refused(oauth.refreshTokenGrant(config, third.refresh_token));
  said.tokenAfterReplay = (await oauth.tokenIntrospection(config, third.access_token)).active;

  await oauth.tokenRevocation(config, own.access_token);
  said.revoked = await oauth.tokenIntrospection(config, own.access_token);
  await oauth.tokenRevocation(config, own.access_token);
  await oauth.tokenRevocation(config, "no token at all", { token_type_hint: "refresh_token" });
  said.unknown = await oauth.tokenIntrospection(config, "no token at all");
  said.wrongRefresh = await refused(oauth.refreshTokenGrant(config, "dprt_no"));
  console.log(JSON.stringify(said));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
