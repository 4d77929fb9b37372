/** What the bundler makes of files that are not code; the rules are in each Worker's `wrangler.toml`. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}

declare module "*.bin" {
  const bytes: ArrayBuffer;
  export default bytes;
}
