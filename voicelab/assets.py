"""Static file storage that caches URLs: a table page requests icon URLs about sixty times."""

from typing import Any

from whitenoise.storage import CompressedManifestStaticFilesStorage


class AssetStorage(CompressedManifestStaticFilesStorage):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._urls: dict[str | None, str] = {}

    def url(self, name: str | None, force: bool = False) -> str:
        if force or name not in self._urls:
            self._urls[name] = super().url(name, force)
        return self._urls[name]
