// Diagrams as SVG: axes from 0 to 1, and what stands in them.
import {svg} from "./dom.js";
import {percent} from "./numbers.js";

const LEFT = 38;
const BOTTOM = 34;

// size: [width, height]; x: [[where from 0 to 1, what it says], ...]; y: shares, from `low` to 1; title: for those who hear the page.
// Returns {chart, at(x, y)}.
function frame({size: [wide, high], x, y, title, xName, low = 0}) {
  const at = (right, up) => [LEFT + right * (wide - LEFT - 10), 8 + (1 - (up - low) / (1 - low)) * (high - BOTTOM - 8)];
  const chart = svg("svg", {class: "chart", viewBox: `0 0 ${wide} ${high}`, role: "img", "aria-label": title});
  for (const share of y) {
    const [left, height] = at(0, share);
    chart.append(
      svg("line", {class: "grid", x1: left, x2: at(1, 0)[0], y1: height, y2: height}),
      svg("text", {x: LEFT - 6, y: height + 4, "text-anchor": "end"}, percent(share)),
    );
  }
  for (const [right, name] of x) chart.append(svg("text", {x: at(right, 0)[0], y: high - BOTTOM + 16, "text-anchor": "middle"}, name));
  chart.append(svg("text", {x: at(0.5, 0)[0], y: high - 3, "text-anchor": "middle"}, xName));
  return {chart, at};
}

const SHARES = [0, 0.25, 0.5, 0.75, 1];
const points = (at, pairs) => pairs.map(([x, y]) => at(x, y).map((number) => number.toFixed(1)).join(",")).join(" ");

// bins: [{confidence, accuracy, count}, ...] -> how often answers of a confidence are right, against how often they should be
export function reliability(bins, {title, xName}) {
  const {chart, at} = frame({size: [320, 240], x: SHARES.map((share) => [share, percent(share)]), y: SHARES, title, xName});
  const filled = bins.filter((bin) => bin.count > 0);
  const [[x1, y1], [x2, y2]] = [at(0, 0), at(1, 1)];
  chart.append(svg("line", {class: "ideal", x1, y1, x2, y2}));
  const many = filled.filter((bin) => bin.count >= 20);
  chart.append(svg("polyline", {class: "curve", points: points(at, many.map((bin) => [bin.confidence, bin.accuracy]))}));
  for (const bin of filled) {
    const [cx, cy] = at(bin.confidence, bin.accuracy);
    const told = `${percent(bin.confidence)} → ${percent(bin.accuracy)}, n = ${bin.count}`;
    chart.append(svg("circle", {class: bin.count >= 20 ? "dot" : "lone", cx, cy, r: 3.5}, svg("title", {}, told)));
  }
  return chart;
}

// curves: [{name, colour, points: [[x, y], ...]}]; x: as in frame
export function lines(curves, {x, y = SHARES, title, xName, low}) {
  const {chart, at} = frame({size: [500, 290], x, y, title, xName, low});
  for (const curve of curves) {
    chart.append(svg("polyline", {class: "curve", points: points(at, curve.points), vars: {s: curve.colour}}));
    for (const [right, up] of curve.points) {
      const [cx, cy] = at(right, up);
      chart.append(svg("circle", {class: "dot", cx, cy, r: 2.6, vars: {s: curve.colour}}, svg("title", {}, `${curve.name}: ${percent(up)}`)));
    }
  }
  return chart;
}
