// better-auth with its sessions in a durable SQLite file: `node better-auth.mjs FILE` prints its address and a user's
// e-mail address and password as one line of JSON, and serves until it is killed.
import { createServer } from "node:http";
import { LibsqlDialect } from "@libsql/kysely-libsql";
import { createClient } from "@libsql/client";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { bearer } from "better-auth/plugins";

const client = createClient({ url: `file:${process.argv[2]}` });
// As durable as the authority's store.
await client.execute("PRAGMA journal_mode = WAL");
await client.execute("PRAGMA synchronous = FULL");

const options = {
  database: { dialect: new LibsqlDialect({ client }), type: "sqlite" },
  secret: "the benchmark's own, which guards nothing",
  baseURL: "http://127.0.0.1",
  trustedOrigins: ["*"],
  emailAndPassword: {
    enabled: true,
    // Hashing a password slowly is right, and is not what is measured: here it costs nothing.
    password: { hash: async (password) => password, verify: async ({ hash, password }) => hash === password },
  },
  plugins: [bearer()],
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { level: "error" },
};
await (await getMigrations(options)).runMigrations();
const auth = betterAuth(options);
const email = "bench@example.com";
const password = "a password of the benchmark";
await auth.api.signUpEmail({ body: { email, password, name: "Bench" } });

const server = createServer(toNodeHandler(auth));
server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ address: `127.0.0.1:${server.address().port}`, email, password }));
});
