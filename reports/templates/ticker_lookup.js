// One ticker at a time: unpacks the data of all, draws the chosen one, and links tables to it.
(async () => {
  const root = document.querySelector(".lookup");
  const packed = root.querySelector("script").textContent;
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const data = JSON.parse(await new Response(stream).text());
  const [input, message] = [root.querySelector("input"), root.querySelector("output")];
  const [caption, chart] = [root.querySelector("figcaption"), root.querySelector(".chart div")];
  const [reading, table] = [root.querySelector(".chart p"), root.querySelector(".scroll")];
  const names = Object.keys(data.tickers);
  const byUpperCase = new Map(names.map((name) => [name.toUpperCase(), name]));

  const element = (tag, attributes = {}, text = "") => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.textContent = text;
    return made;
  };
  const sum = (changes) => {
    let total = 0;
    return changes.map((change) => (change === null ? null : (total += change)));
  };
  const plus = (some, others) =>
    some.map((value, at) => (value === null || others[at] === null ? null : value + others[at]));
  const toPercent = (steps) => steps.map((n) => (n === null ? null : Math.exp(n * data.step)));

  function unpack(name) {
    const [facts, places, changes, har, lower, upper, realized] = data.tickers[name];
    const forecast = sum(changes);
    return {
      facts,
      days: sum(places).map((place) => data.sessions[place]),
      volatility: toPercent(forecast),
      har: toPercent(plus(forecast, sum(har))),
      lower: toPercent(plus(forecast, sum(lower))),
      upper: toPercent(plus(forecast, sum(upper))),
      realized: toPercent(plus(forecast, realized)),
    };
  }

  function draw(own) {
    const width = Math.min(Math.max(chart.clientWidth, 340), 760);
    const [height, left, top, bottom] = [300, 34, 48, 24];
    const known = (values) => values.filter((value) => value !== null);
    const lines = known([...own.volatility, ...own.har, ...own.upper]);
    const outcomes = known(own.realized).sort((a, b) => a - b);
    const rest = Math.max(...lines, outcomes.at(-2) ?? 0);
    const highest = 1.08 * Math.max(rest, Math.min(outcomes.at(-1) ?? 0, 1.5 * rest));
    const time = own.days.map((day) => Date.parse(day));
    const span = Math.max(time.at(-1) - time[0], 1);
    const x = (at) => left + ((time[at] - time[0]) / span) * (width - left - 8);
    const y = (value) => height - bottom - (value / highest) * (height - top - bottom);
    const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, class: "figure", role: "img" });

    const rough = highest / 4, unit = 10 ** Math.floor(Math.log10(rough));
    const tick = unit * [1, 2, 5, 10].find((factor) => factor * unit >= rough);
    for (let value = 0; value < highest; value += tick) {
      svg.append(element("line", { x1: left, x2: width, y1: y(value), y2: y(value), class: "rule" }));
      svg.append(element("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, +value.toFixed(6)));
    }
    let shown = -Infinity;
    own.days.forEach((day, at) => {
      const begins = at === 0 || day.slice(0, 7) !== own.days[at - 1].slice(0, 7);
      if (!begins || x(at) - shown < 70 || x(at) > width - 50) return;
      shown = x(at);
      svg.append(element("text", { x: x(at), y: height - 6 }, day.slice(0, 7)));
    });
    svg.append(element("text", { x: 0, y: top - 12 }, "Volatility (annualised, %)"));

    const path = (values) => {
      let gap = true;
      return values.map((value, at) => {
        const point = value === null ? "" : `${gap ? "M" : "L"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
        gap = value === null;
        return point;
      }).join("");
    };
    const both = own.lower.map((value, at) => (value === null || own.upper[at] === null ? null : at));
    const filled = known(both);
    const corner = (at, bound) => `${x(at).toFixed(1)} ${y(bound[at]).toFixed(1)}`;
    if (filled.length) {
      const outline = [...filled.map((at) => corner(at, own.upper)), ...filled.reverse().map((at) => corner(at, own.lower))];
      svg.append(element("path", { d: `M${outline.join("L")}Z`, class: "interval" }));
    }
    own.realized.forEach((value, at) => {
      if (value === null) return;
      const beyond = value > highest;
      const dot = element("circle", { cx: x(at), cy: beyond ? top : y(value), r: 2, class: "realized" });
      svg.append(dot);
      if (beyond) svg.append(element("text", { x: x(at) + 5, y: top + 4 }, Math.round(value)));
    });
    svg.append(element("path", { d: path(own.har), class: "har" }));
    svg.append(element("path", { d: path(own.volatility), class: "volatility" }));
    svg.append(element("circle", { cx: x(time.length - 1), cy: y(own.volatility.at(-1)), r: 3.5, class: "newest" }));
    let place = 0;
    for (const kind of ["interval", "realized", "har", "volatility"]) {
      svg.append(kind === "realized"
        ? element("circle", { cx: place + 6, cy: 10, r: 2.5, class: kind })
        : element("path", { d: kind === "interval" ? `M${place} 5h12v10h-12Z` : `M${place} 10h12`, class: kind }));
      svg.append(element("text", { x: place + 17, y: 14 }, data.labels[kind]));
      place += 34 + 6.6 * data.labels[kind].length;
    }
    const guide = element("line", { y1: top, y2: height - bottom, class: "guide", visibility: "hidden" });
    svg.append(guide);
    const format = (value) => (value === null ? "\u2013" : value.toFixed(1));
    const read = (at) =>
      `${own.days[at]}: ${data.labels.volatility} ${format(own.volatility[at])}, ` +
      `${format(own.lower[at])} to ${format(own.upper[at])}; HAR ${format(own.har[at])}; ` +
      (own.realized[at] === null ? "no outcome yet." : `${data.labels.realized.toLowerCase()} ${format(own.realized[at])}.`);
    reading.textContent = read(time.length - 1);
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const wanted = ((event.clientX - box.left) / box.width) * width;
      let nearest = 0;
      time.forEach((_, at) => { if (Math.abs(x(at) - wanted) < Math.abs(x(nearest) - wanted)) nearest = at; });
      for (const side of ["x1", "x2"]) guide.setAttribute(side, x(nearest));
      guide.setAttribute("visibility", "visible");
      reading.textContent = read(nearest);
    });
    return svg;
  }

  function list(facts) {
    const made = document.createElement("table"), head = made.createTHead().insertRow();
    const body = made.createTBody();
    for (const heading of data.headings) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = heading;
      head.append(cell);
    }
    for (const row of facts) {
      const line = body.insertRow();
      row.forEach((text) => (line.insertCell().textContent = text));
    }
    for (const row of made.rows) for (const cell of [...row.cells].slice(1)) cell.className = "n";
    return made;
  }

  function show(name) {
    const own = unpack(name);
    input.value = name;
    message.textContent = "";
    caption.textContent = name;
    if (own.days.length) {
      chart.replaceChildren(draw(own));
      chart.firstChild.setAttribute("aria-label", `Forecast and realised volatility of ${name}`);
    } else {
      chart.replaceChildren();
      reading.textContent = "No forecast in the last months.";
    }
    table.replaceChildren(list(own.facts));
  }

  const follow = () => {
    if (!location.hash.startsWith("#ticker=")) return false;
    const name = byUpperCase.get(decodeURIComponent(location.hash.slice(8)).toUpperCase());
    if (name === undefined) return false;
    show(name);
    document.getElementById("ticker").scrollIntoView();
    return true;
  };
  input.addEventListener("change", () => {
    const name = byUpperCase.get(input.value.trim().toUpperCase());
    if (name === undefined) message.textContent = input.value ? "No forecast for this ticker." : "";
    else history.replaceState(null, "", `#ticker=${encodeURIComponent(name)}`), show(name);
  });
  addEventListener("hashchange", follow);
  for (const page of document.querySelectorAll("section table")) {
    if (page.rows[0]?.cells[0]?.textContent !== "Ticker") continue;
    for (const row of page.tBodies[0].rows) {
      const cell = row.cells[0], name = cell.textContent;
      if (!Object.hasOwn(data.tickers, name)) continue;
      const link = document.createElement("a");
      link.href = `#ticker=${encodeURIComponent(name)}`;
      link.textContent = name;
      cell.replaceChildren(link);
    }
  }
  root.hidden = false; // before the first figure, which is as wide as its place
  if (!follow()) show(root.querySelector("option").textContent);
})();
