"""`python -m voicelab.tts`: the speech service under uvicorn, at SPEECH_HOST and SPEECH_PORT."""

import socket
import sys

import uvicorn

from voicelab import settings_tts as settings


def main() -> None:
    host, port = settings.TTS_HOST, settings.TTS_PORT
    if _busy(host, port):
        sys.exit(f"Port {port} of {host} is busy; choose another with SPEECH_PORT.")
    uvicorn.run(
        "voicelab.asgi:application",
        host=host,
        port=port,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


def _busy(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


if __name__ == "__main__":
    main()
