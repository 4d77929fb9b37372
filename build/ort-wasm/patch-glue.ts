/**
 * Rewrites onnxruntime-web's JavaScript (made by emscripten) so that it runs in Worker isolates and in Node, using only
 * hooks that the caller passes. It removes threads, shared memory, access to files and network, and detection of the
 * host. Each replacement must match exactly as often as stated, so that another version of onnxruntime-web is noticed.
 */
import { BuildError } from "../build-error.ts";

interface Replacement {
  why: string;
  find: string;
  replace: string;
  /** Number of occurrences of `find`; 1 by default. */
  times?: number;
}

const REPLACEMENTS: Replacement[] = [
  {
    why: "Node is treated like any other host: the caller passes all hooks",
    find: `m=globalThis.process?.versions?.node&&"renderer"!=globalThis.process?.type,`,
    replace: "m=!1,",
  },
  {
    why: "a bundler must not look for Node modules",
    find:
      `if(m){const {createRequire:a}=await import("module");var require=a(import.meta.url),` +
      `ba=require("worker_threads");global.Worker=ba.Worker;n=(k=!ba.jc)&&"em-pthread"==ba.workerData}`,
    replace: "var ba;",
  },
  {
    why: "the remaining calls of require run only if Node is detected",
    find: `require("`,
    replace: `h.require("`,
    times: 5,
  },
  {
    why: "Workers do not allow shared memory, and nothing else uses this variable",
    find:
      "var SharedArrayBuffer=globalThis.SharedArrayBuffer??" +
      "(new WebAssembly.Memory({initial:0,maximum:0,shared:!0})).buffer.constructor,",
    replace: "var ",
  },
  {
    why: "the caller provides the memory, which is not shared and has a planned size",
    find: "x=new WebAssembly.Memory({initial:256,maximum:65536,shared:!0})",
    replace: "x=h.wasmMemory",
  },
  {
    why: "Atomics.waitAsync needs shared memory; without threads, nothing is posted to the mailbox",
    find: "wd=!Atomics.waitAsync||globalThis.navigator?.userAgent&&",
    replace: "wd=!0||",
  },
  {
    why: "growth by 20 % is too much for an isolate of 128 MB: grow to the size that is asked for",
    find: "var c=b*(1+.2/d);",
    replace: "var c=a;",
  },
  {
    why: "no thread pool",
    find: `var a=new Worker(new URL(import.meta.url),{type:"module",workerData:"em-pthread",name:"em-pthread"});Q.push(a)`,
    replace: "",
  },
  {
    why: "the caller decides where output goes",
    find: "var oa=ka,p=la,",
    replace: "var oa=h.print??ka,p=h.printErr??la,",
  },
  {
    why: "not an entry point of a thread",
    find:
      `var isPthread=globalThis.self?.name?.startsWith("em-pthread");` +
      `var isNode=globalThis.process?.versions?.node&&globalThis.process?.type!="renderer";` +
      `if(isNode)isPthread=(await import("worker_threads")).workerData==="em-pthread";isPthread&&ortWasmThreaded();`,
    replace: "",
  },
  { why: "the module has no location of its own", find: "import.meta.url", replace: `""`, times: 2 },
];

/** @throws BuildError naming the first replacement that does not match */
export function patchGlue(source: string): string {
  return REPLACEMENTS.reduce((text, { why, find, replace, times = 1 }) => {
    const pieces = text.split(find);
    if (pieces.length - 1 !== times) {
      throw new BuildError(
        `onnxruntime-web's glue has ${pieces.length - 1} places for "${why}", expected ${times}`,
      );
    }
    return pieces.join(replace);
  }, source);
}
