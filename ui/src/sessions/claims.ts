// The claims of a JWT that everybody knows by name (RFC 7519 section 4.1, OpenID Connect Core section 2, RFC 8693 section 4).

const KNOWN = ["sub", "name", "email", "iss", "aud", "azp", "client_id", "scope", "scp", "roles", "iat", "nbf", "exp", "auth_time", "jti", "sid"];
/** Those that are instants, as seconds since 1970. */
const INSTANTS = ["iat", "nbf", "exp", "auth_time"];

export interface Claim {
  name: string;
  /** As it is read by people. */
  value: string;
  /** Where it is an instant: as on the wire of the agent. */
  at: string | null;
}

/** The known ones among `claims`, in an order in which they are read. */
export function known(claims: Record<string, unknown>): Claim[] {
  return KNOWN.filter((name) => claims[name] !== undefined && claims[name] !== null).map((name) => {
    const value = claims[name];
    return { name, value: written(value), at: INSTANTS.includes(name) ? instantOf(value) : null };
  });
}

function written(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value.join(", ");
  return JSON.stringify(value);
}

function instantOf(value: unknown): string | null {
  // Beyond this a `Date` holds no instant (ECMA-262 section 21.4.1.1).
  if (typeof value !== "number" || Math.abs(value) > 8.64e12) return null;
  return new Date(value * 1000).toISOString();
}
