"""`python -m lingting`: the command line."""

from lingting.cli.main import app

app(prog_name="lingting")
