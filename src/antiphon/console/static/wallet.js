// The browser's wallet, by the standard provider API (EIP-1193): which account, and what it signs.

const REJECTED = 4001; // EIP-1193's code for a user who said no

/** Whether the browser has a wallet. */
export function present() {
  return typeof window.ethereum?.request === "function";
}

/** The account that the user lets us see, asking for it where needed. */
export async function account() {
  const [address] = await ask("eth_requestAccounts");
  if (address === undefined) throw new Error("The wallet shows no account: unlock it, and choose one.");
  return address;
}

/** The wallet's chain as a number, or null where it does not say. */
export async function chain() {
  const id = Number(await ask("eth_chainId"));
  return Number.isSafeInteger(id) && id > 0 ? id : null;
}

/** Sign the text that `text(address, chainId)` gives; `{message, signature}` as sign-in wants them. */
export async function signText(text) {
  const address = await account();
  const message = await text(address, await chain());
  const octets = new TextEncoder().encode(message);
  const hex = `0x${Array.from(octets, (octet) => octet.toString(16).padStart(2, "0")).join("")}`;
  return { message, signature: await ask("personal_sign", [hex, address]) };
}

/** Sign typed data (EIP-712) with this account. */
export async function signTyped(address, typed) {
  return ask("eth_signTypedData_v4", [address, JSON.stringify(typed)]);
}

/** Have the wallet on this chain, which it asks its user about: it signs nothing for another one. */
export async function onChain(id) {
  if ((await chain()) === id) return;
  await ask("wallet_switchEthereumChain", [{ chainId: `0x${id.toString(16)}` }]);
}

async function ask(method, params = []) {
  if (!present()) throw new Error("This browser has no wallet: install one, or sign in with a key.");
  try {
    return await window.ethereum.request({ method, params });
  } catch (error) {
    throw new Error(
      error?.code === REJECTED ? "You declined in the wallet." : `The wallet refused: ${error?.message ?? error}`,
    );
  }
}
