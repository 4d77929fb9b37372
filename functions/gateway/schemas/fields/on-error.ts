/** Whether a picture that cannot be read fails the whole request. */
import * as z from "zod";

export const onErrorSchema = z
  .enum(["fail", "report"])
  .default("fail")
  .meta({
    description:
      "`report`: a picture that cannot be read, is too large or cannot be fetched gets an error in its row, and the " +
      "others are answered, with status 200",
  });

export type OnError = z.output<typeof onErrorSchema>;
