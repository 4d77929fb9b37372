/** What a request carries through the gateway. Known to middleware and routes; all that is below takes plain arguments. */
import type { Bindings } from "../bindings.ts";
import type { Share } from "../body/bytes-in-flight.ts";
import type { LiftedStrings } from "../body/read-body.ts";
import type { PictureBatch } from "../embed/picture-batch.ts";
import type { Usage } from "../embed/usage.ts";
import type { Caller } from "../keys/caller.ts";
import type { Timings } from "../timings.ts";

export interface GatewayEnv {
  Bindings: Bindings;
  Variables: {
    requestId: string;
    timings: Timings;
    caller?: Caller;
    usage?: Usage;
    /** `<alias>@<revision>` of the model that answered. */
    answeredBy?: string;
    /** The refusal's, if it was refused. */
    errorCode?: string;
    /** The room that the request's body takes. */
    share?: Share;
    /** Long strings of its JSON, see `body/lift-strings.ts`. */
    lifted?: LiftedStrings | undefined;
    pictures?: PictureBatch;
  };
}
