/** `model:pull` with a server that behaves like the hub, both when all is well and when it fails. */
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { download } from "../../build/hub/download.ts";
import { HubCache } from "../../build/hub/hub-cache.ts";
import { describeFile } from "../../build/hub/hub-file.ts";
import { accuracyOf, DEFAULT_PRESET, licenseOf, PRESETS, repositoryOf } from "../../build/hub/presets.ts";
import { type Pulled, pullModel } from "../../build/hub/pull-model.ts";
import { silentProgress } from "../../build/report/progress.ts";
import { COMMIT, type FakeHub, startFakeHub } from "./fake-hub.ts";

const CONFIG = "open_clip_config.json";
const SAFETENSORS = "open_clip_model.safetensors";
const PICKLE = "open_clip_pytorch_model.bin";
const BYTES = 3_000_000;

const config = Buffer.from('{"model_cfg":{}}');
const weights = randomBytes(BYTES);

let cache: string;
let hub: FakeHub;

async function start(files: Record<string, Uint8Array>): Promise<void> {
  hub = await startFakeHub(new Map(Object.entries(files)));
}

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "edgeclip-hub-"));
});

afterEach(async () => {
  hub.close();
  await rm(cache, { recursive: true });
});

function pull(token?: string): Promise<Pulled> {
  const options = { cache, revision: "main", progress: silentProgress };
  return pullModel("owner/name", { hub: { endpoint: hub.endpoint, token }, ...options });
}

async function blobs(): Promise<string[]> {
  return await readdir(join(cache, "models--owner--name/blobs"));
}

describe("model:pull", () => {
  it("fetches checkpoint and config into the layout of the hub's clients, once", async () => {
    await start({ [CONFIG]: config, [SAFETENSORS]: weights, [PICKLE]: randomBytes(2000) });
    const first = await pull();
    expect(first).toMatchObject({ commit: COMMIT, bytes: BYTES + config.length, keptBytes: 0 });
    expect(first.folder).toBe(join(cache, "models--owner--name/snapshots", COMMIT));
    expect((await readdir(first.folder)).toSorted()).toEqual([CONFIG, SAFETENSORS]);
    expect(await readFile(join(first.folder, SAFETENSORS))).toEqual(weights);
    expect(await readFile(join(cache, "models--owner--name/refs/main"), "utf8")).toBe(COMMIT);
    expect(dirname(await realpath(join(first.folder, CONFIG)))).toMatch(/blobs$/);
    expect(await new HubCache(cache, "owner/name").snapshot("main")).toBe(first.folder);

    hub.requests.length = 0;
    expect(await pull()).toMatchObject({ bytes: 0, keptBytes: BYTES + config.length });
    expect(hub.requests.map(({ method }) => method)).toEqual(["HEAD", "HEAD"]);
  });

  it("takes the pickle where there is nothing better", async () => {
    await start({ [CONFIG]: config, [PICKLE]: weights });
    expect((await readdir((await pull()).folder)).toSorted()).toEqual([CONFIG, PICKLE]);
  });

  it("says what a repository lacks", async () => {
    await start({ [CONFIG]: config });
    await expect(pull()).rejects.toThrow(`there is no ${SAFETENSORS} nor ${PICKLE}`);
    hub.close();
    await start({ [SAFETENSORS]: weights });
    await expect(pull()).rejects.toThrow(`there is no ${CONFIG}`);
  });

  it("goes on where a broken connection stopped", async () => {
    await start({ [CONFIG]: config, [SAFETENSORS]: weights });
    hub.dropAfter = 1_000_000;
    const { folder } = await pull();
    expect(await readFile(join(folder, SAFETENSORS))).toEqual(weights);
    const ranges = hub.requests.filter(({ host }) => host === "files").map(({ range }) => range);
    expect(ranges).toHaveLength(2);
    expect(ranges[0]).toBe("bytes=0-");
    expect(Number(/\d+/.exec(ranges[1] ?? "")?.[0])).toBeGreaterThan(0);
  });

  it("goes on where an earlier run stopped, and starts over with a server that knows no ranges", async () => {
    await start({ [CONFIG]: config, [SAFETENSORS]: weights });
    const file = await describeFile(
      { endpoint: hub.endpoint, token: undefined },
      "owner/name",
      "main",
      SAFETENSORS,
    );
    for (const rangeless of [false, true]) {
      hub.rangeless = rangeless;
      hub.requests.length = 0;
      const target = join(cache, "models--owner--name/blobs", file?.etag ?? "");
      await mkdir(dirname(target), { recursive: true });
      await rm(target, { force: true });
      await writeFile(`${target}.incomplete`, weights.subarray(0, 2_500_000));
      const { folder } = await pull();
      expect(await readFile(join(folder, SAFETENSORS))).toEqual(weights);
      expect(hub.requests.findLast(({ host }) => host === "files")?.range).toBe("bytes=2500000-");
    }
  });

  it("refuses what does not hash to what the hub says, keeps nothing of it, and recovers", async () => {
    await start({ [CONFIG]: config, [SAFETENSORS]: weights });
    hub.corrupt = true;
    await expect(pull()).rejects.toThrow(/hash is [0-9a-f]{64}, the hub says [0-9a-f]{64}/);
    expect(await blobs()).toHaveLength(1);
    hub.corrupt = false;
    expect(await readFile(join((await pull()).folder, SAFETENSORS))).toEqual(weights);
  });

  it.each(["../../../outside", "..", `${COMMIT}/..`, "main", COMMIT.toUpperCase(), `/${COMMIT}`])(
    "makes no path of a commit that is none: %s",
    async (commit) => {
      await start({ [CONFIG]: config, [SAFETENSORS]: weights });
      hub.commit = commit;
      await expect(pull()).rejects.toThrow("has no hash, size or commit");
      expect(await readdir(cache, { recursive: true })).toEqual([]);
    },
  );

  it("asks for no repository and no revision whose name leads elsewhere", async () => {
    await start({ [CONFIG]: config, [SAFETENSORS]: weights });
    for (const [repository, revision] of [
      ["../name", "main"],
      ["owner/..", "main"],
      ["owner/name/more", "main"],
      ["owner/name?x=", "main"],
      ["owner/name", "../../main"],
      ["owner/name", "refs/../../main"],
    ] as const) {
      const options = { cache, revision, progress: silentProgress };
      const at = { endpoint: hub.endpoint, token: undefined };
      await expect(pullModel(repository, { hub: at, ...options })).rejects.toThrow(
        /is no (?:repository|branch)/,
      );
    }
    expect(hub.requests).toEqual([]);
  });

  it("takes no reference of the shared cache for a folder's name that is no commit", async () => {
    await start({ [CONFIG]: config, [SAFETENSORS]: weights });
    await pull();
    const place = new HubCache(cache, "owner/name");
    const ref = join(cache, "models--owner--name/refs/main");
    expect(await place.snapshot(COMMIT)).toBe(join(cache, "models--owner--name/snapshots", COMMIT));
    for (const commit of ["../..", "..", `../snapshots/${COMMIT}`]) {
      await writeFile(ref, commit);
      expect(await place.snapshot("main")).toBeUndefined();
    }
    await expect(place.snapshot("../snapshots")).rejects.toThrow("is no branch, tag or commit");
  });

  it("gives a token to the hub alone", async () => {
    await start({ [CONFIG]: config, [SAFETENSORS]: weights });
    hub.token = "hf_secret";
    await expect(pull()).rejects.toThrow(/401; if the repository is gated, set HF_TOKEN/);
    await pull("hf_secret");
    const asked = hub.requests.filter(({ host, token }) => host === "files" || token);
    expect(asked.some(({ host }) => host === "hub")).toBe(true);
    expect(asked.filter(({ host, token }) => host === "files" && token)).toEqual([]);
  });

  it("gives up when nothing comes any more", async () => {
    await start({ [CONFIG]: config, [SAFETENSORS]: weights });
    const at = { endpoint: hub.endpoint, token: undefined };
    const file = await describeFile(at, "owner/name", "main", SAFETENSORS);
    if (file === undefined) throw new Error("the hub has the file");
    const gone = { ...file, url: `${hub.endpoint}/owner/name/resolve/main/gone` };
    await expect(download(at, gone, join(cache, "gone"), () => {}, 1)).rejects.toThrow(/gone: 404/);
    expect(hub.requests.filter(({ path }) => path.endsWith("/gone"))).toHaveLength(5);
    hub.close();
    await expect(pull()).rejects.toThrow("no answer");
  });
});

