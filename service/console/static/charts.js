// Charts with uPlot. Colours come from the style sheet; a canvas cannot read light-dark(), registered colours it can.
"use strict";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);

function lineAt(value) {
  return {
    hooks: {
      draw: [(plot) => {
        if (value === null || Number.isNaN(value)) return;
        const y = Math.round(plot.valToPos(value, "y", true));
        const { left, width, top, height } = plot.bbox;
        if (y < top || y > top + height) return;
        const pen = plot.ctx;
        pen.save();
        pen.strokeStyle = colour("--soft");
        pen.setLineDash([4, 4]);
        pen.beginPath();
        pen.moveTo(left, y);
        pen.lineTo(left + width, y);
        pen.stroke();
        pen.restore();
      }],
    },
  };
}

function draw(box, days, values, { line = null, label, unit = "", height = 150, tone = "--red", top = null }) {
  const shown = (value) => value == null ? "–" : `${Number(value.toPrecision(3))}${unit ? ` ${unit}` : ""}`;
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--edge"), width: 1 }, ticks: { show: false } };
  const known = values.filter((value) => value != null).concat(line ?? []);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  // A share that stays near 94 % would be a flat line on an axis from nought.
  const low = least > 0 && least > most / 2 ? least - (most - least) * 0.15 : Math.min(0, least);
  const high = most > low ? most + (most - low) * 0.08 : low + 1;
  box.replaceChildren();
  const plot = new uPlot({
    width: box.clientWidth,
    height,
    plugins: [lineAt(line)],
    cursor: { y: false, points: { size: 6 } },
    legend: { live: true, markers: { show: false } },
    scales: { x: { time: true }, y: { range: [low, top ?? high] } },
    axes: [
      { ...axis, grid: { show: false }, space: 60, size: 38, gap: 4, values: [
        [2592000, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
        [86400, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
      ] },
      { ...axis, size: 52, space: 20, values: (_plot, ticks) => ticks.map((tick) => unit === "%" ? shown(tick) : tick) },
    ],
    series: [
      { label: "Day", value: "{D} {MMM} {YYYY}" },
      { label, stroke: colour(tone), fill: colour(`${tone}-soft`), width: 1.8, spanGaps: false,
        points: { show: values.length < 2 }, value: (_plot, value) => shown(value) },
    ],
  }, [days, values], box);
  plot.setLegend({ idx: days.length - 1 });
  new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height })).observe(box);
}

const seconds = (day) => Date.parse(`${day}T00:00:00Z`) / 1000;

function drawRisk(box) {
  if (!box.dataset.days) return;
  const days = box.dataset.days.split(" ").map(seconds);
  const values = box.dataset.values.split(" ").map((value) => 100 * value);
  const top = [10, 25, 50].find((step) => Math.max(...values) <= step) ?? 100;
  draw(box, days, values, { line: 100 * box.dataset.line, label: "Risk", unit: "%", top });
}

async function drawMetrics(boxes, url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const { metrics } = await answer.json();
  for (const box of boxes) {
    const metric = metrics[box.dataset.metric];
    if (!metric) continue;
    const scale = metric.percent ? 100 : 1;
    draw(box, metric.days.map(seconds), metric.values.map((value) => value == null ? null : value * scale), {
      line: metric.target == null ? null : metric.target * scale,
      label: metric.label, unit: metric.percent ? "%" : metric.unit, height: 130, tone: "--blue",
    });
  }
}

function drawAll(root = document) {
  for (const box of root.querySelectorAll('[data-chart="risk"]')) drawRisk(box);
  const grid = root.querySelector("[data-series]");
  if (grid) drawMetrics(grid.querySelectorAll("[data-metric]"), grid.dataset.series);
}

drawAll();
document.addEventListener("htmx:after:swap", (event) => drawAll(document.getElementById("panel") ?? document));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => drawAll());
