"""Writes 16-bit counts as a DM4 file, by the layout alone: no program of the field writes them."""

import struct

import numpy as np


def tag(kind, name, body):
    name = name.encode()
    return bytes([kind]) + struct.pack(">H", len(name)) + name + struct.pack(">q", len(body)) + body


def number(name, code, form, value):
    return tag(21, name, b"%%%%" + struct.pack(">qq", 1, code) + struct.pack("<" + form, value))


def array(name, code, values):
    data = values.tobytes()
    return tag(21, name, b"%%%%" + struct.pack(">qqqq", 3, 20, code, values.size) + data)


def group(name, entries):
    return tag(20, name, b"\1\0" + struct.pack(">q", len(entries)) + b"".join(entries))


def dm4_image(values, code, kind):
    axis = group("", [number("Origin", 6, "f", 0.0), number("Scale", 6, "f", 1.0), array("Units", 4, np.zeros(0, np.uint16))])
    brightness = group("Brightness", [number("Origin", 6, "f", 0.0), number("Scale", 6, "f", 1.0)])
    calibrations = group("Calibrations", [brightness, group("Dimension", [axis] * values.ndim)])
    sizes = group("Dimensions", [number("", 5, "I", size) for size in reversed(values.shape)])
    data = group(
        "ImageData",
        [calibrations, array("Data", code, values), number("DataType", 5, "I", kind), sizes, number("PixelDepth", 5, "I", values.itemsize)],
    )
    return group("", [data, group("ImageTags", []), array("Name", 4, np.frombuffer("scan".encode("utf-16-le"), np.uint16))])


def write_dm4(path, stack):
    thumbnail = dm4_image(np.zeros((4, 4), np.int32), 3, 23)
    entries = [
        group("ImageList", [thumbnail, dm4_image(stack, 4, 10)]),
        group("Thumbnails", [group("", [number("ImageIndex", 5, "I", 0)])]),
    ]
    root = b"\1\0" + struct.pack(">q", len(entries)) + b"".join(entries)
    path.write_bytes(struct.pack(">iqi", 4, len(root), 1) + root + bytes(8))
