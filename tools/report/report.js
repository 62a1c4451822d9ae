// SPDX-License-Identifier: MIT
// Draws the three charts of report.html from the JSON in its #data element and
// keeps their paths and colours in step.
(() => {
  'use strict';
  const root = document.documentElement;
  const data = JSON.parse(document.getElementById('data').textContent);
  const labels = data.paths.map((path) => path.name);
  const number = new Intl.NumberFormat('en', {maximumFractionDigits: 3});
  const charts = [];

  const style = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const theme = () => ({
    colors: data.paths.map((path) => path[root.dataset.theme]),
    axisLineColor: style('--soft'),
    gridLineColor: style('--grid'),
  });
  // A logarithmic axis has no place for 0.
  const positive = (value) => (value === undefined ? null : Math.max(value, 1));

  // 1, 2 and 5 in each decade, as few of them as there is room for.
  const decades = (low, high) => {
    const digits = high / low > 1e4 ? [1] : high / low > 1e3 ? [1, 5] : [1, 2, 5];
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; ++power) {
      for (const digit of digits) {
        const value = digit * 10 ** power;
        if (value >= low && value <= high) ticks.push(value);
      }
    }
    return ticks;
  };
  const latencyTicks = (low, high) =>
    decades(Math.max(low, 1e-3), high).map((v) => ({v, label: number.format(v)}));

  // A percentile p stands at -log10(1 - p).
  const percent = (p) => `${Number((100 * p).toPrecision(9))} %`;
  const percentileTicks = (low, high) => {
    const ticks = [{v: 0, label: '0 %'}, {v: Math.log10(2), label: '50 %'}];
    for (let nines = 1; nines <= 12; ++nines) {
      ticks.push({v: nines, label: percent(1 - 10 ** -nines)});
    }
    return ticks.filter((tick) => tick.v >= low && tick.v <= high);
  };

  const values = (formatX, formatY) => (legend) => {
    const out = document.createDocumentFragment();
    if (legend.x === undefined) {
      out.append('Point at the chart for figures.');
      return out;
    }
    const add = (text, colour) => {
      const span = document.createElement('span');
      span.textContent = text;
      if (colour) span.style.color = colour;
      out.append(span);
    };
    add(formatX(legend.x));
    for (const series of legend.series) {
      if (series.isVisible && Number.isFinite(series.y)) {
        add(`${series.label} ${formatY(series.y)}`, series.color);
      }
    }
    return out;
  };

  const draw = (id, rows, formatX, formatY, options) => {
    const element = document.getElementById(id);
    const patterns = [null, [7, 3], [2, 3], [7, 3, 2, 3], [7, 3, 2, 3, 2, 3]];
    const dashes = data.paths.map((path) => [path.name, {strokePattern: patterns[path.dash]}]);
    const chart = new Dygraph(element, rows, {
      labels: ['x', ...labels],
      labelsDiv: document.getElementById(`${id}-values`),
      legend: 'always',
      legendFormatter: values(formatX, formatY),
      series: Object.fromEntries(dashes),
      connectSeparatedPoints: true,
      strokeWidth: 2,
      highlightCircleSize: 4,
      axisLabelFontSize: 13,
      xRangePad: 8,
      ...options,
      ...theme(),
    });
    charts.push(chart);
    chart.ready(() => { root.dataset.charts = String(charts.length); });
  };

  const latencyAxis = (width) => ({ticker: latencyTicks, axisLabelWidth: width});

  const drawPercentiles = () => draw(
    'percentiles',
    data.levels.map((level, i) =>
      [-Math.log10(1 - level), ...data.paths.map((path) => positive(path.percentiles[i]))]),
    (x) => percent(1 - 10 ** -x), number.format,
    {
      logscale: true, xlabel: 'percentile', ylabel: `latency, ${data.unit}`,
      axes: {x: {ticker: percentileTicks, axisLabelWidth: 80}, y: latencyAxis(80)},
    });

  const drawTimeline = () => {
    const length = Math.max(...data.paths.map((path) => path.timeline.length));
    const rows = Array.from({length}, (_, i) =>
      [i * data.bucket, ...data.paths.map((path) => positive(path.timeline[i]))]);
    draw('timeline', rows, (x) => `sample ${number.format(x)}`, number.format, {
      logscale: true, strokeWidth: 1, xlabel: 'sample', ylabel: `latency, ${data.unit}`,
      axes: {x: {axisLabelFormatter: (x) => number.format(x), axisLabelWidth: 80}, y: latencyAxis(80)},
    });
  };

  const drawDistribution = () => {
    const bins = Math.max(...data.paths.map((path) => path.share.length));
    const low = (bin) => (data.first_bin + bin) / data.per_decade;
    // A step is as wide as its bin; one more row ends the last.
    const rows = Array.from({length: bins + 1}, (_, i) =>
      [low(i), ...data.paths.map((path) => 100 * (path.share[i] ?? 0))]);
    const range = (x) => `${number.format(Math.round(10 ** x))} to ${
      number.format(Math.round(10 ** (x + 1 / data.per_decade)))} ${data.unit}`;
    draw('distribution', rows, range, (y) => `${number.format(y)} %`, {
      stepPlot: true, fillGraph: true, fillAlpha: 0.18, strokeWidth: 1.5,
      xlabel: `latency, ${data.unit}`, ylabel: 'share of samples, %', includeZero: true,
      axes: {
        x: {
          ticker: (a, b) => latencyTicks(10 ** a, 10 ** b)
            .map((tick) => ({v: Math.log10(tick.v), label: tick.label})),
          axisLabelWidth: 80,
        },
        y: {axisLabelWidth: 80},
      },
    });
  };

  const addToggles = () => {
    const box = document.getElementById('toggles');
    data.paths.forEach((path, i) => {
      const label = document.createElement('label');
      const input = document.createElement('input');
      const swatch = document.createElement('span');
      input.type = 'checkbox';
      input.checked = true;
      input.addEventListener('change', () => {
        for (const chart of charts) chart.setVisibility(i, input.checked);
      });
      swatch.className = 'swatch';
      swatch.style.setProperty('--light', path.light);
      swatch.style.setProperty('--dark', path.dark);
      label.append(input, swatch, path.name);
      box.append(label);
    });
  };

  const addTheme = () => {
    const system = matchMedia('(prefers-color-scheme: dark)');
    const set = (name) => {
      root.dataset.theme = name;
      for (const chart of charts) chart.updateOptions(theme());
    };
    set(system.matches ? 'dark' : 'light');
    system.addEventListener('change', () => set(system.matches ? 'dark' : 'light'));
    document.getElementById('theme').addEventListener(
      'click', () => set(root.dataset.theme === 'dark' ? 'light' : 'dark'));
  };

  const addCaptions = () => {
    document.getElementById('bucket').textContent = data.bucket === 1
      ? 'Every sample is drawn.'
      : `A point is the largest of ${number.format(data.bucket)} consecutive samples.`;
    document.getElementById('bins').textContent = data.per_decade;
    for (const note of document.querySelectorAll('.zero')) {
      if (data.zero) note.textContent = ' A latency of 0 is drawn at 1.';
    }
  };

  addTheme();
  addToggles();
  addCaptions();
  root.dataset.paths = String(data.paths.length);
  if (data.levels.length > 0) {
    drawPercentiles();
    drawTimeline();
    drawDistribution();
  }
})();
