// Keeps a socket to a room open: comes back after every break, more slowly each time, and more slowly still when it
// was refused, since the room may yet be made or the token be right another time.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
const REFUSED = 1008;

export function follow({ room, token, history }, { message, refused }) {
  let wait = FIRST_WAIT_MS;
  let problem = null;

  function connect() {
    const url = new URL(`/v1/rooms/${encodeURIComponent(room)}/view`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("history", history);
    if (token) url.searchParams.set("token", token);
    const socket = new WebSocket(url);
    socket.onmessage = (event) => {
      const said = JSON.parse(event.data);
      if (said.type === "error") {
        problem = said.message;
      } else {
        problem = null;
        wait = FIRST_WAIT_MS;
        message(said);
      }
    };
    socket.onclose = (event) => {
      if (problem) refused(problem);
      wait = event.code === REFUSED || event.code === 1000 ? LONGEST_WAIT_MS : wait;
      setTimeout(connect, wait * (0.5 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    };
  }

  connect();
}
