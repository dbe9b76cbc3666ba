// Verifies access tokens with `jose` by the keys that the authority publishes, and tries what a forger would.
//
// Reads {"url", "tokens", "forged"} from stdin (a token is no argument). Prints one line of JSON for each of `tokens`: the `kid` of
// its key and the claims, or the code of the error; then one for each of `forged`.
import { createRemoteJWKSet, jwtVerify } from "jose";

async function main() {
  let input = "";
  for await (const part of process.stdin) input += part;
  const { url, tokens, forged } = JSON.parse(input);
  const keys = createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`));
  const expected = { issuer: url, audience: url, typ: "at+jwt", requiredClaims: ["sub", "client_id", "jti", "iat", "exp"] };

  async function tried(token, options) {
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keys, { ...expected, ...options });
      return { kid: protectedHeader.kid, alg: protectedHeader.alg, sub: payload.sub };
    } catch (error) {
      return { error: error.code };
    }
  }

  for (const token of tokens) {
    const said = {
      good: await tried(token, {}),
      issuer: await tried(token, { issuer: "http://other.example" }),
      audience: await tried(token, { audience: "http://other.example" }),
      typ: await tried(token, { typ: "JWT" }),
      algorithm: await tried(token, { algorithms: ["RS256", "HS256"] }),
      late: await tried(token, { currentDate: new Date(Date.now() + 3_600_000) }),
    };
    console.log(JSON.stringify(said));
  }
  for (const token of forged) console.log(JSON.stringify(await tried(token, {})));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
