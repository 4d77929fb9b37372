/** The pictures from `examples/` that the page offers. The demonstration model recognizes them. */

export const EXAMPLES = [
  { file: "fox.png", name: "Fox" },
  { file: "giraffe.png", name: "Giraffe" },
  { file: "harp.png", name: "Harp" },
  { file: "police-car.png", name: "Police car" },
] as const;

export const EXAMPLES_PATH = "/examples/";
