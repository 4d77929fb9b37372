/** Node can compile WebAssembly from bytes; the Workers' types, which scripts and tests share, leave that out. */
declare namespace WebAssembly {
  function compile(bytes: Uint8Array): Promise<Module>;
}
