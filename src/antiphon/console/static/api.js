// The gateway's own API, asked as the signed-in session. One place for headers, errors and the end of a session.

import { events } from "./sse.js";

const HEADERS = { accept: "application/json", "x-antiphon-console": "1" }; // which no form of another site can send

/** Tells `signed-out` when the gateway no longer knows the session. */
export const sessionEnd = new EventTarget();

/** What the gateway refused: its sentence, and the code, field and status that came with it. */
export class ApiError extends Error {
  constructor(status, message, { code = null, param = null, retryAfter = null, body = null } = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.param = param;
    this.retryAfter = retryAfter;
    this.body = body;
  }
}

/** The answer's JSON, or null where it has none. ApiError with the gateway's own sentence when it refuses. */
export async function request(method, path, options = {}) {
  const response = await send(method, path, options);
  const text = await response.text();
  return text === "" ? null : JSON.parse(text);
}

export const get = (path, options) => request("GET", path, options);
export const post = (path, body, options) => request("POST", path, { body, ...options });
export const patch = (path, body, options) => request("PATCH", path, { body, ...options });
export const remove = (path, options) => request("DELETE", path, options);

/** The events of a stream, from a POST where there is a body; it ends when `signal` is aborted. */
export async function* stream(path, { body, signal, headers } = {}) {
  const method = body === undefined ? "GET" : "POST";
  yield* events(await send(method, path, { body, signal, headers: { ...headers, accept: "text/event-stream" } }));
}

/** The response itself, for headers and streams. ApiError for a refusal; `quiet` keeps a 401 from ending the session. */
export async function send(method, path, { body, signal, headers = {}, quiet = false } = {}) {
  const sent = { ...HEADERS, ...headers };
  if (body !== undefined) sent["content-type"] = "application/json";
  const response = await fetch(path, {
    method,
    signal,
    headers: sent,
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: "same-origin",
    cache: "no-store",
    redirect: "error",
  });
  if (response.ok) return response;
  const error = await refusal(response);
  if (response.status === 401 && !quiet) sessionEnd.dispatchEvent(new Event("signed-out"));
  throw error;
}

/** An id or a name as one part of an address. */
export function part(text) {
  return encodeURIComponent(text);
}

/** Address and query: what is null or empty is left out. */
export function query(path, fields) {
  const given = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

async function refusal(response) {
  const text = await response.text();
  const retryAfter = Number(response.headers.get("retry-after")) || null;
  const body = parsed(text);
  const inner = body?.error ?? body;
  if (inner !== null && typeof inner === "object" && typeof inner.message === "string") {
    return new ApiError(response.status, inner.message, { code: inner.code, param: inner.param, retryAfter, body });
  }
  const sentence = typeof inner === "string" && inner !== "" ? inner : text || response.statusText;
  return new ApiError(response.status, sentence, { retryAfter, body });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
