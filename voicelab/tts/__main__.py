"""`python -m voicelab.tts`: the speech service under uvicorn, at SPEECH_HOST and SPEECH_PORT."""

import errno
import socket
import sys

import uvicorn

from voicelab import settings_tts as settings
from voicelab.tts.intake import SpeechProtocol


def main() -> None:
    host, port = settings.TTS_HOST, settings.TTS_PORT
    if why := _unfit(host, port):
        sys.exit(why)
    uvicorn.run(
        "voicelab.asgi:application",
        host=host,
        port=port,
        http=SpeechProtocol,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


def _unfit(host: str, port: int) -> str:
    """Return why the address cannot be bound; empty if it can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"Port {port} of {host} is busy; choose another with SPEECH_PORT."
            if error.errno == errno.EACCES:
                return f"Port {port} needs more rights; choose one above 1023 with SPEECH_PORT."
            return (
                f"SPEECH_HOST {host} is not an address of this machine ({error.strerror}); set "
                "127.0.0.1, or 0.0.0.0 to be reachable from other machines."
            )
    return ""


if __name__ == "__main__":
    main()
