/** Name of the manifest in a built model's folder, and in R2 below `<alias>/<revision>/`. */
export const MANIFEST_FILE = "manifest.json";
