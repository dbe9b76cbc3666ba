// oidc-provider with all in memory, as it is without an adapter: `node oidc-provider.mjs` prints its address and a client's
// id and secret as one line of JSON, and serves until it is killed.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const id = "bench";
const secret = "the benchmark's own, which guards nothing";
const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const address = `127.0.0.1:${server.address().port}`;
  const provider = new Provider(`http://${address}`, {
    clients: [
      {
        client_id: id,
        client_secret: secret,
        grant_types: ["client_credentials"],
        redirect_uris: [],
        response_types: [],
        token_endpoint_auth_method: "client_secret_basic",
      },
    ],
    scopes: ["read"],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true },
      revocation: { enabled: true },
    },
  });
  server.on("request", provider.callback());
  console.log(JSON.stringify({ address, id, secret }));
});
