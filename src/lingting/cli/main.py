"""The `lingting` command: one file per verb, joined here."""

from __future__ import annotations

from importlib import metadata
from typing import Annotated

import typer

from lingting.cli.adapt import adapt
from lingting.cli.audit import audit_app
from lingting.cli.batch import batch
from lingting.cli.bench import bench_app
from lingting.cli.callbacks import callbacks_app
from lingting.cli.capacity import capacity
from lingting.cli.chat import chat
from lingting.cli.conversations import conversations_app
from lingting.cli.doctor import doctor
from lingting.cli.erase import erase
from lingting.cli.evaluate import evaluate
from lingting.cli.history import history_app
from lingting.cli.hotwords import hotwords_app
from lingting.cli.intents import intents_app
from lingting.cli.keys import keys_app
from lingting.cli.listen import listen
from lingting.cli.models import models_app
from lingting.cli.redact_audio import redact_audio
from lingting.cli.reporting import reported
from lingting.cli.say import say
from lingting.cli.serve import serve
from lingting.cli.soak import soak
from lingting.cli.transcribe import transcribe
from lingting.cli.vault import vault_app
from lingting.cli.worker import worker

__all__ = ["app"]

app = typer.Typer(
    name="lingting",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Speech to text on your own hardware.",
    epilog="Exit codes: 0 ok, 1 something failed, 2 wrong usage, 3 model missing or damaged, 130 interrupted.",
)
app.command()(transcribe)
app.command()(serve)
app.command()(worker)
app.command()(batch)
app.command()(adapt)
app.command()(listen)
app.command()(say)
app.command()(chat)
app.command("redact-audio")(redact_audio)
app.add_typer(models_app)
app.add_typer(history_app)
app.add_typer(conversations_app)
app.command()(erase)
app.add_typer(vault_app)
app.add_typer(keys_app)
app.add_typer(callbacks_app)
app.add_typer(audit_app)
app.add_typer(intents_app)
app.add_typer(hotwords_app)
app.command()(doctor)
app.command("eval")(evaluate)
app.add_typer(bench_app)
app.command()(soak)
app.command()(capacity)


def _print_version(*, asked: bool) -> None:
    if asked:
        typer.echo(metadata.version("lingting"))
        raise typer.Exit


@app.callback()
@reported
def prepare(
    context: typer.Context,
    version_asked: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda asked: _print_version(asked=asked),
            is_eager=True,
            help="Print the version and end.",
        ),
    ] = False,
) -> None:
    """Speech to text on your own hardware."""
    if context.obj is None:
        from lingting.cli.house import House  # reads the settings module, which --help does not need

        context.obj = House()


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(metadata.version("lingting"))
