"""Files, durably: keys, hashes, whole writes, and moves that overwrite nothing.

What returned from here is on disk: file synced, name synced. No file is replaced unless a caller
says so, and a source is unlinked only when its bytes stand, synced and compared, elsewhere. Below a
configured folder no link is followed (see ``directories``): a file is named by its ``Place``, or
by a ``Path`` where only its last part can be a neighbour's. Every ``OSError`` leaves as an
``OcrdError``, but for ``FileExistsError``, which callers answer with another name. The files that
this package makes on the way are called ``.ocrd-<random>.tmp``.
"""

from ocrd.files.clearing import discard, sweep
from ocrd.files.directories import (
    Directory,
    Entry,
    Where,
    entry_of,
    exchange,
    opened_folder,
    rename_no_replace,
)
from ocrd.files.moving import move, move_steps, remove
from ocrd.files.names import TEMPORARY_GLOB, printable, temporary_name, temporary_path
from ocrd.files.naming import give_name
from ocrd.files.oserrors import LinkInTheWayError, is_of_disk, system_error, translate, translated
from ocrd.files.places import Place
from ocrd.files.sources import (
    file_key,
    has_writer,
    key_and_writer,
    key_of,
    open_source,
    refuse_borrowed,
    sha256_of,
    sha256_of_own,
    snapshot,
)
from ocrd.files.space import free_bytes
from ocrd.files.syncing import OpenFile, Steps, carry_out, carry_out_all
from ocrd.files.writing import (
    CHUNK_BYTES,
    fill,
    fsync_directory,
    is_regular,
    make_directories,
    replace_file,
    write_durably,
)

__all__ = [
    "CHUNK_BYTES",
    "TEMPORARY_GLOB",
    "Directory",
    "Entry",
    "LinkInTheWayError",
    "OpenFile",
    "Place",
    "Steps",
    "Where",
    "carry_out",
    "carry_out_all",
    "discard",
    "entry_of",
    "exchange",
    "file_key",
    "fill",
    "free_bytes",
    "fsync_directory",
    "give_name",
    "has_writer",
    "is_of_disk",
    "is_regular",
    "key_and_writer",
    "key_of",
    "make_directories",
    "move",
    "move_steps",
    "open_source",
    "opened_folder",
    "printable",
    "refuse_borrowed",
    "remove",
    "rename_no_replace",
    "replace_file",
    "sha256_of",
    "sha256_of_own",
    "snapshot",
    "sweep",
    "system_error",
    "temporary_name",
    "temporary_path",
    "translate",
    "translated",
    "write_durably",
]
