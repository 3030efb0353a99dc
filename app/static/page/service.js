// The service over HTTP: one call, and what can go wrong with it.
import {key} from "./settings.js";

export const BASE = new URL(".", document.baseURI);

// What the service refused, or that it could not be reached (status 0). `problem` is RFC 9457's.
export class Refusal extends Error {
  constructor(status, problem, retryAfterS = null) {
    super(problem.detail || problem.title || String(status));
    this.status = status;
    this.problem = problem;
    this.retryAfterS = retryAfterS;
  }
}

export const get = (path) => call(path, {});

export const post = (path, body, signal) =>
  call(path, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body), signal});

async function call(path, options) {
  const headers = {...options.headers, ...(key() ? {"X-API-Key": key()} : {})};
  let response, answer;
  try {
    response = await fetch(new URL(path, BASE), {...options, headers});
    answer = await (response.ok ? response.json() : response.json().catch(() => ({}))); // a proxy's refusal may be no JSON
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, {title: "unreachable"});
  }
  if (!response.ok) throw new Refusal(response.status, answer, Number(response.headers.get("Retry-After")) || null);
  return answer;
}
