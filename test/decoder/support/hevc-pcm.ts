/**
 * A minimal HEVC encoder: a gray picture in uncompressed ("PCM") blocks of 32 × 32, each in its own slice, so that the
 * arithmetic coder needs only two fixed codewords. No package contains an encoder for HEIC; this one is lossless, which
 * suits a test. Clauses refer to ITU-T H.265.
 */
import { BitWriter } from "./bit-writer.ts";

const BLOCK = 32;
const VPS = 32;
const SPS = 33;
const PPS = 34;
const IDR_SLICE = 19;
/** Arithmetic codeword (9.3.4.3) of `part_mode` 2N×2N and `pcm_flag` 1 in a fresh intra slice, and alignment. */
const BEFORE_SAMPLES = [0x86, 0x80];
/** `end_of_slice_segment_flag` 1 after the coder's restart; its last 1 is the stop bit. */
const AFTER_SAMPLES = [0xfe, 0x80];

export interface HevcPicture {
  /** Parameter sets: VPS, SPS, PPS. */
  sets: Uint8Array[];
  slices: Uint8Array[];
}

/**
 * @param luma uint8, `height × width`, both even
 * @param fullRange the range stated in the parameter sets; undefined: none
 */
export function hevcPcm(luma: Uint8Array, width: number, height: number, fullRange?: boolean): HevcPicture {
  const columns = Math.ceil(width / BLOCK);
  const rows = Math.ceil(height / BLOCK);
  const addressBits = Math.ceil(Math.log2(columns * rows));
  const slices: Uint8Array[] = [];
  for (let block = 0; block < columns * rows; block++) {
    const header = new BitWriter()
      .u(1, block === 0 ? 1 : 0)
      .u(1, 0)
      .ue(0);
    if (block > 0) header.u(addressBits, block);
    // Slice type I, QP as in the picture parameter set.
    header.ue(2).ue(0);
    const samples = new Uint8Array(BLOCK * BLOCK * 1.5).fill(128);
    for (let i = 0; i < BLOCK * BLOCK; i++) {
      const x = Math.min(width - 1, (block % columns) * BLOCK + (i % BLOCK));
      const y = Math.min(height - 1, Math.floor(block / columns) * BLOCK + Math.floor(i / BLOCK));
      samples[i] = luma[y * width + x] ?? 0;
    }
    slices.push(unit(IDR_SLICE, [...header.bytes(), ...BEFORE_SAMPLES, ...samples, ...AFTER_SAMPLES]));
  }
  return { sets: parameterSets(width, height, columns, rows, fullRange), slices };
}

/** Main profile, level 6.2 (7.3.3). */
function profile(bits: BitWriter): BitWriter {
  return bits.u(8, 1).u(32, 0x60000000).u(4, 0b1001).u(32, 0).u(12, 0).u(8, 186);
}

function parameterSets(
  width: number,
  height: number,
  columns: number,
  rows: number,
  fullRange: boolean | undefined,
): Uint8Array[] {
  const vps = profile(new BitWriter().u(4, 0).u(2, 3).u(6, 0).u(3, 0).u(1, 1).u(16, 0xffff));
  vps.u(1, 1).ue(0, 0, 0).u(6, 0).ue(0).u(2, 0);
  const sps = profile(new BitWriter().u(4, 0).u(3, 0).u(1, 1)).ue(0, 1, columns * BLOCK, rows * BLOCK);
  // The conformance window crops to the picture's size, in chroma samples.
  sps.u(1, 1).ue(0, (columns * BLOCK - width) / 2, 0, (rows * BLOCK - height) / 2);
  sps.ue(0, 0, 0).u(1, 1).ue(0, 0, 0);
  // Blocks of 32, transforms of 4 to 32, no scaling lists, AMP or SAO.
  sps.ue(2, 0, 0, 3, 0, 0).u(3, 0);
  // PCM of 8 bits in blocks of 32, left alone by the loop filter.
  sps.u(1, 1).u(4, 7).u(4, 7).ue(2, 0).u(1, 1);
  sps.ue(0).u(3, 0);
  // Video usability information (E.2.1) with the range only.
  if (fullRange === undefined) sps.u(1, 0);
  else
    sps
      .u(1, 1)
      .u(2, 0)
      .u(4, 0b1101)
      .u(1, fullRange ? 1 : 0)
      .u(1, 0)
      .u(7, 0);
  sps.u(1, 0);
  const pps = new BitWriter().ue(0, 0).u(7, 0).ue(0, 0).ue(0).u(3, 0).ue(0, 0);
  // No weighting, bypass, tiles or wavefronts; loop filters end at slices; deblocking off.
  pps.u(7, 0).u(3, 0b101).u(2, 0).ue(0).u(2, 0);
  return [unit(VPS, vps.bytes()), unit(SPS, sps.bytes()), unit(PPS, pps.bytes())];
}

/** A NAL unit (7.3.1): header and payload, with a 3 inserted where the payload would look like a start code. */
function unit(type: number, payload: number[]): Uint8Array {
  const bytes = [type << 1, 1];
  let zeros = 0;
  for (const byte of payload) {
    if (zeros >= 2 && byte <= 3) {
      bytes.push(3);
      zeros = 0;
    }
    bytes.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Uint8Array.from(bytes);
}
