"""The route by which people's servers get the files of environments: image stores' credentials never reach them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tornado.iostream import StreamClosedError

from .base import DataflowHandler, operation

if TYPE_CHECKING:
    from ..service.images import OpenImage


class ImageHandler(DataflowHandler):
    @operation(
        "Its installed files, packed (tar, zstd). X-Image-Digest and X-Image-Size say what must come; where the image "
        "store can sign, the answer is 307 with another address.",
        media_type="application/zstd",
    )
    async def get(self, short_name: str, number: str) -> None:
        found: OpenImage = await self.call(self.deployment.images.open, self.person, short_name, int(number))
        self.set_header("X-Prefix-Id", found.prefix_id)
        self.set_header("X-Image-Digest", f"sha256:{found.image.digest}")
        self.set_header("X-Image-Size", str(found.image.size))
        self.set_header("ETag", f'"sha256:{found.image.digest}"')
        self.set_header("Cache-Control", "no-store")
        if found.url is not None:
            self.redirect(found.url, status=307)
            return
        await self._send(found)

    async def _send(self, found: OpenImage) -> None:
        """Piece by piece: the next is read when this one has left."""
        pieces: Any = found.pieces
        try:
            piece = await self.call(next, pieces, b"")  # before the answer begins: a store that fails is told
            self.set_header("Content-Type", "application/zstd")
            self.set_header("Content-Length", str(found.image.size))
            while piece:
                self.write(piece)
                await self.flush()
                piece = await self.call(next, pieces, b"")
            await self.finish(set_content_type="application/zstd")
        except StreamClosedError:
            return
        except Exception as error:  # each store has errors of its own
            if not self._headers_written:
                raise
            # Status and length are told already: only a connection that ends early says that this is not all.
            self.log.warning("An image could not be read to its end: %s", type(error).__name__)
            self.detach().close()
        finally:
            await self.call(pieces.close)


ROUTES = [("/environments/{short_name}/versions/{number}/image", ImageHandler)]
