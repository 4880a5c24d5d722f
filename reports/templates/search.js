// Tables that can be searched and sorted; without this script they are plain tables.
for (const frame of document.querySelectorAll("[data-searchable]")) {
  const body = frame.querySelector("tbody"), rows = [...body.rows];
  const search = document.createElement("input"), count = document.createElement("output");
  search.type = "search";
  search.placeholder = "Search";
  search.setAttribute("aria-label", "Search the rows of the table");
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      shown += !row.hidden;
    }
    count.textContent = wanted ? `${shown} of ${rows.length} rows` : "";
  });
  const bar = document.createElement("p");
  bar.className = "search";
  bar.append(search, count);
  frame.before(bar);
  const value = (row, place) => {
    const text = row.cells[place].textContent.trim();
    const number = parseFloat(text.replaceAll(",", "").replace("\u2212", "-"));
    return Number.isNaN(number) ? text : number;
  };
  const compare = (a, b) =>
    typeof a === typeof b
      ? typeof a === "number" ? a - b : a.localeCompare(b)
      : typeof a === "number" ? -1 : 1;
  [...frame.querySelectorAll("thead th")].forEach((heading, place) => {
    const button = document.createElement("button");
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => {
      const descending = heading.getAttribute("aria-sort") === "ascending";
      for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
      const keyed = rows.map((row) => [value(row, place), row]);
      keyed.sort((a, b) => (descending ? compare(b[0], a[0]) : compare(a[0], b[0])));
      body.append(...keyed.map((pair) => pair[1]));
    });
  });
}