describe("presets", () => {
  it("are five ConvNeXts, the default among them, and four ViTs", () => {
    const repositories = Object.values(PRESETS).map(({ repository }) => repository);
    expect(new Set(repositories).size).toBe(9);
    expect(repositories.filter((name) => name.startsWith("laion/CLIP-convnext_base_w"))).toHaveLength(5);
    expect(repositoryOf(DEFAULT_PRESET)).toBe("laion/CLIP-convnext_base_w-laion2B-s13B-b82K-augreg");
    expect(repositoryOf("owner/name")).toBe("owner/name");
    for (const { repository, imageSize } of Object.values(PRESETS)) {
      const size = /_320-/.test(repository) ? 320 : /256x256|convnext/.test(repository) ? 256 : 224;
      expect(imageSize, repository).toBe(size);
    }
  });

  it("have the license and the accuracy that their repositories were published with", () => {
    const datacomp = "laion/CLIP-ViT-B-32-256x256-DataComp-s34B-b86K";
    expect([licenseOf(datacomp), accuracyOf(datacomp), accuracyOf(datacomp, 256)]).toEqual([
      "mit",
      72.8,
      72.8,
    ]);
    expect(accuracyOf("timm/vit_base_patch32_clip_224.openai")).toBe(63.3);
    const augreg = "laion/CLIP-convnext_base_w_320-laion_aesthetic-s13B-b82K-augreg";
    expect([undefined, 320, 384, 256].map((size) => accuracyOf(augreg, size))).toEqual([
      71.3,
      71.3,
      72.2,
      undefined,
    ]);
    expect([licenseOf("me/mine"), accuracyOf("me/mine")]).toEqual(["unknown", undefined]);
  });
});
