"""`cairn env`: the lines that point AWS clients in a shell at Cairn."""

from __future__ import annotations

import shlex

import typer

from cairn.cli.options import Data, folder_of

app = typer.Typer()


@app.command()
def env(data: Data = None) -> None:
    """Print the export lines for a shell: eval "$(cairn env)"."""
    folder = folder_of(data)
    runtime = folder.runtime()
    administrator = folder.administrator()
    for name, value in {
        "AWS_ENDPOINT_URL": runtime.endpoint,
        "AWS_ACCESS_KEY_ID": administrator.access_key_id,
        "AWS_SECRET_ACCESS_KEY": administrator.secret_access_key,
        "AWS_DEFAULT_REGION": administrator.region,
        "AWS_REGION": administrator.region,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",  # a few operations would be sent to stream-127.0.0.1 and the like
    }.items():
        print(f"export {name}={shlex.quote(value)}")
    print("unset AWS_SESSION_TOKEN AWS_PROFILE")
