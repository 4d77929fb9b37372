/** Draws a chart of up to four lines as PNG. Both axes are logarithmic; each can be linear. */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Resvg } from "@resvg/resvg-js";

export interface Line {
  name: string;
  points: [x: number, y: number][];
}

export interface Chart {
  title: string;
  x: string;
  y: string;
  lines: Line[];
  /** Makes the x axis linear. */
  evenX?: boolean;
  /** Makes the y axis linear. */
  evenY?: boolean;
}

const [WIDTH, HEIGHT] = [720, 440];
const NAME_HEIGHT = 15;
const AREA = { left: 78, right: WIDTH - 168, top: 56, bottom: HEIGHT - 56 };
/** Okabe and Ito's colors, which can be distinguished without color vision. */
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];
const FONT = fileURLToPath(import.meta.resolve("dejavu-fonts-ttf/ttf/DejaVuSans.ttf"));

export async function writeLineChart(file: string, chart: Chart): Promise<void> {
  const font = { fontFiles: [FONT], loadSystemFonts: false, defaultFontFamily: "DejaVu Sans" };
  await writeFile(
    file,
    new Resvg(svgOf(chart), { font, fitTo: { mode: "zoom", value: 2 } }).render().asPng(),
  );
}

function svgOf({ title, x, y, lines, evenX = false, evenY = false }: Chart): string {
  const xAt = (evenX ? evenScale : scale)(
    lines.flatMap(({ points }) => points.map(([at]) => at)),
    AREA.left,
    AREA.right,
  );
  const yAt = (evenY ? evenScale : scale)(
    lines.flatMap(({ points }) => points.map(([, at]) => at)),
    AREA.bottom,
    AREA.top,
  );
  const grid = [
    ...xAt.ticks.map((tick) => {
      const at = xAt.position(tick);
      return `<path d="M${at} ${AREA.top}V${AREA.bottom}" class="grid"/>${text(at, AREA.bottom + 18, label(tick), 'text-anchor="middle"')}`;
    }),
    ...yAt.ticks.map((tick) => {
      const at = yAt.position(tick);
      return `<path d="M${AREA.left} ${at}H${AREA.right}" class="grid"/>${text(AREA.left - 8, at + 4, label(tick), 'text-anchor="end"')}`;
    }),
  ];
  const taken: number[] = [];
  const drawn = lines.map(({ name, points }, index) => {
    const color = COLORS[index % COLORS.length];
    const places = points.map(([px, py]) => [xAt.position(px), yAt.position(py)] as const);
    const dots = places.map(([px, py]) => `<circle cx="${px}" cy="${py}" r="3.5" fill="${color}"/>`).join("");
    const [lastX, lastY] = places.at(-1) ?? [0, 0];
    let nameY = lastY + 4;
    // Names of lines that end at the same height stand below each other.
    while (taken.some((other) => Math.abs(other - nameY) < NAME_HEIGHT)) nameY += NAME_HEIGHT;
    taken.push(nameY);
    const path = places.map(([px, py]) => `${px} ${py}`).join("L");
    return `<path d="M${path}" fill="none" stroke="${color}" stroke-width="2"/>${dots}${text(lastX + 10, nameY, name, `fill="${color}" class="name"`)}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="DejaVu Sans" font-size="12">
<style>.grid{stroke:#ddd}.name{paint-order:stroke;stroke:#fff;stroke-width:4}</style><rect width="100%" height="100%" fill="#fff"/>
${text(AREA.left, 28, title, 'font-size="15"')}
${text((AREA.left + AREA.right) / 2, HEIGHT - 14, x, 'text-anchor="middle"')}
${text(AREA.left, AREA.top - 10, y)}
${grid.join("")}${drawn.join("")}</svg>`;
}

function text(left: number, top: number, content: string, rest = ""): string {
  return `<text x="${left}" y="${top}" ${rest}>${content.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</text>`;
}

interface Scale {
  ticks: number[];
  position(value: number): number;
}

/** A logarithmic scale over whole powers of ten. */
function scale(values: number[], from: number, to: number): Scale {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    ticks: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)),
    position: (value) => from + ((to - from) * (Math.log10(value) - low)) / (high - low),
  };
}

/** A linear scale from 0, with about eight steps of 1, 2 or 5 times a power of ten. */
function evenScale(values: number[], from: number, to: number): Scale {
  const most = Math.max(1, ...values);
  const power = 10 ** Math.floor(Math.log10(most / 8));
  const step = power * ([1, 2, 5].find((factor) => most / (factor * power) <= 8) ?? 10);
  return {
    ticks: Array.from({ length: 1 + Math.floor(most / step) }, (_, i) => i * step),
    position: (value) => from + ((to - from) * value) / most,
  };
}

function label(tick: number): string {
  return tick >= 1 || tick === 0 ? tick.toLocaleString("en") : String(Number(tick.toPrecision(1)));
}
