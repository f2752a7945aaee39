// The rooms of this tab with their tokens, which the server tells once: name -> { title, publish, view }.
// view is empty where anybody may watch.

const KEPT = "lingting.rooms";

function all() {
  return JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
}

function keep(rooms) {
  sessionStorage.setItem(KEPT, JSON.stringify(rooms));
}

export function rooms() {
  return Object.entries(all()).map(([name, room]) => ({ name, ...room }));
}

export function roomOf(name) {
  const room = all()[name];
  return room ? { name, ...room } : null;
}

export function keepRoom({ name, ...room }) {
  keep({ ...all(), [name]: room });
}

export function forgetRoom(name) {
  const { [name]: _, ...others } = all();
  keep(others);
}

function address(path, token) {
  const url = new URL(path, location.origin);
  if (token) url.searchParams.set("token", token);
  return url.href;
}

// Those of speakers have their tokens behind the #, which no server and no log sees.
export function linksOf({ name, publish, view }) {
  const path = `/rooms/${encodeURIComponent(name)}`;
  const tokens = [publish, view].filter(Boolean).map(encodeURIComponent).join("/");
  return {
    watch: address(`${path}/watch`, view),
    overlay: address(`${path}/overlay`, view),
    speaker: `${location.origin}/#${path}/${tokens}`,
  };
}
