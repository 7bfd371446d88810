// Who is signed in, and what that account may do. What it may not see is not shown; the gateway refuses it anyhow.

import { ApiError, get, remove, request } from "./api.js";
import { signText } from "./wallet.js";

const SESSION = "/v1/console/session";

/** The signed-in session, or null when nobody is. */
export async function current() {
  try {
    return session(await get("/v1/console/overview", { quiet: true }));
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

/** What a stranger may know: the version, whether wallets sign in, and for which chains. */
export async function door() {
  return get("/v1/console/sign-in", { quiet: true });
}

/** Sign in with a key: it is sent once, and kept nowhere in the browser. */
export async function signInWithKey(key) {
  return opened({ api_key: key.trim() });
}

/** Sign in with the browser's wallet, which signs a text and pays nothing; `revokeOthers` voids its account's keys. */
export async function signInWithWallet(chainIds, revokeOthers = false) {
  const signed = await signText(async (address, chainId) => {
    // A wallet on a chain of no concern here signs for one of ours: the text moves nothing on any chain.
    const body = chainIds.includes(chainId) ? { address, chain_id: chainId } : { address };
    return (await request("POST", "/v1/auth/challenge", { body, quiet: true })).message;
  });
  return opened(revokeOthers ? { ...signed, revoke_others: true } : signed);
}

/** End the session, here and at the gateway. */
export async function signOut() {
  await remove(SESSION, { quiet: true });
}

async function opened(body) {
  return session(await request("POST", SESSION, { body, quiet: true }));
}

function session(overview) {
  const scopes = new Set(overview.scopes);
  return Object.freeze({ ...overview, scopes, may: (scope) => scopes.has(scope) });
}
