// One ticker at a time: unpacks the data of all (ticker_lookup.py), draws the chosen one, and links
// the tables of the page to it. Without this script the section shows nothing.
(async () => {
  const HEIGHT = 300, LEFT = 34, RIGHT = 8, TOP = 48, BOTTOM = 24; // pixels
  const HEADROOM = 1.08, LONE_OUTLIER = 1.5; // an outcome so far above all else is cut and named
  const root = document.querySelector(".lookup");
  const [input, message] = [root.querySelector("input"), root.querySelector("output")];
  const [caption, chart] = [root.querySelector("figcaption"), root.querySelector(".chart div")];
  const [reading, table] = [root.querySelector(".chart p"), root.querySelector(".scroll")];

  async function unpack(text) {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }
  const data = await unpack(root.querySelector("script").textContent);
  const names = new Map(Object.keys(data.tickers).map((name) => [name.toUpperCase(), name]));

  const sum = (changes) => {
    let total = 0;
    return changes.map((change) => (change === null ? null : (total += change)));
  };
  function decode(name) {
    const [facts, places, changes, har, lower, upper, realized] = data.tickers[name];
    const forecast = sum(changes);
    const toPercent = (steps) => steps.map((n) => (n === null ? null : Math.exp(n * data.step)));
    const from = (distances) =>
      toPercent(forecast.map((n, at) => (n === null || distances[at] === null ? null : n + distances[at])));
    return {
      facts,
      days: sum(places).map((place) => data.sessions[place]),
      volatility: toPercent(forecast),
      har: from(sum(har)),
      lower: from(sum(lower)),
      upper: from(sum(upper)),
      realized: from(realized),
    };
  }

  const known = (values) => values.filter((value) => value !== null);
  function draw(tag, attributes, text = "") {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.textContent = text;
    return made;
  }
  function measure(own) {
    const width = Math.min(Math.max(chart.clientWidth, 340), 760);
    const outcomes = known(own.realized).sort((a, b) => a - b);
    const lines = known([...own.volatility, ...own.har, ...own.upper]);
    const rest = Math.max(...lines, outcomes.at(-2) ?? 0);
    const highest = HEADROOM * Math.max(rest, Math.min(outcomes.at(-1) ?? 0, LONE_OUTLIER * rest));
    const time = own.days.map((day) => Date.parse(day));
    const span = Math.max(time.at(-1) - time[0], 1);
    return {
      width,
      highest,
      x: (at) => LEFT + ((time[at] - time[0]) / span) * (width - LEFT - RIGHT),
      y: (value) => HEIGHT - BOTTOM - (value / highest) * (HEIGHT - TOP - BOTTOM),
    };
  }

  function* drawAxes(own, { width, highest, x, y }) {
    const unit = 10 ** Math.floor(Math.log10(highest / 4));
    const step = unit * [1, 2, 5, 10].find((factor) => factor * unit >= highest / 4);
    for (let value = 0; value < highest; value += step) {
      yield draw("line", { x1: LEFT, x2: width, y1: y(value), y2: y(value), class: "rule" });
      yield draw("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, +value.toFixed(6));
    }
    let last = -Infinity;
    for (const [at, day] of own.days.entries()) {
      const begins = at === 0 || day.slice(0, 7) !== own.days[at - 1].slice(0, 7);
      if (!begins || x(at) - last < 70 || x(at) > width - 50) continue;
      last = x(at);
      yield draw("text", { x: x(at), y: HEIGHT - 6 }, day.slice(0, 7));
    }
    yield draw("text", { x: 0, y: TOP - 12 }, "Volatility (annualised, %)");
  }
  function* drawLines(own, { highest, x, y }) {
    const point = (values) => (at) => `${x(at).toFixed(1)} ${y(values[at]).toFixed(1)}`;
    const within = known(own.lower.map((value, at) => (value === null || own.upper[at] === null ? null : at)));
    if (within.length) {
      const outline = [...within.map(point(own.upper)), ...within.reverse().map(point(own.lower))];
      yield draw("path", { d: `M${outline.join("L")}Z`, class: "interval" });
    }
    for (const [at, value] of own.realized.entries()) {
      if (value === null) continue;
      const beyond = value > highest;
      yield draw("circle", { cx: x(at), cy: beyond ? TOP : y(value), r: 2, class: "realized" });
      if (beyond) yield draw("text", { x: x(at) + 5, y: TOP + 4 }, Math.round(value));
    }
    for (const kind of ["har", "volatility"]) {
      const values = own[kind];
      const move = (at) => (at === 0 || values[at - 1] === null ? "M" : "L");
      const path = values.map((value, at) => (value === null ? "" : move(at) + point(values)(at)));
      yield draw("path", { d: path.join(""), class: kind });
    }
    const newest = own.days.length - 1;
    yield draw("circle", { cx: x(newest), cy: y(own.volatility[newest]), r: 3.5, class: "newest" });
  }
  function* drawLegend() {
    let place = 0;
    for (const kind of ["interval", "realized", "har", "volatility"]) {
      const area = kind === "interval" ? `M${place} 5h12v10h-12Z` : `M${place} 10h12`;
      yield kind === "realized"
        ? draw("circle", { cx: place + 6, cy: 10, r: 2.5, class: kind })
        : draw("path", { d: area, class: kind });
      yield draw("text", { x: place + 17, y: 14 }, data.labels[kind]);
      place += 34 + 6.6 * data.labels[kind].length;
    }
  }
  function drawChart(own) {
    const scale = measure(own);
    const svg = draw("svg", { viewBox: `0 0 ${scale.width} ${HEIGHT}`, class: "figure", role: "img" });
    svg.append(...drawAxes(own, scale), ...drawLines(own, scale), ...drawLegend());
    const guide = draw("line", { y1: TOP, y2: HEIGHT - BOTTOM, class: "guide", visibility: "hidden" });
    svg.append(guide);
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const wanted = ((event.clientX - box.left) / box.width) * scale.width;
      const distance = (at) => Math.abs(scale.x(at) - wanted);
      const nearest = [...own.days.keys()].reduce((best, at) => (distance(at) < distance(best) ? at : best), 0);
      for (const side of ["x1", "x2"]) guide.setAttribute(side, scale.x(nearest));
      guide.setAttribute("visibility", "visible");
      reading.textContent = describe(own, nearest);
    });
    return svg;
  }
  function describe(own, at) {
    const text = (name) => (own[name][at] === null ? "\u2013" : own[name][at].toFixed(1));
    const outcome = `${data.labels.realized.toLowerCase()} ${text("realized")}`;
    return (
      `${own.days[at]}: ${data.labels.volatility} ${text("volatility")}, ${text("lower")} to ` +
      `${text("upper")}; HAR ${text("har")}; ${own.realized[at] === null ? "no outcome yet" : outcome}.`
    );
  }

  function buildTable(rows) {
    const made = document.createElement("table"), head = made.createTHead().insertRow();
    for (const heading of data.headings) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = heading;
      head.append(cell);
    }
    const body = made.createTBody();
    for (const row of rows) {
      const line = body.insertRow();
      for (const text of row) line.insertCell().textContent = text;
    }
    for (const row of made.rows) for (const cell of [...row.cells].slice(1)) cell.className = "n";
    return made;
  }
  function show(name) {
    const own = decode(name), any = own.days.length > 0;
    [input.value, message.textContent, caption.textContent] = [name, "", name];
    chart.replaceChildren(...(any ? [drawChart(own)] : []));
    chart.firstChild?.setAttribute("aria-label", `Forecast and realised volatility of ${name}`);
    reading.textContent = any ? describe(own, own.days.length - 1) : "No forecast in the last months.";
    table.replaceChildren(buildTable(own.facts));
  }

  const address = (name) => `#ticker=${encodeURIComponent(name)}`;
  function follow() {
    if (!location.hash.startsWith("#ticker=")) return false;
    const name = names.get(decodeURIComponent(location.hash.slice(8)).toUpperCase());
    if (name === undefined) return false;
    show(name);
    document.getElementById("ticker").scrollIntoView();
    return true;
  }
  input.addEventListener("change", () => {
    const name = names.get(input.value.trim().toUpperCase());
    message.textContent = name === undefined && input.value ? "No forecast for this ticker." : "";
    if (name === undefined) return;
    history.replaceState(null, "", address(name));
    show(name);
  });
  addEventListener("hashchange", follow);
  for (const listed of document.querySelectorAll("section table")) {
    if (listed.rows[0]?.cells[0]?.textContent !== "Ticker") continue;
    for (const { cells: [cell] } of listed.tBodies[0].rows) {
      const name = cell.textContent;
      if (!Object.hasOwn(data.tickers, name)) continue;
      const link = document.createElement("a");
      [link.href, link.textContent] = [address(name), name];
      cell.replaceChildren(link);
    }
  }
  root.hidden = false; // before the first figure, which is as wide as its place
  if (!follow()) show(root.querySelector("option").textContent);
})();
