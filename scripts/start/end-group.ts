/**
 * `node scripts/start/end-group.ts <process group>`: waits until the process that started this one is gone, even if it
 * was killed, and then ends the group. Only `process-group.ts` starts it.
 */
import { setTimeout } from "node:timers/promises";
import { signalGroup } from "./signal-group.ts";

const GRACE_MS = 2000;

const group = Number(process.argv[2]);
process.once("disconnect", () => {
  signalGroup(group, "SIGTERM");
  void setTimeout(GRACE_MS).then(() => signalGroup(group, "SIGKILL"));
});
