import Diffraction
import Scattering

/// Integrated intensities of three-dimensional electron diffraction, zone by zone, as PETS2 writes them for a dynamical
/// refinement: the words of a CIF in `NAME.cif_pets`. As a frame it is a `ZoneSeries`.
package struct PETSFormat: DiskFormat {
  package let name = "PETS"
  package let suffixes = ["cif_pets"]

  package init() {}

  package func recognizes(head: UnsafeRawBufferPointer, suffix: String) -> Bool {
    guard head.contains(where: { $0 != 0 }) else { return false }
    if suffix == "cif_pets" { return true }
    // Called something else it is known by the words that only these files have.
    let text = String(decoding: head, as: UTF8.self)
    return text.contains("_diffrn_zone_axis_id") && text.contains("data_")
  }

  package func open(_ file: DiskFile, limits: ReadLimits) throws(FileRefusal) -> any FrameSource {
    guard file.size <= CIFDocument.byteLimit else {
      throw FileRefusal(.tooLarge, "PETS: \(file.size) bytes are more than lists of reflections take")
    }
    let reading = try PETSReading(try file.bytes(at: 0, upTo: file.size))
    return OneFrame(reading.series.pixels, summary: reading.summary)
  }
}
