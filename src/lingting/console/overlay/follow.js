// Keeps a socket to a room open: comes back after every break, more slowly each time, and more slowly still when it
// was refused, since the room may yet be made or the token be right another time.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
const REFUSED = 1008;

// message(said) hears what comes, refused(problem, code) why nothing does, lost() that the connection broke.
// Gives a function that ends it.
export function follow({ room, token, history }, { message, refused, lost = () => {} }) {
  let wait = FIRST_WAIT_MS;
  let problem = null;
  let socket = null;
  let timer = 0;

  function connect() {
    const url = new URL(`/v1/rooms/${encodeURIComponent(room)}/view`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("history", history);
    if (token) url.searchParams.set("token", token);
    socket = new WebSocket(url);
    socket.onmessage = (event) => {
      const said = JSON.parse(event.data);
      if (said.type === "error") {
        problem = said;
      } else {
        problem = null;
        wait = FIRST_WAIT_MS;
        message(said);
      }
    };
    socket.onclose = (event) => {
      if (problem) refused(problem.message, problem.code);
      else lost();
      wait = event.code === REFUSED || event.code === 1000 ? LONGEST_WAIT_MS : wait;
      timer = setTimeout(connect, wait * (0.5 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    };
  }

  connect();
  return () => {
    clearTimeout(timer);
    socket.onclose = socket.onmessage = null;
    socket.close();
  };
}
