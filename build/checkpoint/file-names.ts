/** Names of files in OpenCLIP's repositories. */

/** In the order of preference. */
export const CHECKPOINT_NAMES = ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"];
export const CONFIG_NAME = "open_clip_config.json";
