"""Pictures that Pillow writes, and what Pillow reads of them: GIF in all its ways of storing, lossy and lossless WebP.

Run with a Python that has Pillow with WebP; prints JSON: {"source", "pictures": {name: {"file": base64, "width", "height", "rgba": base64 of zlib}}}.
"""
import base64
import io
import json
import random
import sys
import zlib

import PIL
from PIL import Image

random.seed(1)
pictures = {}


def add(name, data, reference=None):
    image = (reference or Image.open(io.BytesIO(data))).convert("RGBA")
    pictures[name] = {
        "file": base64.b64encode(data).decode(),
        "width": image.width,
        "height": image.height,
        "rgba": base64.b64encode(zlib.compress(image.tobytes())).decode(),
    }


def saved(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def painted(mode, size, value):
    image = Image.new(mode, size)
    image.putdata([value(x, y) for y in range(size[1]) for x in range(size[0])])
    return image


few = painted("P", (7, 5), lambda x, y: (x + y) % 4)
few.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 10, 20, 30])
add("GIF, four colours", saved(few, "GIF", interlace=0))
add("GIF, interlaced", saved(few.resize((9, 19)), "GIF", interlace=1))
add("GIF, one colour transparent", saved(few, "GIF", transparency=2, interlace=0))
grey = painted("L", (60, 50), lambda x, y: (x * x + 3 * y) % 256)
add("GIF, 256 greys", saved(grey, "GIF", interlace=1))
# Noise fills the table of 4096 codes several times over; one colour makes the longest runs.
add("GIF, noise", saved(painted("L", (90, 90), lambda x, y: random.randrange(256)), "GIF", interlace=0))
add("GIF, one colour", saved(Image.new("L", (300, 200), 77), "GIF", interlace=0))
add("GIF, black and white", saved(painted("1", (13, 11), lambda x, y: 255 * ((x ^ y) & 1)), "GIF"))
add("GIF, animation", saved(few, "GIF", save_all=True, append_images=[few.rotate(180)], duration=100, interlace=0), few)

colours = painted("RGB", (21, 17), lambda x, y: (12 * x, 15 * y, (x * y) % 256))
veiled = painted("RGBA", (8, 6), lambda x, y: (30 * x, 40 * y, 100, 255 if x > y else 40 * y))
add("WebP, lossless", saved(colours, "WEBP", lossless=True))
add("WebP, lossless with transparency", saved(veiled, "WEBP", lossless=True, exact=True))
add("WebP, lossy", saved(colours, "WEBP", quality=80))
add("WebP, lossy with transparency", saved(veiled, "WEBP", quality=80))
add("WebP, animation", saved(colours, "WEBP", save_all=True, append_images=[colours.rotate(180)]))

json.dump({"source": f"Pillow {PIL.__version__}", "pictures": pictures}, sys.stdout, indent=1)
