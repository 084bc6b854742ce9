// Templates and icons.
import htm from "htm";
import { h, options } from "preact";

export const html = htm.bind(h);

/** @type {Record<string, string[]>} */
const PATHS = {
  inbox: ["M4 13.5 6.5 5h11L20 13.5V19H4v-5.5Zm0 0h4.5l1.5 2.5h4l1.5-2.5H20"],
  today: [
    "M7 5.5h10a3 3 0 0 1 3 3V17a3 3 0 0 1-3 3H7a3 3 0 0 1-3-3V8.500a3 3 0 0 1 3-3Z",
    "M4 10h16M8.5 3.500v4M15.5 3.500v4",
    "M12 14.800v.4",
  ],
  upcoming: [
    "M7 5.500h10a3 3 0 0 1 3 3V17a3 3 0 0 1-3 3H7a3 3 0 0 1-3-3V8.500a3 3 0 0 1 3-3Z",
    "M4 10h16M8.5 3.500v4M15.5 3.500v4M8 14h2M14 14h2M8 17h2",
  ],
  done: ["M12 3.500a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Z", "m8.5 12.2 2.5 2.5 4.7-5.2"],
  bin: ["M4.5 7h15M10 11v5.500M14 11v5.500M6.5 7l.9 12h9.200l.9-12M9.5 7V4.500h5V7"],
  search: ["M11 4.500a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Z", "m16 16 4 4"],
  plus: ["M12 5v14M5 12h14"],
  clock: ["M12 3.500a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Z", "M12 7.500V12l3 2"],
  flag: ["M6 21V4.500h11.500l-2.5 4 2.5 4H6"],
  notes: ["M5 6.500h14M5 11h14M5 15.500h9"],
  tag: ["M4.5 12.500v-7h7l8 8-7 7-8-8Z", "M8.5 9.400v.2"],
  menu: ["M5 7h14M5 12h14M5 17h14"],
  close: ["m6.5 6.5 11 11M17.5 6.500l-11 11"],
  more: ["M6 12h.010M12 12h.010M18 12h.01"],
  check: ["m6 12.5 4 4 8-9"],
  cloudoff: ["M7 18.500a4 4 0 0 1-.7-7.900A5.5 5.5 0 0 1 16.6 9a4.8 4.8 0 0 1 .9 9.400M4 4l16 16"],
  cloud: ["M7 18.500a4 4 0 0 1-.7-7.900A5.5 5.5 0 0 1 16.6 9a4.8 4.8 0 0 1 .9 9.500H7Z"],
  alert: ["M12 4 2.8 19.500h18.400L12 4ZM12 10v4.500M12 17v.1"],
  list: ["M9 7h11M9 12h11M9 17h11M4.5 7h.010M4.5 12h.010M4.5 17h.01"],
  undo: ["M8 5 4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11h-3"],
  sort: ["M7 5v14M7 19l-3-3M7 19l3-3M17 19V5M17 5l-3 3M17 5l3 3"],
  user: ["M12 4.500a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM4.5 20a7.5 7.5 0 0 1 15 0"],
  repeat: [
    "M5 11.500V10a3.5 3.5 0 0 1 3.500-3.500H18M15 3.500l3 3-3 3",
    "M19 12.500V14a3.5 3.5 0 0 1-3.500 3.500H6M9 20.500l-3-3 3-3",
  ],
  filter: ["M4 6h16M7 12h10M10.500 18h3"],
  parts: ["M5 5.500h6M5 5.500v11h6M5 11h6M15 5.500h4M15 11h4M15 16.500h4"],
  up: ["M7 19V9a3.5 3.5 0 0 1 3.500-3.500H18M14.500 2l3.500 3.500L14.500 9"],
  down: ["m7 10 5 5 5-5"],
  bell: ["M6 16.500V11a6 6 0 0 1 12 0v5.500l1.500 2h-15l1.500-2ZM10 20.500h4"],
  left: ["m14.5 6-6 6 6 6"],
};

/** @param {{name: string, heavy?: boolean}} props */
export function Icon({ name, heavy }) {
  const width = heavy ? "3.2" : name === "more" ? "2.8" : "1.75";
  return html`<svg viewBox="0 0 24 24" aria-hidden="true" stroke-width=${width}>
    ${PATHS[name]?.map((path) => html`<path d=${path} />`)}
  </svg>`;
}

export function Mark() {
  return html`<svg class="mark" viewBox="0 0 64 64" aria-hidden="true">
    <rect width="64" height="64" rx="17" fill="#0b6e62" />
    <path d="M15.5 35.5 26 46l20-23" fill="none" stroke="#fff" stroke-width="7" />
    <circle cx="24" cy="19" r="6" fill="#8fe3d4" />
  </svg>`;
}

/** The colour of a list. @param {{color?: string}} props */
export function Dot({ color }) {
  return html`<span class="dot" style=${{ "--c": color || "var(--edge)" }}></span>`;
}

/** Renders the change before it returns, so that the focus is correct for the next key.
 * @param {() => void} change
 */
export function atOnce(change) {
  const usual = options.debounceRendering;
  let draw = () => {};
  options.debounceRendering = (drawAll) => {
    draw = drawAll;
  };
  try {
    change();
  } finally {
    options.debounceRendering = usual;
    draw();
  }
}
