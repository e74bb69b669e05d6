# SPDX-License-Identifier: Apache-2.0
"""The sending end of an image upload: chunks, size, progress.

Used by an image client in the thread of the upload; disk work goes through
``concurrency.native``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

from nova_lite import concurrency
from nova_lite.image import api

_CHUNK_BYTES = 1024 * 1024


class Source:
    """The body of a request: a file from its beginning, each time anew.

    What ``progress`` raises ends the request, and so the upload.
    """

    def __init__(
        self, data: BinaryIO, progress: api.ProgressCallback | None
    ) -> None:
        self._data = data
        self._progress = progress
        self._size = data.seek(0, os.SEEK_END)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        self._data.seek(0)
        sent, told = 0, -1
        # Not a byte more than was promised: the file may still grow.
        while sent < self._size:
            want = min(_CHUNK_BYTES, self._size - sent)
            chunk = concurrency.native(self._data.read, want)
            if not chunk:
                return
            yield chunk
            sent += len(chunk)
            percent = sent * 100 // self._size
            if self._progress is not None and percent != told:
                told = percent
                self._progress(percent, "image upload")
