/** Compares synthetic weights with values from the program that computed the reference outputs. */
import { describe, expect, it } from "vitest";
import { syntheticInput, syntheticTensor } from "../../build/synthetic/synthetic-tensor.ts";

describe("syntheticTensor", () => {
  it.each([
    ["visual.trunk.stem.0.weight", [128, 3, 4, 4], ["-0.06533987", "-0.18197350", "-0.12009618"]],
    ["token_embedding.weight", [49_408, 640], ["0.02737078", "0.00162439", "-0.01509175"]],
    ["visual.trunk.stages.2.blocks.13.gamma", [512], ["0.17036463", "0.16955841"]],
  ])("gives %s its first values", (name, shape, first) => {
    const values = syntheticTensor(name, shape);
    expect(values.length).toBe(shape.reduce((product, size) => product * size));
    expect([...values.subarray(0, first.length)].map((value) => value.toFixed(8))).toEqual(first);
  });

  it("gives the logit scale as a scalar without spread", () => {
    expect([...syntheticTensor("logit_scale", [])]).toEqual([Math.fround(Math.log(100))]);
  });

  // The mean of a uniform sample has a standard error of std / sqrt(n). For n = 65,536, five standard errors are 2 % of
  // std.
  it.each([
    ["norms", "ln_final.weight", [65_536], 1, 0.1],
    ["biases of norms", "visual.trunk.stem.1.bias", [65_536], 0, 0.05],
    ["other biases", "transformer.resblocks.0.attn.in_proj_bias", [65_536], 0, 0.02],
    ["the text projection, by its rows", "text_projection", [256, 64], 0, 1 / 16],
    ["matrices, by their columns", "visual.head.proj.weight", [64, 1024], 0, 1 / 32],
    ["positions", "positional_embedding", [64, 1024], 0, 0.01],
  ])("scales %s", (_, name, shape, mean, std) => {
    const values = syntheticTensor(name, shape);
    const found = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - found) ** 2, 0) / values.length;
    const tolerance = (5 * std) / Math.sqrt(values.length);
    expect(Math.abs(found - mean)).toBeLessThan(tolerance);
    expect(Math.abs(Math.sqrt(variance) - std)).toBeLessThan(tolerance);
  });
});

describe("syntheticInput", () => {
  it("has variance 1 within sqrt(3) of zero, and depends on its name", () => {
    const values = syntheticInput("input:256", 65_536);
    expect(values.every((value) => Math.abs(value) <= Math.fround(Math.sqrt(3)))).toBe(true);
    const power = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    // The mean square of a uniform sample has a standard error of 0.9 / sqrt(n) = 0.0035; five of these are allowed.
    expect(Math.abs(power - 1)).toBeLessThan(0.018);
    expect(syntheticInput("input:320", 8)).not.toEqual(values.subarray(0, 8));
  });
});
