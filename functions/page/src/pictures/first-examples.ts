/** The pictures to begin with, of those in `examples/`; the demonstration model knows what they are. */

export const EXAMPLES = [
  { file: "fox.png", name: "Fox" },
  { file: "giraffe.png", name: "Giraffe" },
  { file: "harp.png", name: "Harp" },
  { file: "police-car.png", name: "Police car" },
] as const;

export const EXAMPLES_PATH = "/examples/";
