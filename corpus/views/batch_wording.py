"""The words a speaker reads for what is wrong with a batch or a file of it."""

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from corpus.batches import MAX_FILES

_WORDS = {
    "empty": _("The file is empty. Record or choose it again."),
    "too_large": _("Larger than %(largest)s. Send one sentence, or FLAC or MP3."),
    "name": _(
        "The name does not say what it is. Name it after its sentence and style, like "
        "shcc-01_amable.wav."
    ),
    "sentence": _("The corpus has no sentence of this id. Look it up in the list of sentences."),
    "style": _("There is no style of this name. Its key must stand last, like _amable."),
    "kind": _("Not a sound file by its name. WAV, FLAC, OGG, MP3, WebM and M4A are taken."),
    "twice": _(
        "Another file of the batch has the same sentence and style. Number further takes: "
        "shcc-01_amable_2.wav."
    ),
    "outside": _("The name leads out of the folder or holds signs no file name may. Rename it."),
    "link": _("A link, not a file. Put the sound itself into the archive."),
    "archive": _("An archive inside. Unpack it and send its files."),
    "locked": _("Protected by a password. Make the archive again without one."),
    "bomb": _("It unpacks to far more than sound can. It was not opened."),
    "packing": _("Packed in a way that is not supported. Make an ordinary ZIP (deflate)."),
    "litter": _("Left out: no take, and no mistake."),
    "damaged": _("Damaged: it cannot be unpacked whole. Make the archive again and send it."),
    "not_zip": _("This is no ZIP, or only part of one. Make the archive again and send it."),
    "empty_zip": _("The ZIP holds no file."),
    "empty_folder": _("The folder holds no file."),
    "too_many": _("More than %(most)s files. Send several smaller batches."),
    "no_zip": _("Choose a ZIP first."),
    "zip_too_large": _("The ZIP is larger than %(archive)s. Send several smaller ones."),
}


def batch_words(code: str) -> str:
    """Say what is wrong and what to do about it."""
    return str(_WORDS[code]) % {
        "largest": filesizeformat(settings.MAX_UPLOAD_BYTES),
        "archive": filesizeformat(settings.MAX_BATCH_BYTES),
        "most": MAX_FILES,
    }
