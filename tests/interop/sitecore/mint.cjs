// Mints with Sitecore's own client, and uses what it minted where the client would.
//
// Reads {"url", "apiKey", "calls", "limit"} from stdin (a credential is no argument); `limit` is in milliseconds. Prints
// one line of JSON for each call: {"authorization", "search"} (the header it made, and the status of a search under
// it), or {"timedOut": true}. After a failed mint this client falls back to the bare key, and its next call never ends.
const config = require("@sitecore-discover/data/dist/npm/cjs/config.js");
const { getAPIHeaders } = require("@sitecore-discover/data/dist/npm/cjs/api/headers.js");
const axios = require("axios");

const CUSTOMER = "11111-2222222";

async function call(url, limit) {
  let timer;
  const timedOut = new Promise((resolve) => {
    timer = setTimeout(() => resolve(null), limit);
  });
  const headers = await Promise.race([getAPIHeaders(), timedOut]);
  clearTimeout(timer);
  if (!headers) return { timedOut: true };
  const path = config.getServiceConfig().searchPath;
  const reply = await axios.post(`${url}${path}`, {}, { headers, validateStatus: () => true, timeout: limit });
  return { authorization: headers.Authorization, search: reply.status };
}

async function main() {
  let input = "";
  for await (const part of process.stdin) input += part;
  const { url, apiKey, calls, limit } = JSON.parse(input);
  config.setConfig({ customerKey: CUSTOMER, apiKey, useAccessToken: true });
  // With an API key the client's address is fixed; its settings are an object that can be changed.
  config.getServiceConfig().apiDomain = url;
  for (let n = 0; n < calls; n += 1) console.log(JSON.stringify(await call(url, limit)));
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
