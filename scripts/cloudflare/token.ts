/** The token that calls of Cloudflare's API send: that of wrangler. */
import * as z from "zod";
import { wrangler } from "./wrangler.ts";

const credentialsSchema = z.object({ type: z.string(), token: z.string().optional() });

/**
 * @returns CLOUDFLARE_API_TOKEN, or the token of `wrangler login`
 * @throws Error if nobody has logged in, or with a key instead of a token
 */
export async function bearerToken(): Promise<string> {
  const given = process.env["CLOUDFLARE_API_TOKEN"];
  if (given !== undefined) return given;
  // Without --json, wrangler prints its banner before the token.
  const output = await wrangler(["auth", "token", "--json"]);
  const { type, token } = credentialsSchema.parse(JSON.parse(output));
  if ((type === "oauth" || type === "api_token") && token !== undefined) return token;
  throw new Error(
    `wrangler's credentials are of the type ${type}, and this needs a token: set CLOUDFLARE_API_TOKEN, or unset ` +
      "CLOUDFLARE_API_KEY and CLOUDFLARE_EMAIL and run npx wrangler login",
  );
}
