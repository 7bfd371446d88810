// Numbers, money and times as people read them. Money is exact: whole micro-USDC in, no floating point on the way.

const MICRO = 1_000_000n;
const WHOLE = new Intl.NumberFormat("en-US");

/** Micro-USDC as USDC: exact, with at least two decimals, grouped. */
export function usdc(micro) {
  const value = BigInt(micro);
  const size = value < 0n ? -value : value;
  const decimals = (size % MICRO)
    .toString()
    .padStart(6, "0")
    .replace(/0{1,4}$/, "");
  return `${value < 0n ? "−" : ""}${WHOLE.format(size / MICRO)}.${decimals}`;
}

/** The same with its sign always shown, for changes. */
export function change(micro) {
  return BigInt(micro) > 0n ? `+${usdc(micro)}` : usdc(micro);
}

/** USDC as typed by a person, as micro-USDC; null where it is no such amount. */
export function micro(text) {
  const match = /^\s*(\d{1,9})(?:\.(\d{1,6}))?\s*$/.exec(text);
  return match === null ? null : Number(BigInt(match[1]) * MICRO + BigInt((match[2] ?? "").padEnd(6, "0")));
}

/** A whole number, grouped; a dash where there is none. */
export function count(number) {
  return number === null || number === undefined ? "–" : WHOLE.format(number);
}

/** A number to three figures. */
export function rough(number) {
  if (number === null || number === undefined || !Number.isFinite(number)) return "–";
  return Number(number.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 6 });
}

/** A share between 0 and 1. */
export function percent(share, digits = 1) {
  return share === null || share === undefined ? "–" : `${(share * 100).toFixed(digits)} %`;
}

/** Milliseconds, in the unit that fits them. */
export function duration(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** Bytes, in binary units. */
export function bytes(size) {
  if (size === null || size === undefined) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let step = 0;
  let left = size;
  while (left >= 1024 && step < units.length - 1) {
    left /= 1024;
    step += 1;
  }
  return `${step === 0 ? left : left.toFixed(1)} ${units[step]}`;
}

/** A moment from whatever the API writes: an ISO text, or seconds. */
export function moment(value) {
  return value instanceof Date ? value : new Date(typeof value === "number" ? value * 1000 : value);
}

/** The time of day, to the second. */
export function time(value) {
  return moment(value).toLocaleTimeString("en-GB");
}

/** Day and time, sortable to the eye. */
export function date(value) {
  const at = moment(value);
  return `${at.toLocaleDateString("sv-SE")} ${at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}`;
}

/** How long ago, or how soon, in one unit. */
export function ago(value, now = Date.now()) {
  const seconds = Math.round((now - moment(value).getTime()) / 1000);
  const size = Math.abs(seconds);
  if (size < 5) return "now";
  const [length, unit] = size < 60 ? [1, "s"] : size < 3600 ? [60, "min"] : size < 86_400 ? [3600, "h"] : [86_400, "d"];
  const text = `${Math.floor(size / length)} ${unit}`;
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

/** The two ends of an address or id that is too long to read. */
export function short(text, ends = 6) {
  return text.length <= 2 * ends + 3 ? text : `${text.slice(0, ends)}…${text.slice(-ends + 2)}`;
}
