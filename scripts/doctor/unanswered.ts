/** What is reported of a part of the report that the deployment did not answer. */
import type { Deployment, Part } from "./ask-deployment.ts";
import type { Finding } from "./finding.ts";

/** @returns nothing for a part that was answered */
export function unanswered({ parts }: Deployment, part: Part, section: string): Finding[] {
  const asked = parts[part];
  if ("value" in asked) return [];
  return [
    {
      section,
      name: "the report's part",
      value: asked.error,
      expected: "an answer",
      otherwise: "the gateway cannot find it out: its log has the cause, under the same path",
      verdict: "differs",
    },
  ];
}
