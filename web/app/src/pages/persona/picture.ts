// A card as a picture, drawn on a canvas: nothing is fetched.
import type { Formats } from "../../i18n/format";
import type { Language } from "../../i18n";
import { amount, highOf, indexOf, lang, lowOf, type Card } from "./types";

const WIDTH = 1080;
const EDGE = 56;
const FONT = "-apple-system, 'Segoe UI', 'PingFang SC', 'Hiragino Sans GB', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif";
const INK = { text: "#1f1f1f", soft: "#5c5c5c", line: "#e3e3e3", accent: "#0b57c4", warn: "#8f5a00", base: "#b5b5b5" };
interface Words { base: string; worth: string; count: string; unknown: string }

/** Breaks a text into lines of at most `width`: Chinese anywhere, other scripts between words. */
function broken(pen: CanvasRenderingContext2D, text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const piece of text.match(/[\u2E80-\uFFEF]|[^\s\u2E80-\uFFEF]+\s*|\s+/g) ?? []) {
    if (line && pen.measureText(line + piece.trimEnd()).width > width) {
      lines.push(line.trimEnd());
      line = piece.trimStart();
    } else line += piece;
  }
  return line ? [...lines, line.trimEnd()] : lines;
}

/** Draws the card, or only measures it; returns its height. */
function draw(pen: CanvasRenderingContext2D, card: Card, language: Language, words: Words, f: Formats, paint: boolean): number {
  const say = lang(language);
  const width = WIDTH - 2 * EDGE;
  let y = EDGE;
  const text = (value: string, size: number, colour: string, weight: number, room = width, x = EDGE) => {
    pen.font = `${weight} ${size}px ${FONT}`;
    for (const line of broken(pen, value, room)) {
      y += size * 1.5;
      if (paint) { pen.fillStyle = colour; pen.fillText(line, x, y - size * 0.4); }
    }
  };
  text(card.name[say], 36, INK.text, 600);
  y += 4;
  text(words.base, 18, INK.soft, 400);
  y += 12;
  text(card.summary[say], 22, INK.text, 400);
  y += 16;
  const facts = `${words.count} ${f.count(card.size)} (${f.percent(card.share)})${card.worth ? `    ${words.worth} ${amount(card.worth.mean, card.worth.unit, f)}` : ""}`;
  text(facts, 24, INK.accent, 600);
  for (const section of card.sections) {
    if (!section.statements.length) continue;
    y += 26;
    if (paint) { pen.fillStyle = INK.line; pen.fillRect(EDGE, y - 6, width, 1); }
    text(section.title[say], 22, INK.text, 600);
    y += 4;
    for (const one of section.statements) {
      const top = y;
      const index = indexOf(one);
      text(one.text[say], 19, INK.text, 400, index === null ? width : width - 230);
      if (index !== null && paint) {
        const [x, room, middle] = [WIDTH - EDGE - 190, 190, (top + y) / 2 + 2];
        const at = (value: number) => x + (Math.min(Math.max(value, 0), 300) / 300) * room;
        pen.fillStyle = INK.base;
        pen.fillRect(at(100), middle - 9, 1, 18);
        pen.fillStyle = index >= 100 ? INK.accent : INK.warn;
        pen.fillRect(at(lowOf(one) ?? index), middle - 1, Math.max(at(highOf(one) ?? index) - at(lowOf(one) ?? index), 2), 3);
        pen.beginPath();
        pen.arc(at(index), middle, 6, 0, 2 * Math.PI);
        pen.fill();
      }
      y += 6;
    }
  }
  return y + EDGE;
}

export async function savePicture(card: Card, language: Language, words: Words, f: Formats): Promise<void> {
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("no canvas");
  const height = Math.ceil(draw(pen, card, language, words, f, false));
  canvas.width = WIDTH * 2;
  canvas.height = height * 2;
  pen.scale(2, 2);
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, WIDTH, height);
  draw(pen, card, language, words, f, true);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
  if (!blob) throw new Error("no picture");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${card.set}-${card.segment}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
