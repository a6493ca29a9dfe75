"""The calls of curl and of the package openai that ask the speech service for the same speech."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

KEY = "$TTS_API_KEY"
OS = "import os\n\n"


def curl_call(url: str, body: Mapping[str, Any], *, with_key: bool = False) -> str:
    """Return the command line that stores the speech in `speech.FORMAT`."""
    lines = [
        f"curl {shlex.quote(url)}/v1/audio/speech",
        "-H 'Content-Type: application/json'",
        *([f'-H "Authorization: Bearer {KEY}"'] if with_key else []),
        f"-d {shlex.quote(json.dumps(body, ensure_ascii=False))}",
        f"-o speech.{body['response_format']}",
    ]
    return " \\\n  ".join(lines)


def python_call(url: str, body: Mapping[str, Any], *, with_key: bool = False) -> str:
    """Return the Python program that stores the speech in `speech.FORMAT`."""
    key = 'os.environ["TTS_API_KEY"]' if with_key else '"none"'
    values = {name: json.dumps(value, ensure_ascii=False) for name, value in body.items()}
    arguments = "".join(f"    {name}={value},\n" for name, value in values.items())
    return (
        f"{OS if with_key else ''}"
        "from openai import OpenAI\n\n"
        f'client = OpenAI(base_url="{url}/v1", api_key={key})\n'
        "with client.audio.speech.with_streaming_response.create(\n"
        f"{arguments}"
        ") as speech:\n"
        f'    speech.stream_to_file("speech.{body["response_format"]}")'
    )
