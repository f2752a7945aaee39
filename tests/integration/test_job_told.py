"""A job from a URL to its callback and to Kafka, through a real server, over real sockets."""

import asyncio
import json

import httpx
import pytest
from standardwebhooks import Webhook

from kafka_cluster import BUSY_SECONDS, kafka_cluster
from lingting.engines.fake import FakeEngine
from lingting.settings import load_settings
from raw_server import Received, answer, raw_server

pytestmark = pytest.mark.integration

TOPIC = "told.jobs"


@pytest.fixture(scope="module")
def cluster():
    with kafka_cluster() as running:
        yield running


def settings_for(port: int, brokers: str):
    settings = load_settings()
    outbound = settings.outbound.model_copy(
        update={"ports": (port,), "allow_http": True, "allowed_networks": ("127.0.0.0/8",)}
    )
    kafka = settings.kafka.model_copy(
        update={"bootstrap_servers": brokers, "topic_jobs": TOPIC, "include_text": True, "flush_seconds": BUSY_SECONDS}
    )
    return settings.model_copy(update={"outbound": outbound, "kafka": kafka})


async def test_a_job_is_fetched_done_and_told_of_to_each_what_it_asked_for(cluster, open_live, speech) -> None:
    called: asyncio.Queue[Received] = asyncio.Queue()

    async def serve(request: Received, writer: asyncio.StreamWriter) -> None:
        if request.path == "/speech.flac":
            writer.write(answer("200 OK", "Content-Type: audio/flac", body=speech))
        else:
            writer.write(answer("204 No Content"))
            called.put_nowait(request)
        await writer.drain()

    async with raw_server(serve) as there:
        place = f"http://127.0.0.1:{there.port}"
        settings = settings_for(there.port, cluster.bootstrap_servers)
        opened = open_live(FakeEngine(), settings)
        live = await asyncio.to_thread(opened.__enter__)
        try:
            async with httpx.AsyncClient(base_url=live.url) as client:
                asked = {"url": f"{place}/speech.flac", "callback": {"url": f"{place}/hook"}}
                made = await client.post("/v1/jobs", json=asked)
                assert made.status_code == 202, made.text
                async with asyncio.timeout(BUSY_SECONDS):
                    received = await called.get()
                secret = (await client.get("/v1/callbacks/secret")).json()["secret"]
        finally:
            await asyncio.to_thread(opened.__exit__, None, None, None)
    said = Webhook(secret).verify(received.body, received.headers)
    (told,) = await asyncio.to_thread(cluster.read, TOPIC, 1)
    assert (said["type"], told.value["type"]) == ("job.succeeded", "job.succeeded")
    assert said["data"]["job_id"] == told.value["job_id"]
    assert "result" not in said["data"]
    assert json.dumps(told.value["result"]).count("text") > 0


def test_a_job_whose_callback_may_not_be_called_is_refused_at_once(live) -> None:
    asked = {"url": "https://example.org/a.wav", "callback": {"url": "https://169.254.169.254/"}}
    refused = httpx.post(f"{live.url}/v1/jobs", json=asked)
    assert refused.status_code == 400
    assert (refused.json()["code"], refused.json()["param"]) == ("url_not_allowed", "callback")
