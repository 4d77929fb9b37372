/** Node can compile WebAssembly from bytes; the Workers' types, which the tests share, leave that out. */
declare namespace WebAssembly {
  function compile(bytes: Uint8Array): Promise<Module>;
}
