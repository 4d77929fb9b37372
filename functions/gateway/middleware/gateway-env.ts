/**
 * The variables of a request in the gateway. Only middleware and routes use this type; the code below them takes plain
 * arguments.
 */
import type { Bindings } from "../bindings.ts";
import type { Share } from "../body/body-share.ts";
import type { LiftedStrings } from "../body/read-body.ts";
import type { PictureWatch } from "../embed/embed-context.ts";
import type { PictureBatch } from "../embed/picture-batch.ts";
import type { FetchSlots } from "../images/fetch/fetch-slots.ts";
import type { Usage } from "../embed/usage.ts";
import type { Caller } from "../keys/caller.ts";
import type { Searched } from "../stores/search-store.ts";
import type { Timings } from "../timings.ts";

/** A line of a batch, whose body stands within it. */
export interface BatchLine {
  pictures: PictureWatch;
  /** Those of all lines of the part. */
  fetchSlots: FetchSlots;
  /** Known once the line has been read. */
  customId?: string;
  status?: number;
  usage?: Usage | undefined;
  answeredBy?: string | undefined;
  errorCode?: string | undefined;
}

export interface GatewayEnv {
  Bindings: Bindings;
  Variables: {
    requestId: string;
    timings: Timings;
    caller?: Caller;
    usage?: Usage;
    /** What a search in a vector store cost. */
    searched?: Searched;
    /** `<alias>@<revision>` of the model that answered. */
    answeredBy?: string;
    /** The error code, if the request was refused. */
    errorCode?: string;
    /** The memory reserved for the request's body. */
    share?: Share;
    /** Long strings of the JSON body; see `functions/json/lift-strings.ts`. */
    lifted?: LiftedStrings | undefined;
    pictures?: PictureBatch;
    /** The line of a batch that the request is made of; undefined for a request of a client. */
    line?: BatchLine;
  };
}
