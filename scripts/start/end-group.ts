/**
 * `node scripts/start/end-group.ts <process group>`: waits until whoever started this is gone, however it ended, and then
 * ends the group. It is started by `process-group.ts` and by nobody else.
 */
import { setTimeout } from "node:timers/promises";
import { signalGroup } from "./signal-group.ts";

const GRACE_MS = 2000;

const group = Number(process.argv[2]);
process.once("disconnect", () => {
  signalGroup(group, "SIGTERM");
  void setTimeout(GRACE_MS).then(() => signalGroup(group, "SIGKILL"));
});
