/** One line of a Worker's log for a call that it answered: with the gateway's line of the same id, a request's trace. */

export function logCall(worker: string, request: string, details: Record<string, number | string>): void {
  console.log(JSON.stringify({ request, worker, ...details }));
}
