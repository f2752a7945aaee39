// A conversation as it runs: the microphone up, the bot's sound down, the floor between them.

import { Conversation } from "/console/live/conversation.js";
import { Loudspeaker } from "/console/live/loudspeaker.js";
import { openMicrophone } from "/console/live/microphone.js";

const PLAYED_MS = 500;
const TAIL_MS = 250;
// What the microphone still holds when the button is let go.

// config: of INIT, without the rate; device, cancelsEcho: of the microphone; isManual: a button says whose turn it is.
// on: state(name, refusal), message(message), failed(refusal), heard(samples), unheard(refusal): there is no microphone
export function talking({ config, device, cancelsEcho, isManual }, on) {
  const loudspeaker = new Loudspeaker();
  let microphone = null;
  let isOver = false;
  let isPressed = !isManual;
  let reply = null;
  const telling = setInterval(tellPlayed, PLAYED_MS);
  const conversation = new Conversation({ ...config, sample_rate: 16_000 }, { state, message, sound, failed: on.failed });

  function tellPlayed() {
    if (reply !== null) conversation.say("PLAYED", { reply, ms: loudspeaker.playedMs(reply) });
  }

  function sound(bytes, about) {
    if (about && (reply === about.reply || reply === null)) loudspeaker.add(bytes, about);
  }

  function message(said) {
    if (said.type === "REPLY_STARTED") reply = said.reply;
    if (said.type === "REPLY_DUCKED") loudspeaker.duck(said.ducked);
    if (said.type === "REPLY_ENDED") {
      reply = null;
      if (said.cut) loudspeaker.cut();
      else loudspeaker.duck(false);
    }
    on.message(said);
  }

  function state(name, refusal) {
    if (name === "live" && !microphone) listen();
    if (name !== "live") {
      reply = null;
      loudspeaker.cut();
    }
    if (name === "over") close();
    on.state(name, refusal);
  }

  function hear(samples) {
    on.heard(samples);
    if (isPressed) conversation.hear(samples);
  }

  async function listen() {
    try {
      const opened = await openMicrophone({ device, cancelsEcho }, { piece: hear, lost: unheard });
      microphone = opened;
      if (isOver) opened.close();
      else conversation.changeRate(opened.rateHz);
    } catch (refusal) {
      unheard(refusal);
    }
  }

  function unheard(refusal) {
    if (isOver) return;
    microphone?.close();
    microphone = { close: () => {} };
    on.unheard(refusal);
  }

  function close() {
    isOver = true;
    clearInterval(telling);
    microphone?.close();
    loudspeaker.close();
  }

  return {
    write: (text) => conversation.say("TEXT", { text }),
    stopReply() {
      loudspeaker.cut();
      conversation.say("STOP");
    },
    press() {
      isPressed = true;
      if (loudspeaker.isBusy) this.stopReply();
    },
    release() {
      setTimeout(() => {
        isPressed = false;
        conversation.say("TURN_END");
      }, TAIL_MS);
    },
    hangUp: () => conversation.hangUp(),
  };
}
